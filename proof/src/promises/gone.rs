//! Promise 14: a client that goes away at a random instant leaves no poisoned session and no half effect.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use rand::Rng;
use tokio::time::timeout;

use crate::{
    Figure, Run,
    caller::Caller,
    conclude::{conclude, judge_statuses},
    load::transfer,
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 50;
/// At once: enough that batches are shared with others who stay.
const CLIENTS: usize = 16;
/// A request takes a few milliseconds, so this ends before, in and after its batch.
const PATIENCE_MICROS: std::ops::Range<u64> = 0..15_000;
const TOLD_MAX: Duration = Duration::from_secs(30);
/// Asked in one go; some of them are answered before their client goes away.
const ROUND: u64 = 200;

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "a client that goes away at any instant leaves no poisoned session and no half effect";
    let mut figure = Figure::begin(14, claim, "requests whose client went away");
    let wanted = run.trials(300, 10_000);
    let stage = Arc::new(Stage::new(Accounts { customers: CUSTOMERS, opening: 10_000 }).await?);
    let plan = Plan::new(&run.program, &stage, stage.database.app_url())?;
    let service = Service::start(&plan).await?;
    let caller = Arc::new(Caller::new(&stage, &[plan.port])?);
    let request = |number: u64| {
        let (caller, mut random) = (caller.clone(), run.seed.stream(&format!("request {number}")));
        async move {
            let transfer = transfer(&mut random, CUSTOMERS, format!("gone-{number}"));
            let patience = Duration::from_micros(random.random_range(PATIENCE_MICROS));
            let invoked = caller.history.now();
            // Dropped in the middle, it closes its connection.
            let went = timeout(patience, caller.ask(&transfer, &mut random)).await.is_err();
            // Asked again, it is answered, and its effect may date from the first time.
            caller.transfer_since(invoked, &transfer, &mut random, TOLD_MAX).await;
            went
        }
    };
    let (mut requests, mut went) = (0, 0);
    while went < wanted {
        let round = stream::iter(requests..requests + ROUND).map(request).buffer_unordered(CLIENTS);
        went += round.filter(|went| std::future::ready(*went)).count().await as u64;
        requests += ROUND;
    }
    figure.see("requests, each with one effect or refusal", requests);
    judge_statuses(&mut figure, &caller);
    conclude(&mut figure, &stage, caller.history.take(), &[("clients that went away", went)]).await?;
    service.kill().await?;
    Ok(figure.end(went))
}
