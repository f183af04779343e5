//! Fills the books by SQL with what as many postings would have left: transactions, entries, balances, stored
//! answers and events, with the triggers on.
//!
//! In each round every account takes part in one transaction, half of them paying one cent to the other half, so
//! versions and balances follow from the round's number, and the entries of an account lie as far apart on disk
//! as they would after years. Indexes are made at the end, which is many times faster and leaves them in the same
//! order, somewhat denser.

use super::indexes::LeftOut;
use crate::stage::Database;

const TABLES: [&str; 4] =
    ["ledger.transactions", "ledger.entries", "ledger.idempotency_keys", "events.outbox"];
/// Entries of one statement: what the trigger that checks their sums can hold at once.
const ENTRIES_AT_ONCE: i64 = 500_000;

/// At least `entries` entries, over all accounts of the database's one brand.
pub async fn fill(database: &Database, entries: u64) -> anyhow::Result<()> {
    let client = database.owner().await?;
    let left_out = LeftOut::leave_out(&client, &TABLES).await?;
    client.batch_execute(include_str!("pairs.sql")).await?;
    let accounts: i64 = client.query_one("select 2 * count(*) from pairs", &[]).await?.get(0);
    let rounds = i64::try_from(entries)?.div_euclid(accounts).max(1);
    let at_once = (ENTRIES_AT_ONCE / accounts).max(1);
    let insert = client.prepare(include_str!("fill.sql")).await?;
    let mut first = 1;
    while first <= rounds {
        let last = rounds.min(first + at_once - 1);
        client.execute(&insert, &[&first, &last]).await?;
        first = last + 1;
    }
    client.execute(include_str!("balances.sql"), &[&rounds]).await?;
    left_out.remake(&client).await?;
    database.settle().await?;
    // Here and not while it is measured.
    Ok(client.batch_execute("checkpoint").await?)
}
