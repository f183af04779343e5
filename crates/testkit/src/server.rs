//! The PostgreSQL servers that tests run on.
//!
//! One per test process, without durability, shared by all tests that do not test durability itself.
//! It lives in a static, so nothing stops it but the end of the process: its watcher does the rest,
//! also when the process is killed.

use tokio::sync::OnceCell;
use zerosum_embedded_postgres::{Config, Durability, Server};

use crate::database;

/// Databases of tests are copies of this one.
pub(crate) const TEMPLATE: &str = "zerosum_template";

/// The server of this process, with a migrated template database in it.
pub(crate) async fn shared() -> &'static Server {
    static SHARED: OnceCell<Server> = OnceCell::const_new();
    SHARED
        .get_or_init(|| async {
            let server = start(Durability::Off).await;
            server.ensure_database(TEMPLATE).await.expect("make the template database");
            database::migrate(&server.url(TEMPLATE)).await;
            server
        })
        .await
}

/// A server of its own, which goes with the value.
pub(crate) async fn start(durability: Durability) -> Server {
    Server::start(Config::temporary().durability(durability)).await.expect("start PostgreSQL")
}
