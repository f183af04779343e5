//! The parent's side of a service that runs in a process of its own.

use std::{net::SocketAddr, process::Stdio, time::Duration};

use anyhow::Context as _;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::{Instant, sleep, timeout},
};

use crate::{
    http::{Connection, Head},
    serve::{Order, Service, Serving, Told},
};

/// A debug build on a busy machine starts slowly; a service that takes longer does not start.
const START_TIME_MAX: Duration = Duration::from_secs(60);
/// Longer than a service drains.
const STOP_TIME_MAX: Duration = Duration::from_secs(20);
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// A service process. Dropping it kills the process.
pub struct Host {
    pub service: Service,
    pub address: SocketAddr,
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Host {
    /// Starts the service and waits until it is ready.
    pub async fn start(order: &Order) -> anyhow::Result<Self> {
        let doing = || format!("starting {:?} in a process of its own", order.service);
        timeout(START_TIME_MAX, Self::begin(order)).await.with_context(doing)?.with_context(doing)
    }

    async fn begin(order: &Order) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut input = child.stdin.take().context("its input")?;
        let mut output = BufReader::new(child.stdout.take().context("its output")?).lines();
        send(&mut input, &serde_json::to_string(order)?).await?;
        let line = output.next_line().await?.context("it ended at once")?;
        let Serving { address } = serde_json::from_str(&line)?;
        let host = Self { service: order.service, address, child, input, output };
        host.ready().await?;
        Ok(host)
    }

    async fn ready(&self) -> anyhow::Result<()> {
        let mut request = Vec::new();
        Head::new(&[]).get("/readyz", &mut request);
        let begin = Instant::now();
        loop {
            if let Ok(mut connection) = Connection::open(self.address).await
                && connection.exchange(&request).await.is_ok_and(|answer| answer.is_success())
            {
                return Ok(());
            }
            anyhow::ensure!(begin.elapsed() < START_TIME_MAX, "it does not become ready");
            sleep(LOOK_PAUSE).await;
        }
    }

    /// What the service counts about itself.
    pub async fn told(&mut self) -> anyhow::Result<Told> {
        send(&mut self.input, "").await?;
        let line = self.output.next_line().await?.context("the service has ended")?;
        Ok(serde_json::from_str(&line)?)
    }

    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Memory that the process has resident now and at its peak; `None` where the system does not say.
    pub fn memory(&self) -> Option<Memory> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let field = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            line.split_ascii_whitespace().nth(1)?.parse().ok()
        };
        Some(Memory { now_kib: field("VmRSS:")?, peak_kib: field("VmHWM:")? })
    }

    /// Lets the service answer what it has begun, and waits for its end.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.input);
        let ended = timeout(STOP_TIME_MAX, self.child.wait()).await;
        let status = ended.context("the service does not stop")??;
        anyhow::ensure!(status.success(), "the service {:?} ended with {status}", self.service);
        Ok(())
    }
}

/// Resident memory.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Memory {
    pub now_kib: u64,
    pub peak_kib: u64,
}

async fn send(input: &mut ChildStdin, line: &str) -> anyhow::Result<()> {
    input.write_all(line.as_bytes()).await?;
    input.write_all(b"\n").await?;
    Ok(input.flush().await?)
}
