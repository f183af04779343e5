//! What a scenario costs the database: WAL, disk, and whether balance updates stay on their page.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio_postgres::Client;

/// Counters of the server and of one database, at a moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    wal_bytes: i64,
    full_page_images: i64,
    updates: i64,
    hot_updates: i64,
    transactions: i64,
    sizes: BTreeMap<String, i64>,
}

/// What lies between two snapshots, per ledger transaction.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    pub transactions: i64,
    /// With full page images, which come after each checkpoint.
    pub wal_bytes_each: i64,
    /// Full page images per thousand transactions.
    pub full_page_images_per_mille: i64,
    /// Heap and indexes of all of our tables.
    pub disk_bytes_each: i64,
    /// The same of each table and index that has grown, the largest first.
    pub grown_bytes_each: Vec<(String, i64)>,
    /// Of balance updates, those that stayed on their page, in thousandths.
    pub hot_per_mille: Option<i64>,
}

impl Snapshot {
    pub async fn take(client: &Client) -> anyhow::Result<Self> {
        let row = client.query_one(include_str!("cost.sql"), &[]).await?;
        let sizes = client.query(include_str!("sizes.sql"), &[]).await?;
        Ok(Self {
            wal_bytes: row.get("wal_bytes"),
            full_page_images: row.get("full_page_images"),
            updates: row.get("updates"),
            hot_updates: row.get("hot_updates"),
            transactions: row.get("transactions"),
            sizes: sizes.iter().map(|row| (row.get("name"), row.get("bytes"))).collect(),
        })
    }

    /// `None` where no transaction was posted in between.
    pub fn until(&self, later: &Self) -> Option<Cost> {
        let transactions = later.transactions - self.transactions;
        if transactions <= 0 {
            return None;
        }
        let updates = later.updates - self.updates;
        let mut grown: Vec<(String, i64)> = later
            .sizes
            .iter()
            .map(|(name, bytes)| (name.clone(), bytes - self.sizes.get(name).copied().unwrap_or_default()))
            .filter(|(_, bytes)| *bytes != 0)
            .collect();
        let total: i64 = grown.iter().map(|(_, bytes)| bytes).sum();
        grown.iter_mut().for_each(|(_, bytes)| *bytes /= transactions);
        grown.sort_by_key(|(_, bytes)| -bytes);
        Some(Cost {
            transactions,
            wal_bytes_each: (later.wal_bytes - self.wal_bytes) / transactions,
            full_page_images_per_mille: (later.full_page_images - self.full_page_images) * 1000
                / transactions,
            disk_bytes_each: total / transactions,
            grown_bytes_each: grown,
            hot_per_mille: (updates > 0).then(|| (later.hot_updates - self.hot_updates) * 1000 / updates),
        })
    }
}

impl Cost {
    /// Of several rounds together: what a transaction cost on the average of all of them.
    pub fn of_rounds(rounds: &[Self]) -> Option<Self> {
        let transactions: i64 = rounds.iter().map(|round| round.transactions).sum();
        let average = |each: &dyn Fn(&Self) -> i64| {
            let all: i64 = rounds.iter().map(|round| each(round) * round.transactions).sum();
            all.checked_div(transactions)
        };
        let mut grown: BTreeMap<&str, i64> = BTreeMap::new();
        for round in rounds {
            for (name, bytes) in &round.grown_bytes_each {
                *grown.entry(name).or_default() += bytes * round.transactions;
            }
        }
        let mut grown_bytes_each: Vec<(String, i64)> = grown
            .into_iter()
            .filter_map(|(name, bytes)| Some((name.to_owned(), bytes.checked_div(transactions)?)))
            .collect();
        grown_bytes_each.sort_by_key(|(_, bytes)| -bytes);
        let has_updates = rounds.iter().all(|round| round.hot_per_mille.is_some());
        Some(Self {
            transactions,
            wal_bytes_each: average(&|round| round.wal_bytes_each)?,
            full_page_images_per_mille: average(&|round| round.full_page_images_per_mille)?,
            disk_bytes_each: average(&|round| round.disk_bytes_each)?,
            grown_bytes_each,
            hot_per_mille: average(&|round| round.hot_per_mille.unwrap_or_default()).filter(|_| has_updates),
        })
    }

    /// What has grown by at least a byte a transaction.
    pub fn breakdown(&self) -> String {
        let parts = self.grown_bytes_each.iter().filter(|(_, bytes)| *bytes > 0);
        let parts: Vec<String> = parts.map(|(name, bytes)| format!("{name} {bytes}")).collect();
        format!(
            "disk bytes a transaction: {}; full page images per 1,000: {}",
            parts.join(", "),
            self.full_page_images_per_mille
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_cost_what_their_transactions_cost_on_the_average() {
        let round = |transactions, wal_bytes_each, hot_per_mille, grown: &[(&str, i64)]| Cost {
            transactions,
            wal_bytes_each,
            full_page_images_per_mille: 4,
            disk_bytes_each: 900,
            grown_bytes_each: grown.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect(),
            hot_per_mille,
        };
        let long = round(300, 1_000, Some(900), &[("entries", 400), ("lots", 4)]);
        let short = round(100, 2_000, Some(980), &[("entries", 200), ("holds", 80)]);
        let cost = Cost::of_rounds(&[long, short.clone()]).unwrap();
        assert_eq!((cost.transactions, cost.wal_bytes_each, cost.hot_per_mille), (400, 1_250, Some(920)));
        assert_eq!((cost.full_page_images_per_mille, cost.disk_bytes_each), (4, 900));
        let grown: Vec<(&str, i64)> =
            cost.grown_bytes_each.iter().map(|(name, bytes)| (&**name, *bytes)).collect();
        assert_eq!(grown, [("entries", 350), ("holds", 20), ("lots", 3)]);
        let untold = round(100, 1, None, &[]);
        assert_eq!(Cost::of_rounds(&[short, untold]).unwrap().hot_per_mille, None, "of one it is not known");
        assert!(Cost::of_rounds(&[]).is_none());
    }
}
