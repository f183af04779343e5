//! Promise 22: backends terminated five times a second: clients see nothing but "ask again".

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    Figure, Run,
    caller::Caller,
    conclude::{conclude, judge_statuses},
    disturb,
    load::{Load, Shape},
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 100;

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "backends terminated 5 per second: only retryable 503s";
    let mut figure = Figure::begin(22, claim, "backends terminated under load");
    let stage = Arc::new(Stage::new(Accounts { customers: CUSTOMERS, opening: 10_000 }).await?);
    let plan = Plan::new(&run.program, &stage, stage.database.app_url())?;
    let service = Service::start(&plan).await?;
    let caller = Arc::new(Caller::new(&stage, &[plan.port])?);
    let load =
        Load::start(&caller, run.seed, Shape { clients: 8, customers: CUSTOMERS, pause: Duration::ZERO });
    let terminated = disturb::terminate_backends(&stage, Duration::from_millis(200)).await;
    sleep(run.time(Duration::from_secs(4))).await;
    let terminated = terminated.finish().await?;
    load.finish().await?;
    // The service itself never goes away, so every attempt has an answer.
    figure.claim(caller.cut() == 0, || format!("{} attempts had no answer", caller.cut()));
    judge_statuses(&mut figure, &caller);
    conclude(&mut figure, &stage, caller.history.take(), &[("backends terminated", terminated.times)])
        .await?;
    service.kill().await?;
    Ok(figure.end(terminated.times))
}
