//! The checks: each a name and a statement that answers what is wrong.
//!
//! A check says what its `problems` are: (checker, brand_key, what, expected, found, message). Its statement takes the
//! number of rows to answer per checker, and answers them with the number of all findings of their checker. No row means
//! nothing wrong.
//! What a service keeps beside the ledger and must follow from it is checked by further statements, like the wallet's.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::{Client, Error, Row, types::ToSql};

use super::{Checker, Counts, FINDINGS_MAX, Finding, Report, VerifyError};

pub(super) struct Check {
    pub name: &'static str,
    sql: &'static str,
    /// What stands between it and the end of every check.
    then: &'static str,
}

/// The end of every check.
const RANKED: &str = include_str!("../sql/verify_ranked.sql");
/// From what is judged of answers to problems.
const JUDGED: &str = include_str!("../sql/verify_judged.sql");

/// These join whole tables.
pub(super) const CHECKS: &[Check] = &[
    Check::new("transactions", include_str!("../sql/verify_transactions.sql")),
    Check::new("accounts", include_str!("../sql/verify_accounts.sql")),
    Check::new("lots", include_str!("../sql/verify_lots.sql")),
    Check::new("lots of accounts", include_str!("../sql/verify_lot_sums.sql")),
    Check::new("holds", include_str!("../sql/verify_holds.sql")),
    Check::new("names of answers", include_str!("../sql/verify_answer_names.sql")),
    Check::judging("grants", include_str!("../sql/verify_grants.sql")),
    Check::new("wallet accounts", include_str!("../sql/verify_wallet_accounts.sql")),
    Check::new("wallet locks", include_str!("../sql/verify_wallet_locks.sql")),
    Check::new("wallet postings", include_str!("../sql/verify_wallet_postings.sql")),
    Check::new("wallet refunds", include_str!("../sql/verify_wallet_refunds.sql")),
    Check::new("wallet schemes", include_str!("../sql/verify_wallet_schemes.sql")),
];

/// These read every answer, and look up what each names. They take about as long as all the rest, and run beside it.
pub(super) const LOOKUPS: &[Check] = &[
    Check::judging("answers", include_str!("../sql/verify_answers.sql")),
    Check::judging("wallet answers", include_str!("../sql/verify_wallet_answers.sql")),
];

/// As the statements take it.
const FINDINGS_LIMIT: i64 = FINDINGS_MAX as i64;

impl Check {
    pub const fn new(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, then: "" }
    }

    const fn judging(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, then: JUDGED }
    }

    fn statement(&self) -> String {
        [self.sql, self.then, RANKED].concat()
    }

    pub async fn run(&self, client: &Client, report: &mut Report) -> Result<(), VerifyError> {
        self.run_with(client, &[&FINDINGS_LIMIT], report).await
    }

    /// A check whose statement takes a moment too.
    pub async fn run_since(
        &self,
        client: &Client,
        since: Timestamp,
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        self.run_with(client, &[&FINDINGS_LIMIT, &since], report).await
    }

    async fn run_with(
        &self,
        client: &Client,
        params: &[&(dyn ToSql + Sync)],
        report: &mut Report,
    ) -> Result<(), VerifyError> {
        let failed = |source| VerifyError::Check { check: self.name, source };
        let rows = client.query(&self.statement(), params).await.map_err(failed)?;
        let brands = brands(client, &rows).await.map_err(failed)?;
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
            report.add(finding(checker, row, &brands).map_err(failed)?);
        }
        Ok(())
    }
}

/// One after the other.
pub(super) async fn run_all(
    checks: &[Check],
    client: &Client,
    report: &mut Report,
) -> Result<(), VerifyError> {
    for check in checks {
        check.run(client, report).await?;
    }
    Ok(())
}

/// The names of the brands that rows are of.
async fn brands(client: &Client, rows: &[Row]) -> Result<HashMap<i64, String>, Error> {
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let keys = rows.iter().map(|row| row.try_get("brand_key")).collect::<Result<Vec<i64>, _>>()?;
    let sql = "select brand_key, brand_id from ledger.brands where brand_key = any ($1)";
    let named = client.query(sql, &[&keys]).await?;
    named.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

fn finding(checker: Checker, row: &Row, brands: &HashMap<i64, String>) -> Result<Finding, Error> {
    let key: i64 = row.try_get("brand_key")?;
    Ok(Finding {
        checker,
        // Rows of a brand that is not there have its number only.
        brand: brands.get(&key).cloned().unwrap_or_else(|| format!("with the number {key}")),
        what: row.try_get("what")?,
        expected: row.try_get("expected")?,
        found: row.try_get("found")?,
        message: row.try_get("message")?,
    })
}

pub(super) async fn counts(client: &Client) -> Result<Counts, VerifyError> {
    counted(client, include_str!("../sql/verify_counts.sql"), &[]).await
}

pub(super) async fn counts_since(client: &Client, since: Timestamp) -> Result<Counts, VerifyError> {
    counted(client, include_str!("../sql/verify_since_counts.sql"), &[&since]).await
}

async fn counted(client: &Client, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Counts, VerifyError> {
    let failed = |source| VerifyError::Check { check: "counts", source };
    let row = client.query_one(sql, params).await.map_err(failed)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::snapshot;

    async fn plan(client: &Client, check: &Check) -> String {
        let sql = check.statement().replace("$1", "100");
        let rows = client.query(&format!("explain (costs off) {sql}"), &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, String>(0) + "\n").collect()
    }

    /// What is kept needs disk: half a kilobyte for every answer that was ever given.
    #[tokio::test]
    async fn what_is_looked_up_is_kept_nowhere() {
        let database = zerosum_testkit::TestDatabase::new().await;
        // So many that the server would rather keep something.
        let answers =
            "insert into ledger.idempotency_keys (brand_key, name, scope, key, fingerprint, refused, outcome)
            select 1, gen_random_uuid(), scope, n::text, '\\x00', false, '{}'
              from generate_series(1, 5000) n, unnest(array['accounting:s', 'wallet-spend/spend']) scope";
        database.admin().await.batch_execute(&format!("{answers}; analyze")).await.unwrap();
        let (client, _ends_with_its_client) =
            snapshot::connect(database.app_url(), snapshot::LOOKUPS).await.unwrap();
        for check in LOOKUPS {
            let plan = plan(&client, check).await;
            assert!(plan.contains("Scan on idempotency_keys"), "{plan}");
            for keeps in ["CTE", "Hash", "Material", "Memoize"] {
                assert!(!plan.contains(keeps), "{} in the plan of {}:\n{plan}", keeps, check.name);
            }
        }
    }
}
