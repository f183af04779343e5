//! From database files to a server that answers, over the hurdles of a start after a crash.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use crate::address::Address;
use crate::cluster;
use crate::config::Durability;
use crate::error::Error;
use crate::home::Home;
use crate::search::Binaries;
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
/// A server on this machine that takes longer to answer is not there yet.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long a wrong password may be another server's answer: ours ends by itself when it has no port.
const PASSWORD_DOUBT: Duration = Duration::from_secs(3);
/// What of a log goes into an error: enough for the reason, short enough to read.
const LOG_TAIL_LINES: usize = 20;

/// Starts the server on the wanted port, or on a free one, and answers with the port when it is ready.
pub(crate) async fn launch(
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
        let crashed_before = home.data.join("postmaster.pid").exists();
        let port = match wanted {
            Some(port) if is_free(port) => port,
            // Perhaps what is left of the crashed server still has it.
            Some(_) if crashed_before && tries < START_TRIES_MAX => {
                sleep(TRY_PAUSE).await;
                continue;
            }
            Some(port) => return Err(Error::PortTaken { port }),
            None => free_port()?,
        };
        let mut supervisor = spawn(home, binaries, durability, port)?;
        let address = Address { port, secrets: secrets.clone() };
        match ready(home, &mut supervisor, &address).await? {
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
async fn ready(home: &Home, supervisor: &mut Supervisor, address: &Address) -> Result<Option<State>, Error> {
    let start = Instant::now();
    let url = address.url("postgres");
    while start.elapsed() < START_LIMIT {
        // Asked before it is ready, the server would fork and log once for each question.
        let connected = match cluster::says_ready(home) {
            true => timeout(CONNECT_LIMIT, tokio_postgres::connect(&url, NoTls)).await.ok(),
            false => None,
        };
        match connected {
            Some(Ok((client, connection))) => {
                match driven(ensure_app_role(&client, &address.secrets.app), connection).await {
                    Ok(()) => return Ok(Some(State::Ready)),
                    // The connection broke, or the server said that it is ending: it is crashing again.
                    Err(source) if source.code().is_none_or(|code| code.code().starts_with("57")) => {}
                    Err(source) => return Err(Error::Sql { doing: "make the login role", source }),
                }
            }
            // Longer than that it is no other server that answers on a port that was just freed.
            Some(Err(source))
                if source.code() == Some(&SqlState::INVALID_PASSWORD) && start.elapsed() > PASSWORD_DOUBT =>
            {
                return Err(Error::Sql { doing: "let us in with the stored password", source });
            }
            // Not yet, refused or silent: the server says more in its log if it ends.
            Some(Err(_)) | None => {}
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
    client.batch_execute(&format!("{verb} role {APP_ROLE} login password '{password}'")).await?;
    // A setting of all roles, because a server that was built without LZ4 would not start with it. Vacuum goes by it too.
    let lz4 = "select from pg_settings where name = 'wal_compression' and 'lz4' = any (enumvals)";
    let has_lz4 = client.query_opt(lz4, &[]).await?.is_some();
    // After a checkpoint the first change of a page logs the whole of it.
    let setting = if has_lz4 { "set wal_compression = 'lz4'" } else { "reset wal_compression" };
    client.batch_execute(&format!("alter role all {setting}")).await
}

/// Runs `work` while its connection is driven by this same task, so that nothing is left behind.
pub(crate) async fn driven<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    connection: impl Future<Output = Result<(), tokio_postgres::Error>>,
) -> Result<T, tokio_postgres::Error> {
    let mut work = std::pin::pin!(work);
    let mut connection = std::pin::pin!(Some(connection));
    std::future::poll_fn(|context| {
        // A connection that ends first makes the work fail with its own, better error. It is let go of then: one that is
        // only done still takes what it is asked, and never answers.
        if let Some(open) = connection.as_mut().as_pin_mut()
            && open.poll(context).is_ready()
        {
            connection.set(None);
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

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::sync::oneshot;

    use super::*;

    /// Has ended, and still holds what a question would be answered by.
    struct Ended(#[expect(dead_code, reason = "what counts is when it is dropped")] oneshot::Sender<()>);

    impl Future for Ended {
        type Output = Result<(), tokio_postgres::Error>;

        fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn work_ends_with_the_connection_that_it_waits_for() {
        let (answer, question) = oneshot::channel();
        let work = driven(async { Ok(question.await) }, Ended(answer));
        let answered = timeout(Duration::from_secs(10), work).await.expect("it does not wait for ever");
        assert!(answered.expect("no error of the database").is_err());
    }
}
