//! `zerosum verify`: proves the books and says what does not hold.

use std::process::ExitCode;

use anyhow::Context;

use crate::config::DatabaseArgs;
use crate::database::Database;

/// Exits with 0 when the books hold and 1 when they do not; an error means that nothing is known.
pub async fn run(args: DatabaseArgs) -> anyhow::Result<ExitCode> {
    let database = Database::open_or_join(&args).await?;
    let report = zerosum_ledger::verify(&database.owner_url).await.context("the books could not be checked");
    database.close().await?;
    let report = report?;
    println!("{report}");
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
