//! pgbench calling one function that moves money between two accounts: what PostgreSQL gives a client that speaks
//! its protocol and wants nothing but the posting.
//!
//! The function is a fair rival: one statement and one round trip, locks in key order, rows of the same columns
//! and the same indexes as ours. It keeps no keys, answers, events, brands' walls or versions of the entries.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::Context as _;
use hdrhistogram::Histogram;
use tokio::process::Command;
use tokio_postgres::config::Host;

use crate::{report::Figures, stage::Database};

/// More clients than this do not make it faster on two cores: it is at its best with 16 to 64.
pub const CLIENTS_MAX: usize = 64;

/// What pgbench is to do.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub clients: usize,
    pub accounts: usize,
    pub hot: bool,
    pub time: Duration,
}

/// Tables, accounts and the function.
pub async fn set_up(database: &Database, accounts: usize) -> anyhow::Result<()> {
    let owner = database.owner().await?;
    owner.batch_execute(include_str!("transfer.sql")).await.context("making pgbench's tables")?;
    let accounts = i64::try_from(accounts)?;
    owner
        .execute(
            "insert into rival.balances select n, 0, 0 from generate_series(1, $1::bigint) n",
            &[&accounts],
        )
        .await?;
    database.settle().await
}

/// One run; `None` where this PostgreSQL came without pgbench.
pub async fn run(database: &Database, shape: Shape) -> anyhow::Result<Option<Figures>> {
    let program = database.programs().await?.join("pgbench");
    if !program.exists() {
        return Ok(None);
    }
    // Its log has each transaction's latency; the summary has only the mean.
    let folder = std::env::temp_dir().join(format!("zerosum-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let figures = run_in(&folder, &program, database, shape).await;
    std::fs::remove_dir_all(&folder)?;
    figures.map(Some)
}

async fn run_in(folder: &Path, program: &Path, database: &Database, shape: Shape) -> anyhow::Result<Figures> {
    let from = if shape.hot { "1".to_owned() } else { format!("random(1, {})", shape.accounts) };
    let script = format!(
        "\\set a {from}\n\\set b 1 + (:a + random(0, {})) % {}\n\\set n random(100, 999)\n\
         select rival.transfer(:a, :b, :n);\n",
        shape.accounts - 2,
        shape.accounts,
    );
    let path = folder.join("transfer.pgbench");
    std::fs::write(&path, script)?;
    let config: tokio_postgres::Config = database.owner_url.parse()?;
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "127.0.0.1".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let password = String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned();
    let output = Command::new(program)
        .args(["--no-vacuum", "--protocol=prepared", "--log", "--jobs=1"])
        .arg("--file")
        .arg(&path)
        .args(["--host", &host, "--port", &port.to_string()])
        .args(["--username", config.get_user().unwrap_or("postgres")])
        .args(["--client", &shape.clients.to_string(), "--time", &shape.time.as_secs().max(1).to_string()])
        .arg(&database.name)
        .env("PGPASSWORD", password)
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("running pgbench")?;
    let said = String::from_utf8_lossy(&output.stdout);
    anyhow::ensure!(
        output.status.success(),
        "pgbench failed: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let per_second = said
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(['.', ' ']).next()?.parse().ok())
        .context("pgbench did not say how many transactions a second it did")?;
    latencies(folder, per_second)
}

/// From the log: client, number, microseconds, …
fn latencies(folder: &Path, per_second: u64) -> anyhow::Result<Figures> {
    let mut all = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgbench_log")) {
            continue;
        }
        for line in std::fs::read_to_string(path)?.lines() {
            let micros = line.split(' ').nth(2).and_then(|text| text.parse().ok()).unwrap_or(0);
            all.saturating_record(micros);
        }
    }
    let at = |part| all.value_at_quantile(part);
    Ok(Figures {
        per_second,
        requests_per_second: per_second,
        p50_us: at(0.5),
        p99_us: at(0.99),
        p999_us: at(0.999),
        max_us: all.max(),
    })
}
