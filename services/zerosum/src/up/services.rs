//! The three services, in this process: each with its own engine, reads and port, as in its own binary.

use std::future::Future;
use std::io;
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_postgres::Config;
use zerosum_edge::tokens::DevKey;
use zerosum_edge::{BearerConfig, BearerTokens, Drained, ServeLimits, TokenKeys};

use super::addresses::Ports;
use crate::token::{AUDIENCE, ISSUER};

/// What runs; each ends when told to, or when it fails.
pub struct Services {
    running: JoinSet<(&'static str, io::Result<Drained>)>,
}

impl Services {
    /// Starts all three on their ports; they end when `stopped` turns true.
    pub fn start(
        ports: Ports,
        app_url: &str,
        key: &DevKey,
        stopped: &watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let database: Config = app_url.parse().context("the services' database URL cannot be read")?;
        let keys = TokenKeys::from_jwks(&key.jwks()).context("the token key cannot be used")?;
        let tokens = Arc::new(BearerTokens::new(BearerConfig::new(ISSUER, AUDIENCE), keys));
        let mut services = Self { running: JoinSet::new() };
        let limits = ServeLimits::default;
        let told = || told(stopped.clone());

        let parts = zerosum_accounting::service::Parts::new(database.clone(), tokens.clone());
        let accounting =
            zerosum_accounting::service::Service::start(parts).context("accounting cannot start")?;
        services.run("accounting", accounting.serve(ports.accounting, limits(), told()));

        let parts = zerosum_cash::service::Parts::new(database.clone(), tokens);
        let cash = zerosum_cash::service::Service::start(parts).context("cash cannot start")?;
        services.run("cash", cash.serve(ports.cash, limits(), told()));

        let parts = zerosum_wallet_spend::service::Parts::new(database);
        let wallet =
            zerosum_wallet_spend::service::Service::start(parts).context("wallet-spend cannot start")?;
        services.run("wallet-spend", wallet.serve(ports.wallet_spend, limits(), told()));
        Ok(services)
    }

    fn run(
        &mut self,
        name: &'static str,
        serving: impl Future<Output = io::Result<Drained>> + Send + 'static,
    ) {
        self.running.spawn(async move { (name, serving.await) });
    }

    /// Waits for one that ends without having been told to: always an error.
    pub async fn failed(&mut self) -> anyhow::Result<()> {
        match self.running.join_next().await {
            Some(Ok((service, Ok(_)))) => anyhow::bail!("{service} stopped by itself"),
            Some(Ok((service, Err(error)))) => Err(error).with_context(|| format!("{service} failed")),
            Some(Err(panicked)) => Err(panicked).context("a service failed"),
            None => anyhow::bail!("no service runs"),
        }
    }

    /// Waits until all have answered what they had begun.
    pub async fn drained(mut self) {
        while let Some(ended) = self.running.join_next().await {
            match ended {
                Ok((_, Ok(Drained::Whole))) => {}
                Ok((service, Ok(Drained::Cut(connections)))) => {
                    eprintln!("{service} took too long to drain: {connections} connections were cut");
                }
                Ok((service, Err(error))) => eprintln!("{service} did not stop cleanly: {error}"),
                Err(panicked) => eprintln!("a service did not stop cleanly: {panicked}"),
            }
        }
    }
}

async fn told(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone has nothing left to serve for, either.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
