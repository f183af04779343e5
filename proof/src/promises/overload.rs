//! Promise 26: at ten times the load, goodput stays at 80 % of its peak; the rest is told to come back; and it is
//! back to normal within 10 s.
//!
//! On the engine, where requests queue, behind a network that is slow and with small batches: so its capacity is known
//! and small, and the load generator is not what is measured. Callers give up at the deadline, as the edge does for
//! them: an answer that comes later is no goodput. The load is open: it does not wait for answers.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, interval, sleep, timeout_at},
};
use zerosum_accounting::command::Accounting;
use zerosum_ledger::{Engine, EngineConfig, Fault, Key, KeyLifetime, Submission};
use zerosum_testkit::proxy::{Link, Proxy, Quiet};

use crate::{
    Figure, Form, Run,
    stage::{Accounts, Stage},
};

/// With batches of 8 over a link of 5 ms each way, a few hundred a second.
const BATCH_MAX: usize = 8;
const LATE: Duration = Duration::from_millis(5);
/// As the edge's: a request has 3 s.
const DEADLINE: Duration = Duration::from_secs(3);
/// Of 1×, 2×, 5× and 10×, in percent of the peak.
const GOODPUT_PERCENT_MIN: u64 = 80;
const NORMAL_WITHIN: Duration = Duration::from_secs(10);
/// A probe that is answered this fast met no queue.
const NORMAL: Duration = Duration::from_millis(300);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Done,
    ComeBack,
    /// Past the deadline: at HTTP, 503.
    Late,
    Wrong,
}

#[derive(Clone)]
struct Callers {
    engine: Engine<Accounting>,
    stage: Arc<Stage>,
}

impl Callers {
    async fn ask(&self, key: String) -> Told {
        let deadline = Instant::now() + DEADLINE;
        let Ok(command) = self.stage.transfer(Some(&key), 1, 2, 1) else { return Told::Wrong };
        let key = Key {
            scope: "accounting:prover".into(),
            key: key.into(),
            fingerprint: [1; 32],
            lifetime: KeyLifetime::DEFAULT,
            remembers_refusals: true,
        };
        let submission = Submission { brand: Stage::brand(), key: Some(key), command, deadline };
        match timeout_at(deadline, self.engine.submit(submission)).await {
            Ok(Ok(answer)) if answer.outcome.is_ok() => Told::Done,
            Ok(Err(Fault::Busy | Fault::Deadline)) => Told::ComeBack,
            Ok(_) => Told::Wrong,
            Err(_late) => Told::Late,
        }
    }

    /// As many as there are callers, each waiting for its answer: what the engine can do. Per second.
    async fn peak(&self, time: Duration) -> u64 {
        let (start, mut callers) = (Instant::now(), JoinSet::new());
        for caller in 0..8 * BATCH_MAX {
            let this = self.clone();
            callers.spawn(async move {
                let mut done = 0_u64;
                while start.elapsed() < time {
                    done += u64::from(this.ask(format!("peak-{caller}-{done}")).await == Told::Done);
                }
                done
            });
        }
        let done: u64 = callers.join_all().await.into_iter().sum();
        done * 1_000 / millis(start.elapsed())
    }

    /// So many a second, whatever is answered. What was told, and whether while the load lasted.
    async fn load(&self, name: &str, per_second: u64, time: Duration) -> Vec<(Told, bool)> {
        const TICK: Duration = Duration::from_millis(10);
        let (start, mut ticks, mut sent, mut callers) = (Instant::now(), interval(TICK), 0, JoinSet::new());
        while start.elapsed() < time {
            ticks.tick().await;
            let due = per_second * millis(start.elapsed()) / 1_000;
            for number in sent..due {
                let (this, key) = (self.clone(), format!("{name}-{number}"));
                callers.spawn(async move { (this.ask(key).await, start.elapsed() <= time) });
            }
            sent = due.max(sent);
        }
        callers.join_all().await
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "at 10× load goodput stays ≥ 80 % of peak; the rest is told to come back; normal within 10 s";
    let mut figure = Figure::begin(26, claim, "requests of an open load");
    let stage = Arc::new(Stage::new(Accounts { customers: 2, opening: 1_000_000_000 }).await?);
    let proxy = Proxy::before(stage.database.app_url(), Quiet).await;
    let database = proxy.url(stage.database.app_url()).parse()?;
    let config = EngineConfig { batch_max: BATCH_MAX, ..EngineConfig::new(database) };
    let callers = Callers { engine: Engine::start(Accounting, config), stage: stage.clone() };
    callers.ask("first".to_owned()).await;
    proxy.set_link(Link::Slow(LATE));
    // Longer than the deadline: a queue that grows to it shows what it does to goodput.
    let time = run.time(Duration::from_secs(5)).min(Duration::from_secs(30));
    let mut peak = callers.peak(Duration::from_secs(2)).await;
    figure.see("callers that wait for their answers", format!("{peak} a second"));
    let (mut asked, mut goodputs): (u64, Vec<(u64, u64)>) = (0, Vec::new());
    // The load that breaks first is the greatest; the steps to it are for the long form.
    let loads: &[u64] = if run.form == Form::Short { &[1, 10] } else { &[1, 2, 5, 10] };
    for times in loads.iter().copied() {
        let told = callers.load(&format!("{times}x"), peak * times, time).await;
        let count = |what| told.iter().filter(|(told, _)| *told == what).count() as u64;
        // What was waiting at the end of the load is done later, and is not its goodput.
        let goodput = told.iter().filter(|told| **told == (Told::Done, true)).count() as u64;
        let goodput = goodput * 1_000 / millis(time);
        figure.see(
            format!("{times}×"),
            format!(
                "{goodput} a second done, {} told to come back, {} late",
                count(Told::ComeBack),
                count(Told::Late)
            ),
        );
        goodputs.push((times, goodput));
        figure.claim(count(Told::Wrong) == 0, || {
            format!("{times}×: {} were answered otherwise", count(Told::Wrong))
        });
        asked += told.len() as u64;
        let healed = Instant::now();
        for probe in 0_u64.. {
            let sent = Instant::now();
            if callers.ask(format!("probe-{times}-{probe}")).await == Told::Done && sent.elapsed() < NORMAL {
                break;
            }
            if healed.elapsed() > NORMAL_WITHIN {
                figure.find(format!("{times}×: not back to normal within {} s", NORMAL_WITHIN.as_secs()));
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        figure.see(
            format!("{times}×, then back to normal"),
            format!("{} ms after the last answer", healed.elapsed().as_millis()),
        );
    }
    // The peak is the best that was seen, whatever the load.
    peak = goodputs.iter().map(|(_, goodput)| *goodput).max().unwrap_or_default().max(peak);
    let least = peak * GOODPUT_PERCENT_MIN / 100;
    for (times, goodput) in goodputs.into_iter().filter(|(times, _)| *times > 2) {
        figure.claim(goodput >= least, || format!("{times}×: {goodput} a second, at least {least} wanted"));
    }
    figure.see("peak of all", format!("{peak} a second"));
    let report = zerosum_ledger::verify(stage.database.app_url()).await?;
    figure.findings.extend(report.findings.iter().map(ToString::to_string));
    Ok(figure.end(asked))
}
