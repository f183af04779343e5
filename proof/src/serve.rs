//! The process that is killed: the three services as their own binaries serve them, and a place to die at.

use std::{
    io::Read as _,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use rustix::process::{Signal, getpid, kill_process};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    signal::unix::{SignalKind, signal},
};
use zerosum_accounting::{api, command::Accounting, service::Parts, store::Store};
use zerosum_edge::{
    BearerConfig, BearerTokens, Edge, ErrorMessage, Readiness, ServeLimits, Settings, TokenKeys,
};
use zerosum_ledger::{
    Engine, EngineConfig,
    engine::{FaultPoint, arm},
};

use crate::stage::{AUDIENCE, ISSUER};

#[derive(Debug, Args)]
pub struct ServeArgs {
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    #[arg(long)]
    jwks: PathBuf,
    /// Accounting's; cash is on the one before, wallet-spend on the one after.
    #[arg(long)]
    port: u16,
    #[arg(long, default_value_t = 4)]
    read_connections: usize,
    /// The most postings of accounting that share a commit: makes its capacity small and known.
    #[arg(long)]
    batch_max: Option<usize>,
    /// The step of the posting path at which the process kills itself with SIGKILL.
    #[arg(long, value_parser = parse_point)]
    kill_at: Option<FaultPoint>,
    /// At which visit of that step.
    #[arg(long, default_value_t = 1)]
    kill_visit: u64,
}

fn parse_point(text: &str) -> Result<FaultPoint, String> {
    let found = FaultPoint::ALL.iter().copied().find(|point| format!("{point:?}") == text);
    found.ok_or_else(|| format!("no fault point is called {text}"))
}

/// For what was sent before the step to reach the server: the kill comes after it, not in front of it.
const IN_FLIGHT: Duration = Duration::from_millis(15);
/// The same for a lane that has a thread of its own, and sends only when it waits. It goes on meanwhile.
const IN_FLIGHT_BESIDE: Duration = Duration::from_millis(2);

fn kill_at(point: FaultPoint, visit: u64) {
    let visits = AtomicU64::new(0);
    arm(move |reached| {
        if reached != point || visits.fetch_add(1, Ordering::Relaxed) + 1 != visit {
            return;
        }
        if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
            // Lets this thread's other tasks, the connection among them, go on elsewhere while it waits.
            tokio::task::block_in_place(|| std::thread::sleep(IN_FLIGHT));
        } else if visit.is_multiple_of(2) {
            std::thread::spawn(|| {
                std::thread::sleep(IN_FLIGHT_BESIDE);
                let _ = kill_process(getpid(), Signal::KILL);
            });
            return;
        }
        // It does not return.
        let _ = kill_process(getpid(), Signal::KILL);
    });
}

pub async fn run(args: ServeArgs) -> anyhow::Result<()> {
    if let Some(point) = args.kill_at {
        kill_at(point, args.kill_visit);
    }
    allow_many_connections();
    let keys = TokenKeys::load(&args.jwks)?;
    let tokens = Arc::new(BearerTokens::new(BearerConfig::new(ISSUER, AUDIENCE), keys));
    let database: tokio_postgres::Config = args.database_url.parse()?;
    let parts = Parts { read_connections: args.read_connections, ..Parts::new(database.clone(), tokens) };
    let accounting = accounting(&parts, args.batch_max)?;
    let cash = zerosum_cash::service::Service::start(parts)?;
    let wallet_parts = zerosum_wallet_spend::service::Parts::new(database);
    let wallet = zerosum_wallet_spend::service::Service::start(wallet_parts)?;
    let listen = |port| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        zerosum_edge::listen(address).with_context(|| format!("cannot listen on {address}"))
    };
    let (accounting_port, cash_port) = (listen(args.port)?, listen(args.port - 1)?);
    let wallet_port = listen(args.port + 1)?;
    println!("listening");
    std::thread::spawn(|| {
        // The parent holds the other end and never writes.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(1);
    });
    let stop = || {
        let terminate = signal(SignalKind::terminate());
        async move {
            match terminate {
                Ok(mut terminate) => {
                    terminate.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        }
    };
    tokio::try_join!(
        zerosum_edge::serve(accounting_port, accounting, ServeLimits::default(), stop()),
        cash.serve(cash_port, ServeLimits::default(), stop()),
        wallet.serve(wallet_port, ServeLimits::default(), stop()),
    )?;
    Ok(())
}

/// Accounting as it is shipped, or with batches of another size.
fn accounting(parts: &Parts<Arc<BearerTokens>>, batch_max: Option<usize>) -> anyhow::Result<Edge> {
    let Some(batch_max) = batch_max else {
        return Ok(zerosum_accounting::service::Service::start(parts.clone())?.edge().clone());
    };
    let config = EngineConfig { batch_max, ..EngineConfig::new(parts.database.clone()) };
    let app = api::App { engine: Engine::start(Accounting, config), store: Store::new(parts.reads()?) };
    let settings = Settings::new(api::SERVICE, ErrorMessage, parts.authenticate.clone(), Readiness::always());
    Ok(api::edge(Arc::new(app), settings)?)
}

/// Under overload every waiting request has a connection, and a shell may allow only 1,024.
pub fn allow_many_connections() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // What is allowed without it may do.
    let _ = setrlimit(Resource::Nofile, limit);
}
