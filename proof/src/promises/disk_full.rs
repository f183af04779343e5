//! Promise 24: a full disk: nothing acknowledged is lost, nothing is corrupted, and service resumes by itself once there
//! is room again.
//!
//! The data folder lies on a small file system in memory, which is filled and emptied. Mounting one takes root on
//! Linux; elsewhere this proof says that it could not be run. Only in the long form.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use tokio::time::{Instant, sleep};
use zerosum_embedded_postgres::{Config, Durability, Server};
use zerosum_testkit::{TestDatabase, history::Outcome};

use crate::{
    Figure, Run,
    caller::{Caller, Transfer},
    conclude::{conclude, judge_statuses},
    load::{Load, Shape},
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 50;
/// A new cluster takes 40 MB, and its log of changes some more.
const SIZE: &str = "size=200m,mode=1777";
const FULL_FOR: Duration = Duration::from_secs(3);
const BACK_MAX: Duration = Duration::from_secs(30);

/// A file system of our own; it goes with the value.
struct Mounted(PathBuf);

impl Mounted {
    fn new(at: &Path) -> anyhow::Result<Self> {
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(at).status();
        ensure!(
            status.is_ok_and(|status| status.success()),
            "it takes root on Linux to mount a small file system"
        );
        Ok(Self(at.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: the server may take a moment to let go.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "disk full: readiness says so, nothing is lost or corrupted, service resumes by itself";
    let mut figure = Figure::begin(24, claim, "times that the disk was full under load");
    let folder = tempfile::tempdir()?;
    let mounted = Mounted::new(folder.path())?;
    let config = Config::kept(mounted.0.join("data")).durability(Durability::On);
    let mut server = Server::start(config).await?;
    let database = TestDatabase::first_of(&server).await;
    let stage = Arc::new(Stage::on(database, Accounts { customers: CUSTOMERS, opening: 10_000 }).await?);
    let plan = Plan::new(&run.program, &stage, stage.database.app_url())?;
    let service = Service::start(&plan).await?;
    let caller = Arc::new(Caller::new(&stage, &[plan.port])?);
    let load =
        Load::start(&caller, run.seed, Shape { clients: 8, customers: CUSTOMERS, pause: Duration::ZERO });
    let mut random = run.seed.stream("probe");
    let filler = mounted.0.join("filler");
    let (mut refused, mut unready, mut crashes) = (0, 0, 0);
    let rounds = run.trials(1, 5);
    for round in 0..rounds {
        sleep(Duration::from_secs(1)).await;
        fill(&filler)?;
        let until = Instant::now() + FULL_FOR;
        while Instant::now() < until {
            unready += u64::from(caller.status("/readyz").await == Some(503));
            sleep(Duration::from_millis(100)).await;
        }
        refused += caller.times(503);
        fs::remove_file(&filler).context("making room failed")?;
        let room = Instant::now();
        // What `zerosum up` does for its own server: one that has ended is started again.
        if tokio::time::timeout(Duration::from_millis(200), server.ended()).await.is_ok() {
            crashes += 1;
            server.start_again().await?;
        }
        let transfer = Transfer { key: format!("probe-{round}"), from: 1, to: 2, amount: 1 };
        let outcome = caller.transfer(&transfer, &mut random, BACK_MAX).await;
        figure.claim(outcome != Outcome::Unknown, || {
            format!("round {round}: no posting within {BACK_MAX:?} of room")
        });
        figure.see(
            format!("round {round}, from room to a posting"),
            format!("{} ms", room.elapsed().as_millis()),
        );
    }
    load.finish().await?;
    figure.claim(unready > 0, || "readiness never said that the disk was full".to_owned());
    figure.see("readiness asked while full, and 503", unready);
    figure.see("servers that ended by themselves", crashes);
    judge_statuses(&mut figure, &caller);
    conclude(&mut figure, &stage, caller.history.take(), &[("postings told to come back", refused)]).await?;
    service.kill().await?;
    server.stop().await?;
    drop(mounted);
    Ok(figure.end(rounds))
}

/// Writes until there is no room.
fn fill(file: &Path) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut filler = fs::File::create(file)?;
    for piece in [1 << 20, 4096] {
        let zeros = vec![0; piece];
        while filler.write_all(&zeros).is_ok() {}
    }
    Ok(())
}
