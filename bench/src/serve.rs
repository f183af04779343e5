//! The hidden `serve` command: one service in a process of its own, as this program started it.
//!
//! The parent writes one line of JSON to its standard input ([`Order`]) and reads one from its standard output
//! ([`Serving`]). Each further line from the parent is answered with one line of [`Told`]; the end of the
//! parent's input ends the service, so a parent that is killed leaves nothing behind.

mod accounting;
mod trivial;

use std::sync::Arc;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines, Stdin},
    net::TcpListener,
    sync::watch,
};
use tokio_postgres::Config;
use zerosum_edge::{BearerConfig, BearerTokens, ServeLimits, TokenKeys, telemetry};
use zerosum_ledger::engine::Stats;

/// Who signs the run's tokens, and for whom.
pub const ISSUER: &str = "zerosum";
pub const AUDIENCE: &str = "zerosum";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    Accounting,
    Cash,
    WalletSpend,
    /// Not ours: a route that does nothing, for scale.
    Trivial,
}

/// What to serve.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub service: Service,
    pub database_url: String,
    /// The public keys of the run's tokens.
    pub jwks: String,
    pub lanes: usize,
    /// The most transactions that share a commit; `None`: as the engine has it.
    pub batch_max: Option<usize>,
}

/// It listens.
#[derive(Debug, Serialize, Deserialize)]
pub struct Serving {
    pub address: std::net::SocketAddr,
}

/// What it has done since it started.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Told {
    /// Commits, and the commands in them; zero where the service does not say.
    pub batches: u64,
    pub commands: u64,
    pub reruns: u64,
}

impl Told {
    fn of(stats: &Stats) -> Self {
        Self { batches: stats.batches(), commands: stats.commands(), reruns: stats.reruns() }
    }
}

type Counted = Box<dyn Fn() -> Told + Send>;

/// `serve`: until the parent's input ends.
pub async fn run() -> anyhow::Result<()> {
    // As `zerosum up` has it: warnings, and no line for each request.
    telemetry::start_log(telemetry::LogFormat::Text, "warn");
    telemetry::start_metrics().context("starting the metrics failed")?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let order = lines.next_line().await?.context("no order came")?;
    let order: Order = serde_json::from_str(&order).context("the order cannot be read")?;
    let listener = zerosum_edge::listen((std::net::Ipv4Addr::LOCALHOST, 0).into())?;
    say(&Serving { address: listener.local_addr()? }).await?;
    let stop = watch::Sender::new(false);
    let mut told = stop.subscribe();
    let stopped = async move {
        let _ = told.wait_for(|stop| *stop).await;
    };
    let (serving, counted) = start(order, listener, stopped)?;
    let serving = tokio::spawn(serving);
    answer(&mut lines, &counted).await?;
    stop.send_replace(true);
    serving.await?
}

type Serve = std::pin::Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

fn start(
    order: Order,
    listener: TcpListener,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<(Serve, Counted)> {
    let database: Config = order.database_url.parse().context("the database's address")?;
    let keys = TokenKeys::from_jwks(&order.jwks).context("the token keys")?;
    let tokens = Arc::new(BearerTokens::new(BearerConfig::new(ISSUER, AUDIENCE), keys));
    let limits = ServeLimits::default();
    let uncounted: Counted = Box::new(Told::default);
    Ok(match order.service {
        Service::Accounting => {
            let (edge, counted) = accounting::edge(database, tokens, order.lanes, order.batch_max)?;
            let serve = async move {
                zerosum_edge::serve(listener, edge, limits, stopped).await?;
                Ok(())
            };
            (Box::pin(serve) as Serve, counted)
        }
        Service::Cash => {
            let parts = zerosum_cash::service::Parts {
                lanes: order.lanes,
                ..zerosum_cash::service::Parts::new(database, tokens)
            };
            let service = zerosum_cash::service::Service::start(parts)?;
            let serve = async move {
                service.serve(listener, limits, stopped).await?;
                Ok(())
            };
            (Box::pin(serve) as Serve, uncounted)
        }
        Service::WalletSpend => {
            let mut parts = zerosum_wallet_spend::service::Parts::new(database);
            parts.host.lanes = order.lanes;
            let service = zerosum_wallet_spend::service::Service::start(parts)?;
            let engine = service.engine().clone();
            let counted: Counted = Box::new(move || Told::of(engine.stats()));
            let serve = async move {
                service.serve(listener, limits, stopped).await?;
                Ok(())
            };
            (Box::pin(serve) as Serve, counted)
        }
        Service::Trivial => {
            let serve = async move { Ok(trivial::serve(listener, tokens, stopped).await?) };
            (Box::pin(serve) as Serve, uncounted)
        }
    })
}

async fn answer(lines: &mut Lines<BufReader<Stdin>>, counted: &Counted) -> anyhow::Result<()> {
    while lines.next_line().await?.is_some() {
        say(&counted()).await?;
    }
    Ok(())
}

async fn say(what: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    let mut stdout = tokio::io::stdout();
    stdout.write_all(&line).await?;
    Ok(stdout.flush().await?)
}
