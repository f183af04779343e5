//! Array statements on one connection and nothing around them: what PostgreSQL gives a single writer that keeps the
//! balances in its memory and has a hundred transfers ready whenever the last hundred are committed.
//!
//! It is the design's own measurement (48,200 transfers a second there), made again beside ours after what is said of
//! it; a transfer writes 900 bytes of log here and 970 there. It keeps no brands, answers, events, holds, limits or
//! zero-sum check, finds no entries by their transaction, and nobody waits for it.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use hdrhistogram::Histogram;
use rand::Rng;
use tokio_postgres::{Client, Statement, types::ToSql};
use uuid::Uuid;

use crate::{report::Figures, stage::Database};

/// Transfers in a batch.
pub const BATCH: usize = 100;

/// The plans that our lanes have, too.
const PLANS: &str = "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off; \
                     set enable_mergejoin = off; set enable_memoize = off; set jit = off";

/// The writer, with what it remembers.
pub struct Writer {
    client: Client,
    write: Statement,
    /// Of each account: balance and version.
    accounts: Vec<(i64, i64)>,
    /// Ids grow, as ours do.
    next_id: u128,
}

impl Writer {
    /// Makes tables and accounts.
    pub async fn set_up(database: &Database, accounts: usize) -> anyhow::Result<Self> {
        let client = database.owner().await?;
        client.batch_execute(include_str!("arrays.sql")).await.context("making the bare tables")?;
        let last = i64::try_from(accounts)? - 1;
        client
            .execute(
                "insert into bare.balances select n, 0, 0 from generate_series(0, $1::bigint) n",
                &[&last],
            )
            .await?;
        database.settle().await?;
        client.batch_execute(PLANS).await?;
        let write = client.prepare(include_str!("arrays_write.sql")).await?;
        Ok(Self { client, write, accounts: vec![(0, 0); accounts], next_id: 1 })
    }

    /// Batch after batch for so long. Latencies are those of batches.
    pub async fn run(&mut self, time: Duration) -> anyhow::Result<Figures> {
        let mut latencies = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
        let start = Instant::now();
        let mut batches: u64 = 0;
        while start.elapsed() < time {
            let sent = Instant::now();
            self.batch().await?;
            latencies.saturating_record(u64::try_from(sent.elapsed().as_micros())?);
            batches += 1;
        }
        let per_second = batches * BATCH as u64 * 1000 / u64::try_from(start.elapsed().as_millis())?.max(1);
        let at = |part| latencies.value_at_quantile(part);
        Ok(Figures {
            per_second,
            requests_per_second: per_second / BATCH as u64,
            p50_us: at(0.5),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: latencies.max(),
        })
    }

    async fn batch(&mut self) -> anyhow::Result<()> {
        let mut rows = Rows::default();
        let mut old_versions = BTreeMap::new();
        for _ in 0..BATCH {
            let (from, to, amount) = self.pick();
            let transaction = Uuid::from_u128(self.next_id);
            self.next_id += 1;
            rows.transactions.push(transaction);
            rows.keys.push(Uuid::from_bytes(rand::rng().random()));
            for (place, amount) in [(from, -amount), (to, amount)] {
                let (posted, version) = self.accounts[place];
                old_versions.entry(place).or_insert(version);
                let after = (posted.checked_add(amount).context("a balance")?, version + 1);
                self.accounts[place] = after;
                rows.accounts.push(i64::try_from(place)?);
                rows.versions.push(after.1);
                rows.amounts.push(amount);
                rows.balances.push(after.0);
                rows.of.push(transaction);
            }
        }
        let moved: Vec<i64> =
            old_versions.keys().map(|place| i64::try_from(*place)).collect::<Result<_, _>>()?;
        let posted: Vec<i64> = old_versions.keys().map(|place| self.accounts[*place].0).collect();
        let versions: Vec<i64> = old_versions.keys().map(|place| self.accounts[*place].1).collect();
        let old: Vec<i64> = old_versions.into_values().collect();
        let params: [&(dyn ToSql + Sync); 11] = [
            &rows.transactions,
            &rows.keys,
            &rows.accounts,
            &rows.versions,
            &rows.amounts,
            &rows.balances,
            &rows.of,
            &moved,
            &posted,
            &versions,
            &old,
        ];
        let confirmed: i64 = self.client.query_one(&self.write, &params).await?.get(0);
        anyhow::ensure!(usize::try_from(confirmed)? == moved.len(), "a balance was not as remembered");
        Ok(())
    }

    fn pick(&self) -> (usize, usize, i64) {
        let mut random = rand::rng();
        let from = random.random_range(0..self.accounts.len());
        // Any of the others.
        let to = (from + random.random_range(1..self.accounts.len())) % self.accounts.len();
        (from, to, random.random_range(1..1000))
    }
}

#[derive(Default)]
struct Rows {
    transactions: Vec<Uuid>,
    keys: Vec<Uuid>,
    accounts: Vec<i64>,
    versions: Vec<i64>,
    amounts: Vec<i64>,
    balances: Vec<i64>,
    /// The transaction of each entry.
    of: Vec<Uuid>,
}

/// That what the writer has counted is what the tables hold.
pub async fn check(database: &Database) -> anyhow::Result<()> {
    let sum = "select (select coalesce(sum(posted), 0)::bigint from bare.balances),
                      (select coalesce(sum(amount), 0)::bigint from bare.entries),
                      (select count(*) from bare.entries) - (select sum(version)::bigint from bare.balances)";
    let row = database.owner().await?.query_one(sum, &[]).await?;
    let found: [i64; 3] = [row.get(0), row.get(1), row.get(2)];
    anyhow::ensure!(found == [0; 3], "the bare tables do not add up: {found:?}");
    Ok(())
}
