//! Proves the books again from their entries, on one snapshot, while the services serve.
//!
//! It reads as the application role, which may see every brand, in one repeatable-read, read-only transaction.
//! It takes no locks that a posting waits for, changes nothing and trusts nothing that the engine or the database's
//! own defences are there to ensure: constraints can be dropped and triggers switched off.
//! Every check is one statement (see `sql/verify_*.sql`): few sequential passes over whole tables, or one over the answers
//! with a look-up by its key for whatever they name. So the time grows with the number of entries and not faster.
//!
//! | checker | claim |
//! | --- | --- |
//! | C1 | every transaction sums to zero in every currency; entries, accounts and transactions belong together |
//! | C2 | balances, holds and lots are what the entries and the open holds make them |
//! | C3 | what the keys answer is in the books as it was posted, and in the wallet's rows as it was done |
//! | C4 | the versions of an account are 1..n without a gap, and its entries one chain from the balance to the first |
//! | C5 | no balance is or was beyond its limits |
//! | C7 | balance_after(v) = balance_after(v − 1) + amount(v) |
//! | W1 | every wallet account has its points in a ledger account of its scheme |
//! | W2 | every lock is a hold of the ledger, and ended as its spend did |
//! | W3 | every posting of a wallet's points is told by one account transaction, and the reverse |
//! | W4 | refunds sum to what was refunded |
//! | W5 | per scheme: points issued = redeemed + expired + alive |

mod check;
mod report;
mod since;
mod snapshot;

pub use report::{Checker, Counts, Finding, Report};
pub use since::verify_since;

use check::{CHECKS, LOOKUPS};

/// How many findings of one checker a report names. More would not be read; their number is still told.
pub const FINDINGS_MAX: usize = 100;

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
    snapshot::with(url, async |client, at| {
        let second = snapshot::beside(client, url).await?;
        let mut report = Report::new(at, check::counts(client).await?);
        let mut of_lookups = Report::new(at, report.counts);
        tokio::try_join!(
            check::run_all(CHECKS, client, &mut report),
            check::run_all(LOOKUPS, &second, &mut of_lookups),
        )?;
        report.take_in(of_lookups);
        Ok(report)
    })
    .await
}
