//! The cash service's binary: configuration in, serve, drain. `--help` is its manual.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Parser;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use zerosum_cash::{
    config::Config,
    service::{Parts, Service},
};
use zerosum_edge::{BearerConfig, BearerTokens, ServeLimits, TokenKeys, telemetry};
use zerosum_ledger::durability;

/// A key that an issuer has withdrawn is good for a minute at most.
const KEYS_READ_AGAIN: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    telemetry::start_log(config.log_format.into(), &config.log);
    telemetry::start_metrics().context("starting the metrics failed")?;
    let database: tokio_postgres::Config =
        config.database_url.parse().context("DATABASE_URL cannot be understood")?;
    if !config.i_accept_data_loss {
        durability::refuse_data_loss(&database).await?;
    }
    let keys = TokenKeys::load(&config.jwks)
        .with_context(|| format!("cannot use the token keys in {}", config.jwks.display()))?;
    let bearer = BearerConfig::new(&config.issuer, &config.audience);
    let tokens = Arc::new(BearerTokens::new(bearer, keys));
    let parts = Parts {
        lanes: config.lanes,
        read_connections: config.read_connections,
        ..Parts::new(database, tokens.clone())
    };
    let service = Service::start(parts)?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}: choose another --listen", config.listen))?;
    tracing::info!(listen = %config.listen, "cash serves");
    let limits = ServeLimits {
        drain_grace: Duration::from_secs(config.drain_grace_seconds),
        ..ServeLimits::default()
    };
    let stop = stop_signal()?;
    tokio::select! {
        drained = service.serve(listener, limits, stop) => {
            tracing::info!(drained = ?drained.context("serving failed")?, "cash has stopped");
        }
        () = keep_keys(&tokens, &config.jwks) => {}
    }
    Ok(())
}

async fn keep_keys(tokens: &BearerTokens, jwks: &Path) {
    tokens.reload_keys_from(jwks, KEYS_READ_AGAIN).await;
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
