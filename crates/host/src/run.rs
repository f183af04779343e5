//! The life of a service's process: log and metrics, whether the database is fit to serve from, serving, draining.

use std::{
    convert::Infallible, future::Future, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration,
};

use anyhow::Context;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use zerosum_edge::{BearerConfig, BearerTokens, Drained, ServeLimits, TokenKeys, telemetry};
use zerosum_ledger::check_server;

use crate::{ServiceArgs, TokenArgs};

/// A key that an issuer has withdrawn is good for a minute at most.
const KEYS_READ_AGAIN: Duration = Duration::from_secs(60);

impl ServiceArgs {
    /// Starts log and metrics, and answers the database once it is known to be fit: new enough, migrated, and durable.
    pub async fn prepare(&self) -> anyhow::Result<tokio_postgres::Config> {
        telemetry::start_log(self.log_format.into(), &self.log);
        telemetry::start_metrics().context("starting the metrics failed")?;
        let database = self.database_url.parse().context("DATABASE_URL cannot be understood")?;
        check_server(&database, self.i_accept_data_loss).await?;
        Ok(database)
    }
}

/// The tokens that a process takes, and where their keys come from.
#[derive(Debug)]
pub struct Tokens {
    pub bearer: Arc<BearerTokens>,
    jwks: PathBuf,
}

impl TokenArgs {
    /// Reads the keys.
    pub fn tokens(&self) -> anyhow::Result<Tokens> {
        let keys = TokenKeys::load(&self.jwks)
            .with_context(|| format!("cannot use the token keys in {}", self.jwks.display()))?;
        let bearer = BearerTokens::new(BearerConfig::new(&self.issuer, &self.audience), keys);
        Ok(Tokens { bearer: Arc::new(bearer), jwks: self.jwks.clone() })
    }
}

impl Tokens {
    /// Reads the keys again from time to time, for as long as it is polled.
    pub async fn keep(self) {
        self.bearer.reload_keys_from(&self.jwks, KEYS_READ_AGAIN).await;
    }
}

/// Serves on the address until SIGTERM or Ctrl-C, then drains. `upkeep` runs beside it.
pub async fn run<S, R>(
    service: &'static str,
    listen: SocketAddr,
    args: &ServiceArgs,
    serve: S,
    upkeep: impl Future<Output = ()>,
) -> anyhow::Result<()>
where
    S: FnOnce(TcpListener, ServeLimits) -> R,
    R: Future<Output = io::Result<Drained>>,
{
    let listener = zerosum_edge::listen(listen)
        .with_context(|| format!("{service} cannot listen on {listen}: choose another --listen"))?;
    tracing::info!(service, %listen, "serving");
    // What runs beside the service ends with it, and never ends it.
    let serving = serve(listener, args.limits());
    let upkeep = async {
        upkeep.await;
        std::future::pending::<Infallible>().await
    };
    let served = tokio::select! {
        served = serving => served,
        never = upkeep => match never {},
    };
    tracing::info!(service, ?served, "stopped");
    telemetry::flush_log();
    served.map(|_| ()).with_context(|| format!("{service} failed while it served"))
}

/// Completes at the first SIGTERM or Ctrl-C.
pub fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let listen = |kind| signal(kind).context("listening for signals failed");
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
