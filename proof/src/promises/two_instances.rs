//! Promises 1 and 16: two instances of each service against one database, every fault at once: each account is strictly
//! serializable, money and points are conserved, every acknowledged effect is there, every key has one.

use std::{sync::Arc, time::Duration};

use rand::Rng;
use tokio::time::{Instant, sleep};
use zerosum_testkit::{
    proxy::{Counts, Proxy},
    schedule::{Chance, Odds},
};

use crate::{
    Figure, Form, Run,
    caller::Caller,
    conclude::{conclude, judge_statuses},
    disturb,
    load::{Load, Shape},
    points::Points,
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CLIENTS: usize = 24;
const CASH_CLIENTS: usize = 8;
const POINTS_TILLS: usize = 8;
/// Few, so that each is fought over.
const USERS: usize = 6;
const ODDS: Odds = Odds { commits: 25, connections: 5 };
/// For the faults of chance that a short run needs.
const REACHED_MAX: Duration = Duration::from_secs(40);
/// Between two kills of a process.
const KILLS: std::ops::Range<u64> = 800..2_000;

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim =
        "two instances under all faults: strictly serializable accounts, conserved money, one effect per key";
    let mut figure = Figure::begin(16, claim, "operations answered");
    let customers = usize::try_from(run.trials(1_000, 10_008))?;
    let stage = Arc::new(Stage::new(Accounts { customers, opening: 10_000 }).await?);
    let (mut proxies, mut plans) = (Vec::new(), Vec::new());
    for instance in ["instance 0", "instance 1"] {
        let proxy = Proxy::before(stage.database.app_url(), Chance::new(run.seed, instance, ODDS)).await;
        plans.push(Plan::new(&run.program, &stage, &proxy.url(stage.database.app_url()))?);
        proxies.push(proxy);
    }
    let ports: Vec<u16> = plans.iter().map(|plan| plan.port).collect();
    let caller = Arc::new(Caller::new(&stage, &ports)?);
    let mut services = vec![Service::start(&plans[0]).await?, Service::start(&plans[1]).await?];
    // Without a pause the history outgrows the checkers in ten minutes; conflicts stay plenty.
    let pause = match run.form {
        Form::Short => Duration::ZERO,
        Form::Long { .. } => Duration::from_millis(20),
    };
    let users: Vec<String> = (0..USERS).map(|user| format!("user {user}")).collect();
    stage.give_cash(&users, 100).await?;
    let points = Points::open(&ports).await?;
    let load = Load::start(&caller, run.seed, Shape { clients: CLIENTS, customers, pause })
        .with_cash(&caller, run.seed, CASH_CLIENTS, &users)
        .with_points(&points, run.seed, POINTS_TILLS, pause);
    let terminated = disturb::terminate_backends(&stage, Duration::from_millis(500)).await;
    let snapshots = disturb::take_snapshots(&stage, Duration::from_millis(200)).await;

    let mut random = run.seed.stream("processes");
    let start = Instant::now();
    let until = start + run.time(Duration::from_secs(7));
    // On a machine that is busy with something else, the faults that are counted on take longer to come by.
    let cut = |of: fn(&Counts) -> u64| proxies.iter().any(|proxy| of(proxy.counts()) > 0);
    let both_cut = || cut(Counts::cut_before) && cut(Counts::cut_after);
    let mut kills = 0;
    while Instant::now() < until || (!both_cut() && start.elapsed() < REACHED_MAX) {
        sleep(Duration::from_millis(random.random_range(KILLS))).await;
        let instance = random.random_range(0..services.len());
        services.remove(instance).kill().await?;
        services.insert(instance, Service::start(&plans[instance]).await?);
        kills += 1;
    }
    let terminated = terminated.finish().await?;
    load.finish().await?;
    let snapshots = snapshots.finish().await?;
    figure.findings.extend(snapshots.findings);
    judge_statuses(&mut figure, &caller);
    let total = |of: fn(&Counts) -> u64| proxies.iter().map(|proxy| of(proxy.counts())).sum();
    let mut reached = vec![
        ("commits cut before they passed", total(|counts| counts.cut_before())),
        ("commits cut before their acknowledgement", total(|counts| counts.cut_after())),
        ("processes killed", kills),
        ("backends terminated", terminated.times),
        ("snapshots taken", snapshots.times),
    ];
    // A short run may miss the rarest; a long one may not.
    let rare = [
        ("commits cut blindly", total(|counts| counts.cut_blind())),
        ("acknowledgements delayed", total(|counts| counts.delayed())),
        ("connections reset at some byte", total(|counts| counts.resets())),
        ("connections half closed at some byte", total(|counts| counts.half_closes())),
    ];
    match run.form {
        Form::Long { .. } => reached.extend(rare),
        Form::Short => rare.iter().for_each(|(what, times)| figure.see(*what, times)),
    }
    let history = conclude(&mut figure, &stage, caller.history.take(), &reached).await?;
    let about_points = points.conclude(&mut figure, &stage.database).await?;
    figure.see("the longest wait for one answer", format!("{} ms", caller.slowest().as_millis()));
    Ok(figure.end(history.operations.len() as u64 + about_points))
}
