//! Promise 18: a hot account does not slow the others: p99 of the rest within 1.5× of without it.
//!
//! The same number of clients all the time. In one half of a pair they all transfer between cold accounts; in the
//! other, half of them put every one of their transfers on one account. The latencies that count are those of the
//! other half of the clients, who never touch it. A lock that is waited for with others in the same batch, or a batch that
//! runs again because of it, would show here: most of all where two instances fight for the account, which the long form
//! measures too.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand::Rng;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    Figure, Form, Run,
    caller::{Caller, Transfer},
    conclude::{conclude, judge_statuses},
    pairs::{P99, Pairs},
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 1_000;
/// Of each half. With their pause they leave the machine some air: a full one has queues of its own.
const CLIENTS: usize = 4;
const PAUSE: Duration = Duration::from_millis(10);
const PERCENT_MAX: u128 = 150;
/// The account that is hot.
const HOT: usize = 1;
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "a hot account does not slow the others: p99 of the rest within 1.5× of without it";
    let mut figure = Figure::begin(18, claim, "requests of the rest, measured");
    let mut measured = of(run, &mut figure, 1, "a hot account").await?;
    if let Form::Long { .. } = run.form {
        measured += of(run, &mut figure, 2, "an account that is hot in two instances").await?;
    }
    Ok(figure.end(measured))
}

/// Of so many instances of the service, which all get the same.
async fn of(run: &Run, figure: &mut Figure, instances: usize, what: &str) -> anyhow::Result<u64> {
    let stage = Arc::new(Stage::new(Accounts { customers: CUSTOMERS, opening: 1_000_000 }).await?);
    let (mut services, mut ports) = (Vec::new(), Vec::new());
    for _ in 0..instances {
        let plan = Plan::new(&run.program, &stage, stage.database.app_url())?;
        services.push(Service::start(&plan).await?);
        ports.push(plan.port);
    }
    let caller = Arc::new(Caller::new(&stage, &ports)?);
    let time = match run.form {
        Form::Short => Duration::from_millis(1_200),
        Form::Long { .. } => Duration::from_secs(4),
    };
    let mut pairs = Pairs::default();
    let mut hot = 0;
    // Connections, plans and pages are warm before anything is measured.
    half(run, &caller, "warm", true, time).await;
    for pair in 0.. {
        if !pairs.wants_more(run, PERCENT_MAX) {
            break;
        }
        let (without, _) = half(run, &caller, &format!("{pair}-without"), false, time).await;
        let (with, posted) = half(run, &caller, &format!("{pair}-with"), true, time).await;
        hot += posted;
        pairs.add(P99::of(without), P99::of(with));
    }
    pairs.judge(figure, what, PERCENT_MAX);
    judge_statuses(figure, &caller);
    let reached = [("transfers that touched the hot account", hot)];
    conclude(figure, &stage, caller.history.take(), &reached).await?;
    for service in services {
        service.kill().await?;
    }
    Ok(pairs.requests())
}

/// The latencies of the rest for a while, and how often the others posted.
async fn half(
    run: &Run,
    caller: &Arc<Caller>,
    name: &str,
    hot: bool,
    time: Duration,
) -> (Vec<Duration>, u64) {
    let stop = Arc::new(AtomicBool::new(false));
    let (mut rest, mut others) = (JoinSet::new(), JoinSet::new());
    for client in 0..2 * CLIENTS {
        let is_rest = client < CLIENTS;
        let (caller, stop) = (caller.clone(), stop.clone());
        let name = format!("{name}-{client}");
        let mut random = run.seed.stream(&name);
        let work = async move {
            let mut latencies = Vec::new();
            for number in 0_u64.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let cold = || HOT + 1..=CUSTOMERS;
                let from = if hot && !is_rest { HOT } else { random.random_range(cold()) };
                let mut to = from;
                while to == from {
                    to = random.random_range(cold());
                }
                let transfer = Transfer { key: format!("{name}-{number}"), from, to, amount: 1 };
                let sent = Instant::now();
                caller.transfer(&transfer, &mut random, PATIENCE).await;
                latencies.push(sent.elapsed());
                sleep(PAUSE).await;
            }
            latencies
        };
        if is_rest {
            rest.spawn(work)
        } else {
            others.spawn(work)
        };
    }
    sleep(time).await;
    stop.store(true, Ordering::Relaxed);
    let posted = others.join_all().await.iter().map(|latencies| latencies.len() as u64).sum();
    (rest.join_all().await.into_iter().flatten().collect(), posted)
}
