//! Keeps our own database server running: PostgreSQL leaves it to others to start it after a crash.

use std::time::Duration;

use anyhow::Context;
use tokio::time::sleep;
use zerosum_embedded_postgres::Server;

/// A server that ends before it answers, so often in a row, is broken and not crashed.
const FAILED_STARTS_MAX: u32 = 5;
/// What stood in the way (a full disk, a port) may be gone by the next try.
const TRY_PAUSE: Duration = Duration::from_secs(2);

/// Runs for ever while the server can be kept alive; services answer 503 in between. Without a server of our
/// own there is nothing to do.
pub async fn alive(server: &mut Option<Server>) -> anyhow::Result<()> {
    let Some(server) = server else { return std::future::pending().await };
    loop {
        server.ended().await;
        tracing::warn!("the database server has ended: starting it again");
        let mut failed_starts = 0;
        while let Err(error) = server.start_again().await {
            failed_starts += 1;
            if failed_starts == FAILED_STARTS_MAX {
                return Err(error).context("starting the database server again failed");
            }
            tracing::warn!(error = &error as &dyn std::error::Error, "it did not start; trying again");
            sleep(TRY_PAUSE).await;
        }
        tracing::info!("the database server is back");
    }
}
