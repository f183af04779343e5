//! Promise 26: at ten times the load, goodput stays at 80 % of its peak; the rest is told to come back; and it is
//! back to normal within 10 s.
//!
//! On the engine, where requests queue, behind a network that is slow and with small batches. Callers give up at the
//! deadline, as the edge does for them: an answer that comes later is no goodput.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};
use zerosum_accounting::command::Accounting;
use zerosum_ledger::{Engine, EngineConfig, Fault, Key, Submission};
use zerosum_testkit::proxy::{Link, Proxy, Quiet};

use crate::{
    Figure, Run,
    goodput::{self, Asker, BATCH_MAX},
    stage::{Accounts, Stage},
};

/// With small batches over a link of 5 ms each way, a few hundred a second.
const LATE: Duration = Duration::from_millis(5);
/// As the edge's: a request has 3 s.
const DEADLINE: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Done,
    ComeBack,
    /// Past the deadline: at HTTP, 503.
    Late,
    Wrong,
}

struct Callers {
    engine: Engine<Accounting>,
    stage: Arc<Stage>,
}

impl Asker for Callers {
    type Told = Told;
    const DONE: Told = Told::Done;
    const NORMAL: Duration = Duration::from_millis(300);

    async fn ask(&self, key: String) -> Told {
        let deadline = Instant::now() + DEADLINE;
        let Ok(command) = self.stage.transfer(Some(&key), 1, 2, 1) else { return Told::Wrong };
        let key = Key::new("accounting:prover", key, [1; 32]);
        let submission = Submission { brand: Stage::brand(), key: Some(key), command, deadline };
        match timeout_at(deadline, self.engine.submit(submission)).await {
            Ok(Ok(answer)) if answer.outcome.is_ok() => Told::Done,
            Ok(Err(Fault::Busy | Fault::Deadline)) => Told::ComeBack,
            Ok(_) => Told::Wrong,
            Err(_late) => Told::Late,
        }
    }
}

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "at 10× load goodput stays ≥ 80 % of peak; the rest is told to come back; normal within 10 s";
    let mut figure = Figure::begin(26, claim, "requests of an open load");
    let stage = Arc::new(Stage::new(Accounts { customers: 2, opening: 1_000_000_000 }).await?);
    let proxy = Proxy::before(stage.database.app_url(), Quiet).await;
    let database = proxy.url(stage.database.app_url()).parse()?;
    let config = EngineConfig { batch_max: BATCH_MAX, ..EngineConfig::new(database) };
    let callers = Arc::new(Callers { engine: Engine::start(Accounting, config), stage: stage.clone() });
    callers.ask("first".to_owned()).await;
    proxy.set_link(Link::Slow(LATE));
    // Longer than the deadline: a queue that grows to it shows what it does to goodput.
    let time = run.time(Duration::from_secs(5)).min(Duration::from_secs(30));
    let capacity = goodput::capacity(&callers, Duration::from_secs(2)).await;
    figure.see("capacity: callers that wait for their answers", format!("{capacity} a second"));
    let (mut asked, mut goodputs) = (0, Vec::new());
    for times in goodput::loads(run).iter().copied() {
        let name = format!("{times}x");
        let answers = goodput::load(&callers, &name, capacity * times, time).await;
        let count = |what| answers.iter().filter(|answer| answer.told == what).count() as u64;
        let goodput = goodput::per_second::<Callers>(&answers, time);
        let back = goodput::back_to_normal(&mut figure, &*callers, &name).await;
        figure.see(
            name.clone(),
            format!(
                "{goodput} a second done, {} told to come back, {} late; back to normal after {back}",
                count(Told::ComeBack),
                count(Told::Late)
            ),
        );
        figure.claim(count(Told::Wrong) == 0, || {
            format!("{name}: {} were answered otherwise", count(Told::Wrong))
        });
        goodputs.push((times, goodput));
        asked += answers.len() as u64;
    }
    goodput::judge(&mut figure, capacity, &goodputs);
    let report = zerosum_ledger::verify(stage.database.app_url()).await?;
    figure.findings.extend(report.findings.iter().map(ToString::to_string));
    Ok(figure.end(asked))
}
