//! `zerosum verify`: proves the books and says what does not hold.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use zerosum_ledger::verify::{Report, verify, verify_since};

use crate::brand::halt;
use crate::config::VerifyArgs;
use crate::database::Database;

/// Exits with 0 when the books hold and 1 when they do not; an error means that nothing is known.
pub async fn run(args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let database = Database::open_or_join(&args.database).await?;
    let report = run_on(&database, &args).await;
    database.close().await?;
    Ok(if report?.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_on(database: &Database, args: &VerifyArgs) -> anyhow::Result<Report> {
    let since = args.watermark.as_deref().map(read).transpose()?.flatten();
    let report = match since {
        Some(since) => verify_since(&database.owner_url, since).await,
        None => verify(&database.owner_url).await,
    };
    let report = report.context("the books could not be checked")?;
    if args.halt && !report.is_clean() {
        for brand in halt::halt_found(&database.owner().await?, &report).await? {
            println!("halted {brand}");
        }
    }
    if let (Some(watermark), true) = (&args.watermark, report.is_clean()) {
        write(watermark, &report)?;
    }
    println!("{report}");
    Ok(report)
}

/// The moment in the file; none where there is no file yet.
fn read(watermark: &Path) -> anyhow::Result<Option<jiff::Timestamp>> {
    let shown = watermark.display();
    match fs::read_to_string(watermark) {
        Ok(text) => match text.trim().parse() {
            Ok(moment) => Ok(Some(moment)),
            Err(_) => bail!("{shown} holds no moment: remove it, and the next pass is a whole one"),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {shown} failed")),
    }
}

/// Whole or not at all: half a moment would stop the next pass.
fn write(watermark: &Path, report: &Report) -> anyhow::Result<()> {
    let new = watermark.with_extension("new");
    fs::write(&new, format!("{}\n", report.snapshot_at))
        .and_then(|()| fs::rename(&new, watermark))
        .with_context(|| format!("writing {} failed", watermark.display()))
}
