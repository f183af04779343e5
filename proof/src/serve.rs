//! The process that is killed: accounting and cash as their own binaries serve them, and a place to die at.

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
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use zerosum_accounting::service::Parts;
use zerosum_edge::{BearerConfig, BearerTokens, ServeLimits, TokenKeys};
use zerosum_ledger::engine::{FaultPoint, arm};

use crate::stage::{AUDIENCE, ISSUER};

#[derive(Debug, Args)]
pub struct ServeArgs {
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    #[arg(long)]
    jwks: PathBuf,
    /// Accounting's; cash is on the next.
    #[arg(long)]
    port: u16,
    #[arg(long, default_value_t = 4)]
    read_connections: usize,
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

fn kill_at(point: FaultPoint, visit: u64) {
    let visits = AtomicU64::new(0);
    arm(move |reached| {
        if reached != point || visits.fetch_add(1, Ordering::Relaxed) + 1 != visit {
            return;
        }
        // Lets this thread's other tasks, the connection among them, go on elsewhere while it waits.
        tokio::task::block_in_place(|| std::thread::sleep(IN_FLIGHT));
        // It does not return.
        let _ = kill_process(getpid(), Signal::KILL);
    });
}

pub async fn run(args: ServeArgs) -> anyhow::Result<()> {
    if let Some(point) = args.kill_at {
        kill_at(point, args.kill_visit);
    }
    let keys = TokenKeys::load(&args.jwks)?;
    let tokens = Arc::new(BearerTokens::new(BearerConfig::new(ISSUER, AUDIENCE), keys));
    let parts =
        Parts { read_connections: args.read_connections, ..Parts::new(args.database_url.parse()?, tokens) };
    let accounting = zerosum_accounting::service::Service::start(parts.clone())?;
    let cash = zerosum_cash::service::Service::start(parts)?;
    let listen = async |port| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
    };
    let (accounting_port, cash_port) = (listen(args.port).await?, listen(args.port + 1).await?);
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
        accounting.serve(accounting_port, ServeLimits::default(), stop()),
        cash.serve(cash_port, ServeLimits::default(), stop()),
    )?;
    Ok(())
}
