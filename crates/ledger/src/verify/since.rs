//! The incremental pass: what was made since the last clean one, and every figure that can be checked by looking it up.
//!
//! It proves that nothing went wrong since a moment up to which the books were proven: every newer transaction sums to
//! zero, every newer entry follows from the one before it, every balance of every account is the one after its last
//! entry and within its limits, and lots and holds sum to the balances. Its time grows with what is new and with the
//! number of accounts, lots and holds, not with the number of entries.
//!
//! What it cannot see is an old entry that was changed behind our back and is nobody's last: that takes the whole pass
//! (see docs/operations.md for how often). It stores nothing in the database: who runs it keeps the moment.

use jiff::{SignedDuration, Timestamp};

use super::{
    Report, VerifyError,
    check::{self, CHECKS, Check},
    snapshot,
};

/// A transaction's id begins with the moment of its batch, which commits a little later: 2 s at most by the limits of
/// a statement and a round trip, and a database's clock may be set back a little. Looked at twice does no harm.
const OVERLAP: SignedDuration = SignedDuration::from_secs(60);

const SINCE: &[Check] = &[
    Check::new("new transactions", include_str!("../sql/verify_since_transactions.sql")),
    Check::new("new entries", include_str!("../sql/verify_since_entries.sql")),
    Check::new("balances", include_str!("../sql/verify_since_balances.sql")),
];

/// Checks of the whole pass that read no entries.
const WHOLE: &[&str] = &["lots of accounts", "holds", "wallet accounts", "wallet locks", "wallet refunds"];

/// Checks what is newer than `since`: the moment of a whole or incremental report without findings.
pub async fn verify_since(url: &str, since: Timestamp) -> Result<Report, VerifyError> {
    // A moment before 1970 is before every transaction.
    let since = since.checked_sub(OVERLAP).unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH);
    snapshot::with(url, async |client, at| {
        let mut report = Report::new(at, check::counts_since(client, since).await?);
        report.since = Some(since);
        for check in SINCE {
            check.run_since(client, since, &mut report).await?;
        }
        for check in CHECKS.iter().filter(|check| WHOLE.contains(&check.name)) {
            check.run(client, &mut report).await?;
        }
        Ok(report)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checks_that_are_taken_over_exist() {
        for name in WHOLE {
            assert!(CHECKS.iter().any(|check| check.name == *name), "{name}");
        }
    }
}
