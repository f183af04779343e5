//! Where it is measured: a private PostgreSQL of this run, and a fresh database for each scenario, so that every
//! scenario starts with the same books and none pays for the rows of another.

mod cost;
mod database;

use anyhow::Context as _;
use tokio_postgres::{Client, NoTls};
use zerosum_embedded_postgres::{APP_ROLE, Config, Durability, Server};

pub use cost::{Cost, Snapshot};
pub use database::Database;

const TEMPLATE: &str = "bench_template";

/// The server, with a migrated template on it.
pub struct Stage {
    server: Server,
}

impl Stage {
    pub async fn start(durability: Durability) -> anyhow::Result<Self> {
        let server = Server::start(Config::temporary().durability(durability)).await?;
        server.ensure_database(TEMPLATE).await?;
        let url = server.url(TEMPLATE);
        zerosum_ledger::migrate(&url).await.context("migrating the template")?;
        let client = connect(&url).await?;
        client.batch_execute(&format!("grant zerosum_app, zerosum_read to {APP_ROLE}")).await?;
        drop(client);
        Ok(Self { server })
    }

    /// Makes the files of the log that a server has which has been at work for a while: while a new one is made, every
    /// commit waits. The second time they are only written again.
    pub async fn make_log(&self) -> anyhow::Result<()> {
        let admin = connect(&self.server.url("postgres")).await?;
        admin.batch_execute(include_str!("stage/log.sql")).await.context("making the files of the log")
    }

    /// A migrated database with nothing in it.
    pub async fn database(&self, name: &str) -> anyhow::Result<Database> {
        let name = format!("bench_{}", name.replace('-', "_"));
        let admin = connect(&self.server.url("postgres")).await?;
        // A connection that has just left the template may still be seen on it for a moment.
        let mut tries = 0;
        while let Err(error) =
            admin.batch_execute(&format!("create database {name} template {TEMPLATE}")).await
        {
            tries += 1;
            anyhow::ensure!(tries < 50, "making the database {name}: {error}");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        Ok(Database::new(name, &self.server))
    }

    /// Drops a database that is not needed any more: disks are finite.
    pub async fn drop(&self, database: Database) -> anyhow::Result<()> {
        let admin = connect(&self.server.url("postgres")).await?;
        admin.batch_execute(&format!("drop database {} with (force)", database.name)).await?;
        Ok(())
    }

    pub fn version(&self) -> &str {
        self.server.version()
    }

    pub async fn stop(self) -> anyhow::Result<()> {
        Ok(self.server.stop().await?)
    }
}

/// A connection whose other half runs in a task that ends with the client.
pub async fn connect(url: &str) -> anyhow::Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
