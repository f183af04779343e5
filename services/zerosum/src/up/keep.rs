//! Keeps our own database server running: PostgreSQL leaves it to others to start it after a crash.

use std::time::Duration;

use anyhow::Context;
use zerosum_embedded_postgres::Server;

/// A server that does not stay up is broken, not crashed: so often in a row is given up on.
const RESTARTS_MAX: u32 = 5;
/// A server that was up for so long has recovered.
const UP_AGAIN: Duration = Duration::from_secs(30);

/// Runs for ever while the server can be kept alive; services answer 503 in between. Without a server of our
/// own there is nothing to do.
pub async fn alive(server: &mut Option<Server>) -> anyhow::Result<()> {
    let Some(server) = server else { return std::future::pending().await };
    let mut restarts = 0;
    loop {
        let start = tokio::time::Instant::now();
        server.ended().await;
        restarts = if start.elapsed() > UP_AGAIN { 1 } else { restarts + 1 };
        if restarts > RESTARTS_MAX {
            anyhow::bail!(
                "the database server ended {restarts} times in a row: see {}",
                server.log_dir().display()
            );
        }
        eprintln!("the database server has ended: starting it again");
        server.start_again().await.context("starting the database server again failed")?;
    }
}
