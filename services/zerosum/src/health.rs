//! `zerosum health`: the health check of a container that has no other HTTP client in it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;

use crate::config::HealthArgs;

/// Readiness answers within 0.8 s, also when the database does not.
const ANSWER_TIME_MAX: Duration = Duration::from_millis(1_500);

/// Exits with 0 if the URL answers with success.
pub async fn run(args: &HealthArgs) -> anyhow::Result<ExitCode> {
    let client = reqwest::Client::builder().timeout(ANSWER_TIME_MAX).build().context("no HTTP client")?;
    let answer =
        client.get(&args.url).send().await.with_context(|| format!("{} does not answer", args.url))?;
    println!("{}", answer.status());
    Ok(if answer.status().is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
