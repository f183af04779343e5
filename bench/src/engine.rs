//! The engine alone: callers that each wait for their answer, over one private, durable PostgreSQL.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rand::Rng;
use tokio_postgres::NoTls;
use uuid::Uuid;
use zerosum_domain::{AccountId, BrandId, Cents};
use zerosum_embedded_postgres::{Config, Durability, Server};
use zerosum_ledger::{Engine, EngineConfig, Key, KeyLifetime, Submission, engine::Stats};

use crate::transfer::{Transfer, Transfers};

#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Seconds per measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Runs of each shape; the median is printed.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Callers that wait for their answers, one figure each.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,128,256,1024")]
    callers: Vec<usize>,
    #[arg(long, default_value_t = 10_000)]
    accounts: usize,
    #[arg(long, default_value_t = 1)]
    lanes: usize,
}

/// Which accounts the transfers touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Random,
    /// Every transfer has one account in common.
    Hot,
}

pub async fn run(settings: Settings) -> anyhow::Result<()> {
    let server = Server::start(Config::temporary().durability(Durability::On)).await?;
    server.ensure_database("bench").await?;
    let url = server.url("bench");
    zerosum_ledger::migrate(&url).await?;
    let accounts = Arc::new(set_up(&url, settings.accounts).await?);
    println!("PostgreSQL {}, durable; {settings:?}", server.version());
    println!(
        "{:>7} {:>8} {:>12} {:>10} {:>10} {:>9}",
        "shape", "callers", "transfers/s", "p50 ms", "p99 ms", "batch"
    );
    for shape in [Shape::Random, Shape::Hot] {
        for callers in &settings.callers {
            let mut runs = Vec::new();
            for _ in 0..settings.runs {
                runs.push(measure(&url, &settings, accounts.clone(), shape, *callers).await?);
            }
            runs.sort_by_key(|run| run.per_second);
            let median = &runs[runs.len() / 2];
            println!(
                "{:>7} {:>8} {:>12} {:>10} {:>10} {:>9}",
                format!("{shape:?}").to_lowercase(),
                callers,
                median.per_second,
                milliseconds(median.p50),
                milliseconds(median.p99),
                median.batch
            );
        }
    }
    server.stop().await?;
    Ok(())
}

fn milliseconds(duration: Duration) -> String {
    let micros = duration.as_micros();
    format!("{}.{:02}", micros / 1000, micros % 1000 / 10)
}

async fn set_up(url: &str, accounts: usize) -> anyhow::Result<Vec<AccountId>> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let ids: Vec<Uuid> = (0..accounts)
        .map(|n| Uuid::from_u128(0x0193_a1f0_0000_7000_8000_0000_0000_0000 + n as u128))
        .collect();
    client.batch_execute("insert into ledger.brands (brand_id, name) values ('bench', 'Bench')").await?;
    client
        .execute(
            "insert into ledger.accounts (brand_id, account_id, name, type, steward, currency, keeps_lots, created_at, updated_at)
             select 'bench', id, 'a', 'asset', 'general', 'USD', false, now(), now() from unnest($1::uuid[]) id",
            &[&ids],
        )
        .await?;
    client
        .execute(
            "insert into ledger.balances (brand_id, account_id, posted, held, version)
             select 'bench', id, 0, 0, 0 from unnest($1::uuid[]) id",
            &[&ids],
        )
        .await?;
    client.batch_execute("vacuum analyze").await?;
    Ok(ids.into_iter().map(AccountId::new).collect())
}

struct Run {
    per_second: u64,
    p50: Duration,
    p99: Duration,
    batch: u64,
}

async fn measure(
    url: &str,
    settings: &Settings,
    accounts: Arc<Vec<AccountId>>,
    shape: Shape,
    callers: usize,
) -> anyhow::Result<Run> {
    let config = EngineConfig { lanes: settings.lanes, ..EngineConfig::new(url.parse()?) };
    let engine = Engine::start(Transfers, config);
    let brand = BrandId::parse("bench").context("a brand")?;
    let failed = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let until = start + Duration::from_secs(settings.seconds);
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (engine, brand, accounts, failed) =
                (engine.clone(), brand.clone(), accounts.clone(), failed.clone());
            tokio::spawn(async move {
                let scope: Arc<str> = "bench/caller".into();
                let mut latencies = Vec::new();
                while Instant::now() < until {
                    let submission = submission(&brand, &scope, &accounts, shape);
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
    let at = |part: usize| latencies.get(latencies.len() * part / 100).copied().unwrap_or_default();
    Ok(Run {
        per_second: latencies.len() as u64 * 1000 / u64::try_from(elapsed.as_millis())?.max(1),
        p50: at(50),
        p99: at(99),
        batch: mean_batch(engine.stats()),
    })
}

fn mean_batch(stats: &Stats) -> u64 {
    stats.commands() / stats.batches().max(1)
}

fn submission(
    brand: &BrandId,
    scope: &Arc<str>,
    accounts: &[AccountId],
    shape: Shape,
) -> Submission<Transfer> {
    let mut random = rand::rng();
    let first = match shape {
        Shape::Random => random.random_range(1..accounts.len()),
        Shape::Hot => 0,
    };
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
        key: Some(Key {
            scope: scope.clone(),
            key: Uuid::from_bytes(key).to_string().into(),
            fingerprint: [7; 32],
            lifetime: KeyLifetime::DEFAULT,
            remembers_refusals: true,
        }),
        command: Transfer { from: accounts[first], to: accounts[second], amount },
        deadline: tokio::time::Instant::now() + Duration::from_secs(30),
    }
}
