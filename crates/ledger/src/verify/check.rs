//! The checks: each a name and a statement that answers what is wrong.
//!
//! A statement takes the number of rows to answer per checker, and answers (checker, brand_id, what, expected, found,
//! message, total): a row per finding, with the number of all findings of its checker. No row means nothing wrong.
//! What a service keeps beside the ledger and must follow from it is checked by further statements, like the wallet's.

use tokio_postgres::{Client, Error, Row};

use super::{Checker, Counts, FINDINGS_MAX, Finding, Report, VerifyError};

pub(super) struct Check {
    name: &'static str,
    sql: &'static str,
}

pub(super) const CHECKS: &[Check] = &[
    Check { name: "transactions", sql: include_str!("../sql/verify_transactions.sql") },
    Check { name: "accounts", sql: include_str!("../sql/verify_accounts.sql") },
    Check { name: "lots", sql: include_str!("../sql/verify_lots.sql") },
    Check { name: "lots of accounts", sql: include_str!("../sql/verify_lot_sums.sql") },
    Check { name: "holds", sql: include_str!("../sql/verify_holds.sql") },
    Check { name: "wallet accounts", sql: include_str!("../sql/verify_wallet_accounts.sql") },
    Check { name: "wallet locks", sql: include_str!("../sql/verify_wallet_locks.sql") },
    Check { name: "wallet postings", sql: include_str!("../sql/verify_wallet_postings.sql") },
    Check { name: "wallet refunds", sql: include_str!("../sql/verify_wallet_refunds.sql") },
];

impl Check {
    pub async fn run(&self, client: &Client, report: &mut Report) -> Result<(), VerifyError> {
        let failed = |source| VerifyError::Check { check: self.name, source };
        let limit = i64::try_from(FINDINGS_MAX).unwrap_or(i64::MAX);
        let rows = client.query(self.sql, &[&limit]).await.map_err(failed)?;
        let mut last = None;
        for row in &rows {
            let code: &str = row.try_get("checker").map_err(failed)?;
            let checker = Checker::parse(code)
                .ok_or_else(|| VerifyError::UnknownChecker { check: self.name, checker: code.to_owned() })?;
            // Every row of a checker carries the same total, and the rows of a checker follow each other.
            if last != Some(checker) {
                report.count(checker, unsigned(row, "total").map_err(failed)?);
                last = Some(checker);
            }
            report.add(finding(checker, row).map_err(failed)?);
        }
        Ok(())
    }
}

fn finding(checker: Checker, row: &Row) -> Result<Finding, Error> {
    Ok(Finding {
        checker,
        brand: row.try_get("brand_id")?,
        what: row.try_get("what")?,
        expected: row.try_get("expected")?,
        found: row.try_get("found")?,
        message: row.try_get("message")?,
    })
}

pub(super) async fn counts(client: &Client) -> Result<Counts, VerifyError> {
    let failed = |source| VerifyError::Check { check: "counts", source };
    let row = client.query_one(include_str!("../sql/verify_counts.sql"), &[]).await.map_err(failed)?;
    let count = |name| unsigned(&row, name).map_err(failed);
    Ok(Counts {
        brands: count("brands")?,
        accounts: count("accounts")?,
        transactions: count("transactions")?,
        entries: count("entries")?,
        lots: count("lots")?,
        holds: count("holds")?,
        open_holds: count("open_holds")?,
    })
}

/// A count; the database has no unsigned integers, and never counts below zero.
fn unsigned(row: &Row, column: &str) -> Result<u64, Error> {
    Ok(u64::try_from(row.try_get::<_, i64>(column)?).unwrap_or_default())
}
