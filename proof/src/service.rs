//! The service as a process of its own, which can be killed.

use std::{
    net::{Ipv4Addr, TcpListener},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStdin, Command},
    time::timeout,
};
use zerosum_ledger::engine::FaultPoint;

use crate::stage::Stage;

/// A start reads the contract and binds a port; on a busy machine that can take seconds.
const START_MAX: Duration = Duration::from_secs(30);

/// Linux gives connections ports from 32768 on.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
const TRIES: usize = 100;

/// What a process is started with.
#[derive(Debug, Clone)]
pub struct Plan {
    pub program: PathBuf,
    pub database_url: String,
    pub jwks: PathBuf,
    /// Accounting's; cash is on the one before, wallet-spend on the one after.
    pub port: u16,
    /// Where it is to be killed, and at which visit.
    pub kill: Option<(FaultPoint, u64)>,
    pub read_connections: usize,
    /// The most postings of accounting that share a commit; none: as shipped.
    pub batch_max: Option<usize>,
}

impl Plan {
    /// A service of this stage, on a free port.
    pub fn new(program: &Path, stage: &Stage, database_url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            program: program.to_owned(),
            database_url: database_url.to_owned(),
            jwks: stage.jwks.clone(),
            port: free_ports()?,
            kill: None,
            read_connections: 4,
            batch_max: None,
        })
    }
}

/// The middle of three ports that follow each other and that nobody listens on now: cash, accounting, wallet-spend, as
/// `zerosum up` has them. They lie below those that the system gives to
/// connections, which could take one of them while its service is away.
pub(crate) fn free_ports() -> anyhow::Result<u16> {
    for _ in 0..TRIES {
        let port = rand::random_range(PORTS);
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if free(port) && free(port + 1) && free(port + 2) {
            return Ok(port + 1);
        }
    }
    bail!("no three free ports were found")
}

/// A running service; dropping it kills it.
#[derive(Debug)]
pub struct Service {
    process: Child,
    /// Waiting for the process would close it, and so end the process.
    _stdin: Option<ChildStdin>,
}

impl Service {
    /// Starts it and waits until it listens.
    pub async fn start(plan: &Plan) -> anyhow::Result<Self> {
        let mut command = Command::new(&plan.program);
        command.arg("serve").args(["--port", &plan.port.to_string()]).arg("--jwks").arg(&plan.jwks);
        command.args(["--read-connections", &plan.read_connections.to_string()]);
        if let Some(batch_max) = plan.batch_max {
            command.args(["--batch-max", &batch_max.to_string()]);
        }
        if let Some((point, visit)) = plan.kill {
            command.args(["--kill-at", &format!("{point:?}"), "--kill-visit", &visit.to_string()]);
        }
        // The URL has a password: not on the command line.
        command.env("DATABASE_URL", &plan.database_url);
        // It ends when its stdin does, so that it cannot outlive us.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().context("starting the service failed")?;
        let said = process.stdout.take().context("the service has no stdout")?;
        let mut lines = BufReader::new(said).lines();
        let first = timeout(START_MAX, lines.next_line()).await.context("the service does not start")?;
        ensure!(first?.as_deref() == Some("listening"), "the service did not start");
        let stdin = process.stdin.take();
        Ok(Self { process, _stdin: stdin })
    }

    /// `kill -9`, now.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("killing the service failed")
    }

    /// Waits until it was killed at its fault point.
    pub async fn killed(&mut self, limit: Duration) -> anyhow::Result<()> {
        let status = self.ended(limit).await?;
        match status.signal() {
            Some(9) => Ok(()),
            _ => bail!("the service was not killed but ended with {status}"),
        }
    }

    /// SIGTERM, and the exit that follows.
    pub async fn terminate(mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let pid = self.process.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        kill_process(pid.context("the service has ended already")?, Signal::TERM)?;
        self.ended(limit).await
    }

    async fn ended(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        Ok(timeout(limit, self.process.wait()).await.context("the service does not end")??)
    }
}
