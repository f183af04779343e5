//! `zerosum brand show|halt|release`: a brand whose writes are stopped, and let go again once its books hold.
//!
//! A halted brand's reads and stored answers go on; its writes are answered 503 `ledger_halted`. The services read the
//! mark with every batch, so both take effect at once.

use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;
use tokio_postgres::Client;
use zerosum_ledger::verify::Report;

use crate::config::{HaltArgs, OneBrandArgs, ReleaseArgs};
use crate::database::Database;

/// A brand as an operator looks at it.
#[derive(Debug, Serialize)]
struct BrandView {
    brand_id: String,
    name: String,
    currency: String,
    /// Null: it is not halted.
    halted_reason: Option<String>,
}

pub async fn show(args: OneBrandArgs) -> anyhow::Result<ExitCode> {
    let database = Database::open_or_join(&args.database).await?;
    let shown = find(&database.owner().await?, &args.brand_id).await;
    database.close().await?;
    print(&shown?)
}

pub async fn halt(args: HaltArgs) -> anyhow::Result<ExitCode> {
    let brand_id = &args.brand.brand_id;
    let database = Database::open_or_join(&args.brand.database).await?;
    let owner = database.owner().await?;
    let halted = async {
        set(&owner, brand_id, Some(&args.reason)).await?;
        find(&owner, brand_id).await
    };
    let halted = halted.await;
    drop(owner);
    database.close().await?;
    print(&halted?)
}

pub async fn release(args: ReleaseArgs) -> anyhow::Result<ExitCode> {
    let database = Database::open_or_join(&args.brand.database).await?;
    let released = release_in(&database, &args).await;
    database.close().await?;
    print(&released?)
}

async fn release_in(database: &Database, args: &ReleaseArgs) -> anyhow::Result<BrandView> {
    let brand_id = &args.brand.brand_id;
    let owner = database.owner().await?;
    find(&owner, brand_id).await?;
    if !args.unverified {
        let report =
            zerosum_ledger::verify(&database.owner_url).await.context("the books could not be checked")?;
        let wrong = wrong_of(&report, brand_id);
        if wrong > 0 {
            println!("{report}");
            bail!("the books of {brand_id:?} do not hold: mend them first, or say --unverified");
        }
    }
    set(&owner, brand_id, None).await?;
    find(&owner, brand_id).await
}

/// Halts every brand that the report names, with what was found; a brand that is halted keeps its reason.
pub async fn halt_found(owner: &Client, report: &Report) -> anyhow::Result<Vec<String>> {
    let mut halted = Vec::new();
    for finding in &report.findings {
        if halted.contains(&finding.brand) {
            continue;
        }
        let reason = format!("zerosum verify at {}: {finding}", report.snapshot_at);
        let sql = "update ledger.brands set halted_reason = $2 where brand_id = $1 and halted_reason is null";
        owner.execute(sql, &[&finding.brand, &reason]).await.context("halting a brand failed")?;
        halted.push(finding.brand.clone());
    }
    Ok(halted)
}

/// How many findings are, or may be, this brand's: a checker with more than it names may have left out any brand's.
fn wrong_of(report: &Report, brand_id: &str) -> u64 {
    let named = report.findings.iter().filter(|finding| finding.brand == brand_id).count() as u64;
    named + (report.total_of_all() - report.findings.len() as u64)
}

async fn set(owner: &Client, brand_id: &str, reason: Option<&str>) -> anyhow::Result<()> {
    let sql = "update ledger.brands set halted_reason = $2 where brand_id = $1";
    match owner.execute(sql, &[&brand_id, &reason]).await.context("changing the brand failed")? {
        0 => bail!("there is no brand {brand_id:?}"),
        _ => Ok(()),
    }
}

async fn find(owner: &Client, brand_id: &str) -> anyhow::Result<BrandView> {
    let sql = "select brand_id, name, currency, halted_reason from ledger.brands where brand_id = $1";
    let row = owner.query_opt(sql, &[&brand_id]).await.context("asking for the brand failed")?;
    let Some(row) = row else { bail!("there is no brand {brand_id:?}") };
    Ok(BrandView {
        brand_id: row.try_get(0)?,
        name: row.try_get(1)?,
        currency: row.try_get(2)?,
        halted_reason: row.try_get(3)?,
    })
}

fn print(brand: &BrandView) -> anyhow::Result<ExitCode> {
    println!("{}", serde_json::to_string(brand).context("writing the answer failed")?);
    Ok(ExitCode::SUCCESS)
}
