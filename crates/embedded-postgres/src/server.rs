//! A running server, from start to stop.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;
use tokio_postgres::NoTls;

use crate::address::Address;
use crate::cluster::{self, STOP_LIMIT};
use crate::config::{Config, Durability};
use crate::error::Error;
use crate::home::Home;
use crate::janitor::Janitor;
use crate::launch::{driven, launch};
use crate::search::{self, Binaries};
use crate::secrets::Secrets;
use crate::supervisor::Supervisor;
use crate::writeback::Writeback;

/// A crash is noticed within this; looking costs one system call.
const ENDED_PAUSE: Duration = Duration::from_millis(50);

/// A PostgreSQL server of this process. Dropping it stops the server too, without waiting for it.
#[derive(Debug)]
pub struct Server {
    // Dropped in this order: the pipe to the server closes first, the lock opens last.
    supervisor: Supervisor,
    _writeback: Option<Writeback>,
    janitor: Option<Janitor>,
    home: Arc<Home>,
    binaries: Binaries,
    address: Address,
    durability: Durability,
}

impl Server {
    /// Starts a server and waits until it answers.
    /// A killed previous run is recovered from; a run that lives is [`Error::InUse`].
    pub async fn start(config: Config) -> Result<Self, Error> {
        let durability = config.durability;
        let port = config.port;
        let Prepared { home, janitor, binaries, secrets } =
            tokio::task::spawn_blocking(move || prepare(&config)).await??;
        let (supervisor, port) = launch(&home, &binaries, &secrets, durability, port).await?;
        let address = Address { port, secrets };
        let writeback = match durability {
            Durability::On => Writeback::start(&home.data),
            // Nothing waits for a disk.
            Durability::Off => None,
        };
        Ok(Self { supervisor, _writeback: writeback, janitor, home, binaries, address, durability })
    }

    /// The address of `database` for the superuser: for migrations, and for making databases.
    pub fn url(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// The address of `database` for the role that services log in as ([`crate::APP_ROLE`]).
    pub fn app_url(&self, database: &str) -> String {
        self.address.app_url(database)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port
    }

    /// The folder of the unix socket; only this user and the server's may enter.
    pub fn socket_dir(&self) -> &Path {
        &self.home.sockets
    }

    /// The server's version as it says it: `15.14`.
    pub fn version(&self) -> &str {
        &self.binaries.version
    }

    /// The data folder, absolute.
    pub fn data_dir(&self) -> &Path {
        &self.home.base
    }

    /// Where the server writes what it has to say.
    pub fn log_dir(&self) -> &Path {
        &self.home.log
    }

    /// Waits until the server has ended by itself: PostgreSQL leaves it to us to start it again.
    pub async fn ended(&mut self) {
        while self.supervisor.ended().is_none() {
            sleep(ENDED_PAUSE).await;
        }
    }

    /// Makes `database` if it is not there yet.
    pub async fn ensure_database(&self, database: &str) -> Result<(), Error> {
        let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if database.len() > 63
            || !database.starts_with(|first: char| first.is_ascii_lowercase())
            || !database.bytes().all(good)
        {
            return Err(Error::BadName { name: database.to_owned() });
        }
        let failed = |source| Error::Sql { doing: "make a database", source };
        let (client, connection) =
            tokio_postgres::connect(&self.url("postgres"), NoTls).await.map_err(failed)?;
        let work = async {
            let known = client.query_opt("select from pg_database where datname = $1", &[&database]).await?;
            if known.is_none() {
                client.batch_execute(&format!("create database {database}")).await?;
            }
            Ok(())
        };
        driven(work, connection).await.map_err(failed)
    }

    /// Stops the server and waits for it: clients are cut, everything is flushed.
    /// The folder of a temporary server is gone when this returns.
    pub async fn stop(mut self) -> Result<(), Error> {
        tokio::task::spawn_blocking(move || {
            self.supervisor.ask_to_stop();
            match self.supervisor.wait(STOP_LIMIT) {
                Some(_) => {
                    if let Some(janitor) = self.janitor.take() {
                        janitor.finish();
                    }
                    Ok(())
                }
                None => Err(Error::StillRunning {
                    pid: self.postmaster().map_or_else(|| "unknown".to_owned(), |pid| pid.to_string()),
                    seconds: STOP_LIMIT.as_secs(),
                }),
            }
        })
        .await?
    }

    /// Kills the server as a crash would (`kill -9` of its first process) and waits until it is gone:
    /// for fault tests. [`Server::start_again`] brings it back.
    pub async fn kill(&mut self) -> Result<(), Error> {
        if let Some(pid) = self.postmaster() {
            // It may have ended by itself a moment ago, which is as good.
            let _ = kill_process(pid, Signal::KILL);
        }
        self.ended().await;
        Ok(())
    }

    /// Starts a server that was killed or has crashed, with the same data, port and passwords.
    pub async fn start_again(&mut self) -> Result<(), Error> {
        let Address { port, secrets } = &self.address;
        let (supervisor, _) =
            launch(&self.home, &self.binaries, secrets, self.durability, Some(*port)).await?;
        self.supervisor = supervisor;
        Ok(())
    }

    fn postmaster(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.home.data.join("postmaster.pid")).ok()?;
        Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
    }
}

struct Prepared {
    // The lock of the home opens after the janitor has been told.
    janitor: Option<Janitor>,
    home: Arc<Home>,
    binaries: Binaries,
    secrets: Secrets,
}

/// Everything before the server runs; blocking.
fn prepare(config: &Config) -> Result<Prepared, Error> {
    let home = Home::open(config)?;
    let janitor = home.hire_janitor()?;
    let major = home.data_major()?;
    let binaries = search::find(&config.search, &home.data, major)?;
    let secrets = Secrets::open(&home, major.is_some())?;
    if major.is_none() {
        cluster::create(&home, &binaries, &secrets, config.durability)?;
    }
    Ok(Prepared { janitor, home: Arc::new(home), binaries, secrets })
}
