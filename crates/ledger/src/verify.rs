//! Proves the books again from their entries, on one snapshot, while the services serve.
//!
//! It reads as the application role, which may see every brand, in one repeatable-read, read-only transaction.
//! It takes no locks that a posting waits for, changes nothing and trusts nothing that the engine or the database's
//! own defences are there to ensure: constraints can be dropped and triggers switched off.
//! Every check is one statement of few sequential passes (see `sql/verify_*.sql`), so the time grows with the number
//! of entries and not faster.
//!
//! | checker | claim |
//! | --- | --- |
//! | C1 | every transaction sums to zero in every currency; entries, accounts and transactions belong together |
//! | C2 | balances, holds and lots are what the entries and the open holds make them |
//! | C4 | the versions of an account are 1..n without a gap |
//! | C5 | no balance is or was beyond its limits |
//! | C7 | balance_after(v) = balance_after(v − 1) + amount(v) |
//! | W1 | every wallet account has its points in a ledger account of its scheme |
//! | W2 | every lock is a hold of the ledger, and ended as its spend did |
//! | W3 | every posting of a wallet's points is told by one account transaction, and the reverse |
//! | W4 | refunds sum to what was refunded |

mod check;
mod report;

use jiff::Timestamp;
use tokio_postgres::{Client, Config, NoTls};

pub use report::{Checker, Counts, Finding, Report};

use check::CHECKS;

/// How many findings of one checker a report names. More would not be read; their number is still told.
pub const FINDINGS_MAX: usize = 100;

/// Memory of one sort or hash of a check. Enough to sort ten million entries in a few runs, and what the smallest
/// machine that this is meant for can lend.
const WORK_MEM: &str = "128MB";

/// The books could not be checked; nothing is known of them.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("cannot connect to the database to verify it")]
    Connect(#[source] tokio_postgres::Error),
    #[error("the snapshot to verify cannot be taken")]
    Snapshot(#[source] tokio_postgres::Error),
    #[error("the check of {check} could not run")]
    Check {
        check: &'static str,
        #[source]
        source: tokio_postgres::Error,
    },
    #[error("the check of {check} answered for a checker that does not exist: {checker}")]
    UnknownChecker { check: &'static str, checker: String },
}

/// Checks everything. Findings are not an error: they are in the report.
pub async fn verify(url: &str) -> Result<Report, VerifyError> {
    let mut config: Config = url.parse().map_err(VerifyError::Connect)?;
    let options = format!(
        "{} -c role=zerosum_app -c statement_timeout=0 -c work_mem={WORK_MEM}",
        config.get_options().unwrap_or_default()
    );
    config.options(options).application_name("zerosum verify");
    let (client, connection) = config.connect(NoTls).await.map_err(VerifyError::Connect)?;
    // It ends with the client, and its error is also the error of the statement that it broke.
    let connection = tokio::spawn(connection);
    let report = on_one_snapshot(&client).await;
    drop(client);
    let _ended = connection.await;
    report
}

async fn on_one_snapshot(client: &Client) -> Result<Report, VerifyError> {
    client
        .batch_execute("begin isolation level repeatable read read only")
        .await
        .map_err(VerifyError::Snapshot)?;
    // The first statement takes the snapshot.
    let row = client.query_one("select clock_timestamp()", &[]).await.map_err(VerifyError::Snapshot)?;
    let snapshot_at: Timestamp = row.try_get(0).map_err(VerifyError::Snapshot)?;
    let mut report = Report::new(snapshot_at, check::counts(client).await?);
    for check in CHECKS {
        check.run(client, &mut report).await?;
    }
    // Nothing was changed, so ending the transaction matters only to the connection, which ends too.
    client.batch_execute("commit").await.map_err(VerifyError::Snapshot)?;
    Ok(report)
}
