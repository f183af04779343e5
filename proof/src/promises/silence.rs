//! Promises 23 and 29: a database that has gone silent: no request outlives its deadline, liveness does not care,
//! readiness does, and everything works again seconds after it heals.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use zerosum_testkit::proxy::Link;

use crate::{
    Figure, Run,
    behind::Behind,
    caller::Transfer,
    conclude::{conclude, judge_statuses},
    load::{Load, Shape},
    stage::Accounts,
};

const CUSTOMERS: usize = 50;
/// A request has 3 s; what it costs to tell that on a busy machine is the rest.
const ANSWER_MAX: Duration = Duration::from_millis(3_800);
const HEALED_MAX: Duration = Duration::from_secs(5);
/// Longer than a request, so that whole requests fall into it.
const SILENCE: Duration = Duration::from_secs(4);

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "blackholed database: no request outlives its deadline; all is well within 5 s of healing";
    let mut figure = Figure::begin(23, claim, "blackholes under load");
    let rounds = run.trials(2, 30);
    let accounts = Accounts { customers: CUSTOMERS, opening: 10_000 };
    let Behind { stage, proxy, service, caller } = Behind::start(run, accounts, |plan| plan).await?;
    let load = Load::start(
        &caller,
        run.seed,
        Shape { clients: 8, customers: CUSTOMERS, pause: Duration::from_millis(5) },
    );
    let mut random = run.seed.stream("probe");
    let mut worst_healing = Duration::ZERO;
    for round in 0..rounds {
        sleep(Duration::from_millis(500)).await;
        let ready = caller.status("/readyz").await;
        figure
            .claim(ready == Some(200), || format!("round {round}: readiness is {ready:?} while all is well"));
        proxy.set_link(Link::Blackhole);
        if round % 2 == 1 {
            // New connections fall into the hole too, and the old ones never come back.
            proxy.cut_all();
        }
        sleep(SILENCE).await;
        let (live, ready) = (caller.status("/livez").await, caller.status("/readyz").await);
        figure.claim(live == Some(200), || format!("round {round}: liveness is {live:?} without a database"));
        figure.claim(ready == Some(503), || {
            format!("round {round}: readiness is {ready:?} without a database")
        });
        proxy.set_link(Link::Open);
        let healed = Instant::now();
        let transfer = Transfer { key: format!("probe-{round}"), from: 1, to: 2, amount: 1 };
        caller.transfer(&transfer, &mut random, Duration::from_secs(20)).await;
        while caller.read(1, &mut random).await.is_none_or(|told| told.status != 200) {
            sleep(Duration::from_millis(20)).await;
        }
        worst_healing = worst_healing.max(healed.elapsed());
    }
    load.finish().await?;
    figure.claim(worst_healing <= HEALED_MAX, || format!("healing took {} ms", worst_healing.as_millis()));
    figure.claim(caller.slowest() <= ANSWER_MAX, || {
        format!("an answer took {} ms", caller.slowest().as_millis())
    });
    figure.claim(caller.cut() == 0, || format!("{} attempts had no answer", caller.cut()));
    let told = caller.times(503);
    judge_statuses(&mut figure, &caller);
    figure.see("the longest wait for an answer", format!("{} ms", caller.slowest().as_millis()));
    figure
        .see("from healing to a posting and a reading", format!("{} ms at most", worst_healing.as_millis()));
    conclude(&mut figure, &stage, caller.history.take(), &[("requests told 503", told)]).await?;
    service.kill().await?;
    Ok(figure.end(rounds))
}
