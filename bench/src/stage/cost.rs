//! What a scenario costs the database: WAL, disk, and whether balance updates stay on their page.

use serde::Serialize;
use tokio_postgres::Client;

/// Counters of the server and of one database, at a moment.
#[derive(Debug, Clone, Copy)]
pub struct Snapshot {
    wal_bytes: i64,
    full_page_images: i64,
    disk_bytes: i64,
    updates: i64,
    hot_updates: i64,
    transactions: i64,
}

/// What lies between two snapshots, per ledger transaction.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cost {
    pub transactions: i64,
    /// With full page images, which come after each checkpoint.
    pub wal_bytes_each: i64,
    /// Full page images per thousand transactions.
    pub full_page_images_per_mille: i64,
    /// Heap and indexes of all of our tables.
    pub disk_bytes_each: i64,
    /// Of balance updates, those that stayed on their page, in tenths of a percent.
    pub hot_per_mille: Option<i64>,
}

impl Snapshot {
    pub async fn take(client: &Client) -> anyhow::Result<Self> {
        let row = client.query_one(include_str!("cost.sql"), &[]).await?;
        Ok(Self {
            wal_bytes: row.get("wal_bytes"),
            full_page_images: row.get("full_page_images"),
            disk_bytes: row.get("disk_bytes"),
            updates: row.get("updates"),
            hot_updates: row.get("hot_updates"),
            transactions: row.get("transactions"),
        })
    }

    /// `None` where no transaction was posted in between.
    pub fn until(&self, later: &Self) -> Option<Cost> {
        let transactions = later.transactions - self.transactions;
        if transactions <= 0 {
            return None;
        }
        let updates = later.updates - self.updates;
        Some(Cost {
            transactions,
            wal_bytes_each: (later.wal_bytes - self.wal_bytes) / transactions,
            full_page_images_per_mille: (later.full_page_images - self.full_page_images) * 1000
                / transactions,
            disk_bytes_each: (later.disk_bytes - self.disk_bytes) / transactions,
            hot_per_mille: (updates > 0).then(|| (later.hot_updates - self.hot_updates) * 1000 / updates),
        })
    }
}
