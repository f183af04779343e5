//! Promises 11 and 14: `kill -9` at every step of the posting path, then retry: one effect.
//!
//! The process kills itself at a chosen step of a chosen batch; clients notice nothing but a connection that ends, and
//! ask again with the same key. What they were doing when it died is the client that went away, too. Points are
//! locked, settled, voided and refunded all the while by tills whose key is the reference.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rand::Rng;
use zerosum_ledger::engine::FaultPoint;

use crate::{
    Figure, Run,
    caller::Caller,
    conclude::{conclude, judge_statuses},
    load::{Load, Shape},
    points::Points,
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 50;
const POINTS_TILLS: usize = 4;
/// A batch takes milliseconds; a visit that does not come in this time never comes.
const VISIT_MAX: Duration = Duration::from_secs(30);

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "kill -9 at every step of the posting path, then retry: one effect";
    let mut figure = Figure::begin(11, claim, "processes killed, each at its step under load");
    let rounds = run.trials(1, 20);
    let stage = Arc::new(Stage::new(Accounts { customers: CUSTOMERS, opening: 10_000 }).await?);
    let plan = Plan::new(&run.program, &stage, stage.database.app_url())?;
    let caller = Arc::new(Caller::new(&stage, &[plan.port])?);
    let mut random = run.seed.stream("kills");
    let shape = Shape { clients: 8, customers: CUSTOMERS, pause: Duration::ZERO };
    let before = Service::start(&plan).await?;
    let points = Points::open(&[plan.port]).await?;
    before.kill().await?;
    let load =
        Load::start(&caller, run.seed, shape).with_points(&points, run.seed, POINTS_TILLS, Duration::ZERO);
    let mut kills: BTreeMap<String, u64> = BTreeMap::new();
    for point in (0..rounds).flat_map(|_| FaultPoint::ALL) {
        let visit = random.random_range(1..20);
        let mut service = Service::start(&Plan { kill: Some((*point, visit)), ..plan.clone() }).await?;
        match service.killed(VISIT_MAX).await {
            Ok(()) => *kills.entry(format!("killed at {point:?}")).or_default() += 1,
            Err(error) => figure.find(format!("{point:?}, visit {visit}: {error:#}")),
        }
    }
    let last = Service::start(&plan).await?;
    load.finish().await?;
    judge_statuses(&mut figure, &caller);
    let mut reached: Vec<(&str, u64)> = kills.iter().map(|(point, times)| (&**point, *times)).collect();
    reached.push(("connections that clients saw end", caller.cut()));
    let history = caller.history.take();
    conclude(&mut figure, &stage, history, &reached).await?;
    points.conclude(&mut figure, &stage.database).await?;
    last.kill().await?;
    figure.claim(kills.len() == FaultPoint::ALL.len(), || format!("only at {} steps", kills.len()));
    Ok(figure.end(kills.values().sum()))
}
