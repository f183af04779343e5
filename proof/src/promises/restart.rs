//! Promise 28: SIGTERM drains: no request is lost in a rolling restart under load.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use crate::{
    Figure, Run,
    caller::Caller,
    conclude::{conclude, judge_statuses},
    load::{Load, Shape},
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 50;
/// Grace, answers in flight, and an exit: 10 s and some.
const DRAIN_MAX: Duration = Duration::from_secs(15);

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "SIGTERM drains: no request is lost in a rolling restart under load";
    let mut figure = Figure::begin(28, claim, "restarts under load");
    let restarts = run.trials(4, 60);
    let stage = Arc::new(Stage::new(Accounts { customers: CUSTOMERS, opening: 10_000 }).await?);
    let url = stage.database.app_url();
    let plans = [Plan::new(&run.program, &stage, url)?, Plan::new(&run.program, &stage, url)?];
    let mut services = vec![Service::start(&plans[0]).await?, Service::start(&plans[1]).await?];
    let caller = Arc::new(Caller::new(&stage, &[plans[0].port, plans[1].port])?);
    let load =
        Load::start(&caller, run.seed, Shape { clients: 8, customers: CUSTOMERS, pause: Duration::ZERO });
    for restart in 0..restarts {
        sleep(Duration::from_millis(300)).await;
        let instance = usize::try_from(restart % 2)?;
        let status = services.remove(instance).terminate(DRAIN_MAX).await?;
        figure.claim(status.success(), || format!("restart {restart}: it ended with {status}"));
        services.insert(instance, Service::start(&plans[instance]).await?);
    }
    load.finish().await?;
    // A connection that is refused was never taken, and nothing of it was lost: who sends there goes elsewhere.
    figure.claim(caller.lost() == 0, || format!("{} requests were taken and not answered", caller.lost()));
    figure.see("requests taken and not answered", caller.lost());
    figure.see("connections refused while a listener was away", caller.cut() - caller.lost());
    judge_statuses(&mut figure, &caller);
    conclude(&mut figure, &stage, caller.history.take(), &[("restarts", restarts)]).await?;
    Ok(figure.end(restarts))
}
