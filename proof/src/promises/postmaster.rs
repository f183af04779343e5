//! Promises 20 and 29: the postmaster is killed under load and comes back: acknowledged and missing = 0.
//!
//! The only proof on a durable server: what was acknowledged must be on its disk.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use zerosum_testkit::TestDatabase;

use crate::{
    Figure, Run,
    caller::{Caller, Transfer},
    conclude::{conclude, judge_statuses},
    load::{Load, Shape},
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 50;
/// A posting may find the database back before a reading connection does.
const READY_MAX: Duration = Duration::from_secs(3);

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "postmaster killed under load: acknowledged and missing = 0; liveness stays, readiness tells";
    let mut figure = Figure::begin(20, claim, "postmasters killed");
    let kills = run.trials(2, 50);
    let mut durable = TestDatabase::durable().await;
    let stage = Arc::new(
        Stage::on(durable.database.clone(), Accounts { customers: CUSTOMERS, opening: 10_000 }).await?,
    );
    let plan = Plan::new(&run.program, &stage, stage.database.app_url())?;
    let service = Service::start(&plan).await?;
    let caller = Arc::new(Caller::new(&stage, &[plan.port])?);
    let load =
        Load::start(&caller, run.seed, Shape { clients: 8, customers: CUSTOMERS, pause: Duration::ZERO });
    let mut random = run.seed.stream("probe");
    let mut recoveries = Vec::new();
    for kill in 0..kills {
        sleep(Duration::from_millis(400)).await;
        let gone = Instant::now();
        durable.server.kill().await?;
        let (live, ready) = (caller.status("/livez").await, caller.status("/readyz").await);
        figure.claim(live == Some(200), || format!("kill {kill}: liveness is {live:?} without a database"));
        figure
            .claim(ready == Some(503), || format!("kill {kill}: readiness is {ready:?} without a database"));
        durable.server.start_again().await?;
        let transfer = Transfer { key: format!("probe-{kill}"), from: 1, to: 2, amount: 1 };
        caller.transfer(&transfer, &mut random, Duration::from_secs(60)).await;
        recoveries.push(gone.elapsed());
        let back = Instant::now();
        while caller.status("/readyz").await != Some(200) && back.elapsed() < READY_MAX {
            sleep(Duration::from_millis(20)).await;
        }
        let late = back.elapsed() >= READY_MAX;
        figure.claim(!late, || format!("kill {kill}: readiness does not see that the database is back"));
    }
    load.finish().await?;
    recoveries.sort_unstable();
    let at = |place: usize| recoveries.get(place).map_or(0, Duration::as_millis);
    figure.see(
        "from the kill to the next posting",
        format!(
            "median {} ms, at most {} ms",
            at(recoveries.len() / 2),
            at(recoveries.len().saturating_sub(1))
        ),
    );
    judge_statuses(&mut figure, &caller);
    conclude(&mut figure, &stage, caller.history.take(), &[("postmasters killed", recoveries.len() as u64)])
        .await?;
    service.kill().await?;
    Ok(figure.end(kills))
}
