//! The database of one scenario.

use std::path::PathBuf;

use anyhow::Context as _;
use tokio_postgres::Client;
use zerosum_embedded_postgres::Server;
use zerosum_ledger::verify::Report;

use super::connect;

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct Database {
    pub name: String,
    /// As the superuser.
    pub owner_url: String,
    /// As services log in.
    pub app_url: String,
}

impl Database {
    pub(super) fn new(name: String, server: &Server) -> Self {
        Self { owner_url: server.url(&name), app_url: server.app_url(&name), name }
    }

    pub async fn owner(&self) -> anyhow::Result<Client> {
        connect(&self.owner_url).await
    }

    /// Statistics and visibility as a database in use has them.
    pub async fn settle(&self) -> anyhow::Result<()> {
        Ok(self.owner().await?.batch_execute("vacuum analyze").await?)
    }

    /// Proves the books, as `zerosum verify` does. Findings are an error that names them.
    pub async fn verify(&self) -> anyhow::Result<String> {
        let report: Report =
            zerosum_ledger::verify(&self.owner_url).await.context("the books could not be checked")?;
        anyhow::ensure!(report.is_clean(), "the books do not hold after {}:\n{report}", self.name);
        let counts = report.counts;
        Ok(format!("OK: {} transactions, {} entries", counts.transactions, counts.entries))
    }

    /// Where the programs of the server are, pgbench among them.
    pub async fn programs(&self) -> anyhow::Result<PathBuf> {
        let row = self
            .owner()
            .await?
            .query_one("select setting from pg_config where name = 'BINDIR'", &[])
            .await
            .context("asking where the server's programs are")?;
        Ok(PathBuf::from(row.get::<_, String>(0)))
    }
}
