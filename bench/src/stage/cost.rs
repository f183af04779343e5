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
