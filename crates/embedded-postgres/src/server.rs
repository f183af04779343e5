//! A running server, from start to stop.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::address::Address;
use crate::cluster::{self, STOP_LIMIT};
use crate::config::{Config, Durability};
use crate::error::Error;
use crate::home::Home;
use crate::janitor::Janitor;
use crate::search::{self, Binaries};
use crate::secrets::{APP_ROLE, Secrets};
use crate::settings;
use crate::supervisor::{Program, Stop, Supervisor};

/// Replaying up to max_wal_size (4 GB) of WAL after a crash, on a slow disk.
const START_LIMIT: Duration = Duration::from_secs(300);
/// A free port can be taken by another before the server has it, and the processes of a killed server
/// need a moment to go: each try meets one of these at most.
const START_TRIES_MAX: u32 = 5;
/// Between tries, and between looks at a server that is starting.
const TRY_PAUSE: Duration = Duration::from_millis(500);
const LOOK_PAUSE: Duration = Duration::from_millis(20);
/// A crash is noticed within this; looking costs one system call.
const ENDED_PAUSE: Duration = Duration::from_millis(50);
/// How long a wrong password may be another server's answer: ours ends by itself when it has no port.
const PASSWORD_DOUBT: Duration = Duration::from_secs(3);
/// What of a log goes into an error: enough for the reason, short enough to read.
const LOG_TAIL_LINES: usize = 20;

/// A PostgreSQL server of this process. Dropping it stops the server too, without waiting for it.
#[derive(Debug)]
pub struct Server {
    // Dropped in this order: the pipe to the server closes first, the lock opens last.
    supervisor: Supervisor,
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
        Ok(Self { supervisor, janitor, home, binaries, address, durability })
    }

    /// The address of `database` for the superuser: for migrations, and for making databases.
    pub fn url(&self, database: &str) -> String {
        self.address.url(database)
    }

    /// The address of `database` for the role that services log in as ([`APP_ROLE`]).
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

async fn launch(
    home: &Arc<Home>,
    binaries: &Binaries,
    secrets: &Secrets,
    durability: Durability,
    wanted: Option<u16>,
) -> Result<(Supervisor, u16), Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (in_home, with) = (Arc::clone(home), binaries.clone());
        tokio::task::spawn_blocking(move || cluster::stop_survivor(&in_home, &with)).await??;
        let port = match wanted {
            Some(port) if !is_free(port) => return Err(Error::PortTaken { port }),
            Some(port) => port,
            None => free_port()?,
        };
        let crashed_before = home.data.join("postmaster.pid").exists();
        let mut supervisor = spawn(home, binaries, durability, port)?;
        let address = Address { port, secrets: secrets.clone() };
        match ready(&mut supervisor, &address).await? {
            Some(State::Ready) => return Ok((supervisor, port)),
            Some(State::Ended) if tries < START_TRIES_MAX && (crashed_before || !is_free(port)) => {
                sleep(TRY_PAUSE).await;
            }
            Some(State::Ended) => {
                let (log, tail) = log_tail(home);
                return Err(Error::Exited { log, tail });
            }
            None => {
                let (log, tail) = log_tail(home);
                return Err(Error::Slow { seconds: START_LIMIT.as_secs(), log, tail });
            }
        }
    }
}

fn spawn(home: &Home, binaries: &Binaries, durability: Durability, port: u16) -> Result<Supervisor, Error> {
    Supervisor::start(Program {
        account: home.account,
        path: &binaries.program("postgres"),
        arguments: settings::arguments(home, port, durability),
        output: cluster::log_file(home, "start")?,
        stop: if durability == Durability::Off { Stop::Quit } else { Stop::Interrupt },
        search_path: &cluster::search_path(binaries),
    })
}

enum State {
    Ready,
    Ended,
}

/// Waits until the server takes a connection and has its login role; `None` when that takes too long.
async fn ready(supervisor: &mut Supervisor, address: &Address) -> Result<Option<State>, Error> {
    let start = Instant::now();
    while start.elapsed() < START_LIMIT {
        match tokio_postgres::connect(&address.url("postgres"), NoTls).await {
            Ok((client, connection)) => {
                return driven(ensure_app_role(&client, &address.secrets.app), connection)
                    .await
                    .map(|()| Some(State::Ready))
                    .map_err(|source| Error::Sql { doing: "make the login role", source });
            }
            // Longer than that it is no other server that answers on a port that was just freed.
            Err(source)
                if source.code() == Some(&SqlState::INVALID_PASSWORD) && start.elapsed() > PASSWORD_DOUBT =>
            {
                return Err(Error::Sql { doing: "let us in with the stored password", source });
            }
            // Refused or "starting up": whatever the reason, the server says more in its log if it ends.
            Err(_) => {}
        }
        if supervisor.ended().is_some() {
            return Ok(Some(State::Ended));
        }
        sleep(LOOK_PAUSE).await;
    }
    Ok(None)
}

/// The role that services log in as, with the password of the file: on each start, so that a run that
/// was killed before it got here is mended by the next.
async fn ensure_app_role(client: &Client, password: &str) -> Result<(), tokio_postgres::Error> {
    let known = client.query_opt("select from pg_roles where rolname = $1", &[&APP_ROLE]).await?;
    // A slow or failing statement is logged as it is, which is not for a password.
    client.batch_execute("set log_min_duration_statement = -1; set log_min_error_statement = panic").await?;
    let verb = if known.is_some() { "alter" } else { "create" };
    client.batch_execute(&format!("{verb} role {APP_ROLE} login password '{password}'")).await
}

/// Runs `work` while its connection is driven by this same task, so that nothing is left behind.
async fn driven<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    connection: impl Future<Output = Result<(), tokio_postgres::Error>>,
) -> Result<T, tokio_postgres::Error> {
    let mut work = std::pin::pin!(work);
    let mut connection = std::pin::pin!(connection);
    let mut closed = false;
    std::future::poll_fn(|context| {
        // A connection that ends first makes the work fail with its own, better error.
        if !closed && connection.as_mut().poll(context).is_ready() {
            closed = true;
        }
        work.as_mut().poll(context)
    })
    .await
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn free_port() -> Result<u16, Error> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| Error::Io { doing: "finding a free port of 127.0.0.1 failed".to_owned(), source })
}

/// The end of what the server said before it had its own log, and of that log.
fn log_tail(home: &Home) -> (PathBuf, String) {
    let newest = std::fs::read_dir(&home.log)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("postgresql-"))
        .max_by_key(|entry| entry.metadata().and_then(|meta| meta.modified()).ok())
        .map(|entry| entry.path());
    let mut tail = String::new();
    for path in [Some(home.log.join("start.log")), newest].into_iter().flatten() {
        let text = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(LOG_TAIL_LINES)..] {
            // Writing to a string does not fail.
            let _ = writeln!(tail, "  {line}");
        }
    }
    (home.log.clone(), tail)
}
