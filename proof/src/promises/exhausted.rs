//! Promise 25: no connection to be had: 503 with Retry-After in bounded time, and back to work afterwards.

use std::time::Duration;

use tokio::task::JoinSet;
use zerosum_testkit::{history::Outcome, proxy::Link};

use crate::{
    Figure, Run,
    behind::{Behind, one_reader},
    caller::Transfer,
    conclude::{conclude, judge_statuses},
    stage::Accounts,
};

/// Half a second for a connection, and what it takes to say so on a busy machine.
const TOLD_MAX: Duration = Duration::from_millis(1_500);
const READERS: usize = 40;

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "pool exhausted: 503 with Retry-After in bounded time";
    let mut figure = Figure::begin(25, claim, "requests that found no connection");
    let accounts = Accounts { customers: 4, opening: 10_000 };
    let Behind { stage, proxy, service, caller } = Behind::start(run, accounts, one_reader).await?;
    let mut random = run.seed.stream("probe");
    caller.read(1, &mut random).await;

    // One reading connection, and each reading takes 0.4 s: of many readers at once, few are in time.
    proxy.set_link(Link::Slow(Duration::from_millis(200)));
    let mut told = 0;
    for _ in 0..run.trials(2, 30) {
        let mut readers = JoinSet::new();
        for reader in 0..READERS {
            let (caller, mut random) = (caller.clone(), run.seed.stream(&format!("reader {reader}")));
            readers.spawn(async move { caller.read(1, &mut random).await });
        }
        for answer in readers.join_all().await {
            told += u64::from(answer.is_some_and(|answer| answer.status == 503));
        }
    }
    proxy.set_link(Link::Open);
    figure.see("readers told 503", told);
    figure.claim(told > 0, || "the pool was never exhausted".to_owned());
    figure.claim(caller.slowest() <= TOLD_MAX, || {
        format!("an answer took {} ms", caller.slowest().as_millis())
    });

    // The server itself takes no more logins: a lane that lost its connection cannot come back until it does.
    let admin = stage.database.admin().await;
    admin.batch_execute("alter role zerosum connection limit 0").await?;
    proxy.cut_all();
    let transfer = |key: &str| Transfer { key: key.to_owned(), from: 1, to: 2, amount: 1 };
    let outcome = caller.transfer(&transfer("kept out"), &mut random, Duration::from_secs(1)).await;
    admin.batch_execute("alter role zerosum connection limit -1").await?;
    figure.claim(outcome == Outcome::Unknown, || format!("without a login a transfer was {outcome:?}"));
    let back = caller.transfer(&transfer("let in"), &mut random, Duration::from_secs(10)).await;
    figure.claim(back == Outcome::Ok, || format!("after the logins came back a transfer was {back:?}"));
    judge_statuses(&mut figure, &caller);
    conclude(&mut figure, &stage, caller.history.take(), &[("readers told 503", told)]).await?;
    service.kill().await?;
    Ok(figure.end(told))
}
