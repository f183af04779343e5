//! A fresh, migrated database per test.
//!
//! Tests never share rows, so they run side by side and in any order, and a check may look at a whole
//! database. A copy of a migrated template takes tens of milliseconds, where migrating takes hundreds.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, NoTls};
use zerosum_embedded_postgres::{APP_ROLE, Durability, Server};

use crate::server::{self, TEMPLATE};

/// A database of one test. It stays until the test process ends, so that a failed test can be looked at
/// from a debugger.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    admin_url: String,
    app_url: String,
}

impl TestDatabase {
    /// A migrated database on this process's server, which is not durable: a commit is not flushed.
    pub async fn new() -> Self {
        let server = server::shared().await;
        let name = Self::next_name();
        let admin = connect(&server.url("postgres")).await;
        admin
            .batch_execute(&format!("create database {name} template {TEMPLATE}"))
            .await
            .expect("copy the template database");
        Self::on(server, &name)
    }

    /// A database without any of our schemas, for tests of the migrations themselves.
    pub async fn unmigrated() -> Self {
        let server = server::shared().await;
        let name = Self::next_name();
        server.ensure_database(&name).await.expect("make a database");
        Self::on(server, &name)
    }

    /// A migrated database on a durable server of its own, which the test may kill and start again.
    pub async fn durable() -> DurableDatabase {
        let server = server::start(Durability::On).await;
        DurableDatabase { database: Self::first_of(&server).await, server }
    }

    /// A migrated database on a server that the test has started itself.
    pub async fn first_of(server: &Server) -> Self {
        let name = Self::next_name();
        server.ensure_database(&name).await.expect("make a database");
        migrate(&server.url(&name)).await;
        Self::on(server, &name)
    }

    /// A database that somebody else has made, by its addresses for the owner and for services.
    pub fn at(admin_url: String, app_url: String) -> Self {
        Self { admin_url, app_url }
    }

    /// A copy of this database on this process's server. Whoever is connected to this one is cut off.
    pub async fn copy(&self) -> Self {
        let server = server::shared().await;
        let (name, admin) = (Self::next_name(), connect(&server.url("postgres")).await);
        let of = self.admin_url.rsplit('/').next().expect("an address names its database");
        let ends = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1";
        admin.execute(ends, &[&of]).await.expect("cut off those who are connected");
        let copies = format!("create database {name} template {of}");
        admin.batch_execute(&copies).await.expect("copy a database");
        Self::on(server, &name)
    }

    /// The address for the owner and superuser: for planting faults and looking at everything.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// The address for the login role of services, `zerosum`, a member of the application's and the
    /// readers' roles.
    pub fn app_url(&self) -> &str {
        &self.app_url
    }

    /// A connection as the superuser; its other half runs in a task that ends with the client.
    pub async fn admin(&self) -> Client {
        connect(&self.admin_url).await
    }

    /// A connection as the login role of services.
    pub async fn app(&self) -> Client {
        connect(&self.app_url).await
    }

    fn on(server: &Server, name: &str) -> Self {
        Self { admin_url: server.url(name), app_url: server.app_url(name) }
    }

    fn next_name() -> String {
        // Unique within the process is enough: the server is the process's own.
        static NEXT: AtomicU32 = AtomicU32::new(1);
        format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A database on a durable server of its own; the server goes when this is dropped.
#[derive(Debug)]
pub struct DurableDatabase {
    pub database: TestDatabase,
    pub server: Server,
}

/// Brings a database to today's schema and lets the login role act as the application and as a reader.
pub(crate) async fn migrate(url: &str) {
    zerosum_ledger::migrate(url).await.expect("migrate the database");
    connect(url)
        .await
        .batch_execute(&format!("grant zerosum_app, zerosum_read to {APP_ROLE}"))
        .await
        .expect("grant the application's roles");
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connect to PostgreSQL");
    // It ends by itself when the client is dropped.
    tokio::spawn(connection);
    client
}
