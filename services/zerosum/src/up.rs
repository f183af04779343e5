//! `zerosum up`: everything in one process.
//!
//! Order: ports, database, migrations, durability, key, demo brand, services; then, once all three answer, the
//! ready file and what to type. A signal at any moment stops what has been started, services first.

use std::process::ExitCode;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use zerosum_edge::telemetry;

use crate::config::UpArgs;
use crate::database::Database;
use crate::{demo, token};

mod addresses;
mod guide;
mod keep;
mod ready;
mod services;

use addresses::Ports;
pub use ready::Facts;
use services::Services;

/// `zerosum up`
pub async fn run(args: UpArgs) -> anyhow::Result<ExitCode> {
    if let Some(path) = &args.ready_file {
        // Left by a run that was killed: it would say too early that everything answers.
        let _ = std::fs::remove_file(path);
    }
    let stop = stop_on_signals()?;
    telemetry::start_log(args.log_format.into(), &args.log);
    telemetry::start_metrics().context("starting the metrics failed")?;
    // Before the database, which takes longer: a taken port is said at once.
    let ports = Ports::bind(args.host, args.port_base).await?;
    let mut told = stop.subscribe();
    let mut database = tokio::select! {
        database = open(&args) => database?,
        _ = told.wait_for(|told| *told) => return Ok(ExitCode::SUCCESS),
    };
    let outcome = serve(&args, ports, &mut database, &stop).await;
    database.close().await.context("stopping the database failed")?;
    outcome.map(|()| ExitCode::SUCCESS)
}

async fn open(args: &UpArgs) -> anyhow::Result<Database> {
    let database = Database::open(&args.database, args.app_database_url.as_deref()).await?;
    database.migrate().await?;
    // As the services log in: settings and rights may differ by role.
    zerosum_ledger::check_server(&database.app_url.parse()?, args.i_accept_data_loss).await?;
    Ok(database)
}

/// Serves until told to stop or until something fails, and drains in either case.
async fn serve(
    args: &UpArgs,
    ports: Ports,
    database: &mut Database,
    stop: &watch::Sender<bool>,
) -> anyhow::Result<()> {
    let key = token::key(&args.database.folder.data_dir)?;
    let client = match args.no_demo {
        true => None,
        false => demo::ensure_brand(&database.owner().await?).await?,
    };
    let addresses = ports.addresses();
    let app_url = database.app_url.clone();
    let mut services = Services::start(ports, &database.app_url, &key, &stop.subscribe())?;
    let announced = async {
        addresses.answer().await?;
        let facts = Facts::gather(addresses, app_url, &key, client)?;
        let demo = demo::seed(&facts).await?;
        if let Some(path) = &args.ready_file {
            ready::write(path, &facts)?;
        }
        guide::print(&facts, demo.as_ref());
        std::future::pending::<anyhow::Result<()>>().await
    };
    let mut told = stop.subscribe();
    let outcome = tokio::select! {
        outcome = announced => outcome,
        outcome = services.failed() => outcome,
        outcome = keep::alive(&mut database.server) => outcome,
        _ = told.wait_for(|told| *told) => Ok(()),
    };
    stop.send_replace(true);
    if let Some(path) = &args.ready_file {
        // It says that everything answers, which is over. It may never have been written.
        let _ = std::fs::remove_file(path);
    }
    services.drained().await;
    outcome
}

/// Turns true at the first Ctrl-C or SIGTERM. The second ends the process at once: nothing acknowledged is
/// lost by that, and the watcher of our own server stops it.
fn stop_on_signals() -> anyhow::Result<watch::Sender<bool>> {
    let listen = |kind| signal(kind).context("listening for signals failed");
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let stop = watch::Sender::new(false);
    let sender = stop.clone();
    tokio::spawn(async move {
        for stopping in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stopping {
                std::process::exit(130);
            }
            eprintln!("stopping; once more stops at once");
            sender.send_replace(true);
        }
    });
    Ok(stop)
}
