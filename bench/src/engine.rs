//! The engine alone: callers that each wait for their answer, in this process, over the same durable PostgreSQL.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rand::Rng;
use uuid::Uuid;
use zerosum_domain::{AccountId, BrandId, Cents};
use zerosum_ledger::{Engine, EngineConfig, Key, Submission};

use crate::{
    bench::Bench,
    books,
    config::Measure,
    cpu::Clocks,
    report::{Figures, Line},
    scenario::Scenario,
    stage::{Database, Snapshot},
    transfer::{Transfer, Transfers},
};

/// A caller gives up long after anything is wrong: what is measured must not be cut short.
const DEADLINE: Duration = Duration::from_secs(30);
/// As in the scenarios over HTTP.
const STATISTICS_DELAY: Duration = Duration::from_millis(1_100);

#[derive(Debug, Clone, clap::Args)]
pub struct EngineArgs {
    #[command(flatten)]
    pub measure: Measure,
    /// Callers that wait for their answers, one figure each.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,200,256,1024")]
    callers: Vec<usize>,
}

/// `engine`: random accounts, then a hot one, at each number of callers.
pub async fn run(args: EngineArgs) -> anyhow::Result<()> {
    let mut bench = Bench::start(args.measure).await?;
    println!("{}", Line::HEADING);
    for (scenario, hot) in [(Scenario::Engine, false), (Scenario::EngineHot, true)] {
        let database = bench.stage.database(&scenario.name()).await?;
        for callers in args.callers.iter().copied() {
            let line = measure(&bench, &database, scenario, hot, callers).await?;
            bench.tell(line);
        }
        println!("{:<18} verify {}", scenario.name(), database.verify().await?);
        bench.stage.drop(database).await?;
    }
    bench.write(&[])?;
    bench.stage.stop().await
}

/// One number of callers; the first opens the books of the database.
pub async fn measure(
    bench: &Bench,
    database: &Database,
    scenario: Scenario,
    hot: bool,
    callers: usize,
) -> anyhow::Result<Line> {
    let owner = database.owner().await?;
    let known = owner.query("select account_id from ledger.accounts order by account_id", &[]).await?;
    let ids: Vec<Uuid> = match &known[..] {
        [] => books::open(database, 1, bench.measure.accounts).await?[0].ids.to_vec(),
        known => known.iter().map(|row| row.get(0)).collect(),
    };
    let accounts = Arc::new(ids.into_iter().map(AccountId::new).collect::<Vec<_>>());
    let mut config =
        EngineConfig { lanes: bench.measure.lanes, ..EngineConfig::new(database.app_url.parse()?) };
    config.batch_max = bench.measure.batch_max.map_or(config.batch_max, usize::from);
    let engine = Engine::start(Transfers, config);
    let before = Snapshot::take(&owner).await?;
    let clocks = Clocks::read(&owner, &[]).await?;
    let mut runs = Vec::new();
    for _ in 0..bench.in_a_row {
        runs.push(one_run(&engine, bench.measure.time(), accounts.clone(), hot, callers).await?);
    }
    let cores = clocks.zip(Clocks::read(&owner, &[]).await?).map(|(before, after)| before.until(&after));
    if !bench.measure.short {
        tokio::time::sleep(STATISTICS_DELAY).await;
    }
    let after = Snapshot::take(&owner).await?;
    let stats = engine.stats();
    Ok(Line {
        commands_per_commit: Some(stats.commands() / stats.batches().max(1)),
        cost: before.until(&after),
        cores,
        ..Line::of_runs(scenario, callers, runs)
    })
}

async fn one_run(
    engine: &Engine<Transfers>,
    time: Duration,
    accounts: Arc<Vec<AccountId>>,
    hot: bool,
    callers: usize,
) -> anyhow::Result<Figures> {
    let brand = BrandId::parse("brand-000").context("a brand")?;
    let failed = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let until = start + time;
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (engine, brand, accounts, failed) =
                (engine.clone(), brand.clone(), accounts.clone(), failed.clone());
            tokio::spawn(async move {
                let scope: Arc<str> = "bench/caller".into();
                let mut latencies = Vec::new();
                while Instant::now() < until {
                    let submission = submission(&brand, &scope, &accounts, hot);
                    let sent = Instant::now();
                    match engine.submit(submission).await {
                        Ok(answer) if answer.outcome.is_ok() => latencies.push(sent.elapsed()),
                        _ => {
                            failed.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await?);
    }
    let elapsed = start.elapsed();
    let failed = failed.load(Ordering::Relaxed);
    anyhow::ensure!(failed == 0, "{failed} transfers failed");
    latencies.sort_unstable();
    let at = |per_mille: usize| {
        let place = (latencies.len() * per_mille / 1000).min(latencies.len().saturating_sub(1));
        let latency = latencies.get(place).copied().unwrap_or_default();
        u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
    };
    let per_second = latencies.len() as u64 * 1000 / u64::try_from(elapsed.as_millis())?.max(1);
    Ok(Figures {
        per_second,
        requests_per_second: per_second,
        p50_us: at(500),
        p99_us: at(990),
        p999_us: at(999),
        max_us: at(1000),
    })
}

fn submission(brand: &BrandId, scope: &Arc<str>, accounts: &[AccountId], hot: bool) -> Submission<Transfer> {
    let mut random = rand::rng();
    let first = if hot { 0 } else { random.random_range(1..accounts.len()) };
    let mut second = first;
    while second == first {
        second = random.random_range(1..accounts.len());
    }
    let mut key = [0; 16];
    random.fill(&mut key);
    let amount = match Cents::new(random.random_range(1..1000)) {
        Ok(amount) => amount,
        Err(_) => unreachable!("the range is valid"),
    };
    Submission {
        brand: brand.clone(),
        key: Some(Key::new(scope.clone(), Uuid::from_bytes(key).to_string(), [7; 32])),
        command: Transfer { from: accounts[first], to: accounts[second], amount },
        deadline: tokio::time::Instant::now() + DEADLINE,
    }
}
