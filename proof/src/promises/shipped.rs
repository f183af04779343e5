//! Promise 11 for what is shipped: `zerosum up`, with its own PostgreSQL, is killed with `kill -9` at random moments under
//! load, and started again on the same folder: what was acknowledged is there, once, and the books hold.
//!
//! Nothing of this program is in it: all three services, migrations, key and database are those that an operator runs.
//! Killing it takes its database server with it, so what was acknowledged must have been flushed.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use rand::Rng;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};
use zerosum_embedded_postgres::Address;
use zerosum_testkit::TestDatabase;

use crate::{
    Figure, Run,
    caller::Caller,
    conclude::{conclude, judge_statuses},
    load::{Load, Shape},
    points::Points,
    service::free_ports,
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 50;
const CASH_CLIENTS: usize = 2;
const POINTS_TILLS: usize = 3;
/// Our database on its server.
const DATABASE: &str = "zerosum";
/// A start recovers the database, and a first one makes it.
const READY_MAX: Duration = Duration::from_secs(90);
/// Between readiness and the kill; the first of these fall into the first requests after a start.
const ALIVE_MS: std::ops::Range<u64> = 20..1_500;

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim =
        "the shipped program, killed with kill -9 at random moments under load, loses nothing acknowledged";
    let mut figure = Figure::begin(11, claim, "kills of `zerosum up` under load");
    let kills = run.trials(3, 25);
    let folder = tempfile::tempdir()?;
    let up = Up {
        zerosum: run.zerosum()?.to_owned(),
        data_dir: folder.path().join("data"),
        ready_file: folder.path().join("ready"),
        // The port in the middle is accounting's.
        port: free_ports()?,
    };
    let mut process = up.start().await?;
    let accounts = Accounts { customers: CUSTOMERS, opening: 10_000 };
    let stage = Arc::new(Stage::with_key_of(&up.data_dir, up.database()?, accounts).await?);
    let users: Vec<String> = (0..4).map(|user| format!("user {user}")).collect();
    stage.give_cash(&users, 100).await?;
    let caller = Arc::new(Caller::new(&stage, &[up.port])?);
    let points = Points::open(&[up.port]).await?;
    let shape = Shape { clients: 6, customers: CUSTOMERS, pause: Duration::ZERO };
    let load = Load::start(&caller, run.seed, shape)
        .with_cash(&caller, run.seed, CASH_CLIENTS, &users)
        .with_points(&points, run.seed, POINTS_TILLS, Duration::ZERO);
    let mut random = run.seed.stream("kills");
    let mut starts = Vec::new();
    for _ in 0..kills {
        sleep(Duration::from_millis(random.random_range(ALIVE_MS))).await;
        process.kill().await.context("killing zerosum failed")?;
        let gone = Instant::now();
        process = up.start().await?;
        starts.push(gone.elapsed());
    }
    load.finish().await?;
    starts.sort_unstable();
    figure.see(
        "from a kill to a program that is ready again",
        format!(
            "median {} ms, at most {} ms",
            starts.get(starts.len() / 2).map_or(0, Duration::as_millis),
            starts.last().map_or(0, Duration::as_millis)
        ),
    );
    judge_statuses(&mut figure, &caller);
    // Its server has another port by now.
    let stage = stage.at(up.database()?);
    let reached = [("kills", kills), ("connections that clients saw end", caller.cut())];
    conclude(&mut figure, &stage, caller.history.take(), &reached).await?;
    points.conclude(&mut figure, &stage.database).await?;
    up.judge_verify(&mut figure).await?;
    process.kill().await.context("killing zerosum failed")?;
    Ok(figure.end(kills))
}

/// How the program is started.
struct Up {
    zerosum: PathBuf,
    data_dir: PathBuf,
    ready_file: PathBuf,
    port: u16,
}

impl Up {
    /// Starts it and waits until everything answers.
    async fn start(&self) -> anyhow::Result<Child> {
        // A killed run leaves its own behind.
        let _ = std::fs::remove_file(&self.ready_file);
        let mut command = self.command("up");
        command.args(["--no-demo", "--host", &Ipv4Addr::LOCALHOST.to_string()]);
        command.args(["--port-base", &(self.port - 1).to_string()]);
        command.arg("--ready-file").arg(&self.ready_file).env("ZEROSUM_LOG", "off");
        command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mut process = command.spawn().context("zerosum cannot be started")?;
        let until = Instant::now() + READY_MAX;
        while !self.ready_file.exists() {
            if let Some(status) = process.try_wait()? {
                bail!("zerosum ended before it was ready: {status}");
            }
            ensure!(Instant::now() < until, "zerosum was not ready within {READY_MAX:?}");
            sleep(Duration::from_millis(20)).await;
        }
        Ok(process)
    }

    /// The server that it runs now.
    fn database(&self) -> anyhow::Result<TestDatabase> {
        let address = Address::of_running(&self.data_dir)?.context("zerosum runs no server")?;
        Ok(TestDatabase::at(address.url(DATABASE), address.app_url(DATABASE)))
    }

    /// `zerosum verify` on its folder.
    async fn judge_verify(&self, figure: &mut Figure) -> anyhow::Result<()> {
        let output = self.command("verify").output().await.context("zerosum verify could not be run")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let held = output.status.success() && said.trim_end().ends_with("OK");
        figure.claim(held, || format!("zerosum verify ended with {}:\n{said}", output.status));
        figure.see("zerosum verify", said.lines().nth(1).unwrap_or_default());
        Ok(())
    }

    /// With nothing of our own environment that would steer it.
    fn command(&self, of: &str) -> Command {
        let mut command = Command::new(&self.zerosum);
        command.arg(of).arg("--data-dir").arg::<&Path>(&self.data_dir);
        for name in
            ["DATABASE_URL", "APP_DATABASE_URL", "ZEROSUM_DATA_DIR", "ZEROSUM_PORT_BASE", "ZEROSUM_HOST"]
        {
            command.env_remove(name);
        }
        command
    }
}
