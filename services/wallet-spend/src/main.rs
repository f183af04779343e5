//! The wallet-spend service's binary: configuration in, serve, drain. `--help` is its manual.

use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use zerosum_edge::{ServeLimits, telemetry};
use zerosum_ledger::check_server;
use zerosum_wallet_spend::{
    config::Config,
    service::{Parts, Service},
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    telemetry::start_log(config.log_format.into(), &config.log);
    telemetry::start_metrics().context("starting the metrics failed")?;
    let database: tokio_postgres::Config =
        config.database_url.parse().context("DATABASE_URL cannot be understood")?;
    check_server(&database, config.i_accept_data_loss).await?;
    let parts =
        Parts { lanes: config.lanes, read_connections: config.read_connections, ..Parts::new(database) };
    let service = Service::start(parts)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}: choose another --listen", config.listen))?;
    tracing::info!(listen = %config.listen, "wallet-spend serves");
    let limits = ServeLimits {
        drain_grace: Duration::from_secs(config.drain_grace_seconds),
        ..ServeLimits::default()
    };
    let drained = service.serve(listener, limits, stop_signal()?).await.context("serving failed")?;
    tracing::info!(?drained, "wallet-spend has stopped");
    Ok(())
}

/// Completes at the first SIGTERM or Ctrl-C.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).context("listening for signals failed");
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
