//! Goodput under an open load, which does not wait for answers: what both proofs of promise 26 measure, one of the
//! engine alone and one of a service over HTTP.
//!
//! The capacity is measured first, by callers that wait for their answers. What is done after the load has ended is
//! done, and is not its goodput.

use std::{sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, interval, sleep},
};

use crate::{Figure, Form, Run};

/// Small batches over a slow link: so the capacity is known and small, and the load generator, which shares the machine,
/// is not what is measured.
pub const BATCH_MAX: usize = 8;
/// More than a batch takes, so that there is always a next one; and a queue that ends within the deadline.
const WAITING: usize = 8 * BATCH_MAX;
/// Of every load, in percent of the peak.
const PERCENT_MIN: u64 = 80;
const NORMAL_WITHIN: Duration = Duration::from_secs(10);

/// Who asks for something that can be done.
pub trait Asker: Send + Sync + 'static {
    type Told: Copy + PartialEq + Send + 'static;
    const DONE: Self::Told;
    /// A probe that is answered this fast met no queue.
    const NORMAL: Duration;

    fn ask(&self, key: String) -> impl Future<Output = Self::Told> + Send;
}

/// What one request of a load was told.
pub struct Answer<T> {
    pub told: T,
    pub took: Duration,
    /// While the load lasted.
    in_time: bool,
}

/// What callers get done that wait for their answers. Per second.
pub async fn capacity<A: Asker>(asker: &Arc<A>, time: Duration) -> u64 {
    let (start, mut callers) = (Instant::now(), JoinSet::new());
    for caller in 0..WAITING {
        let asker = asker.clone();
        callers.spawn(async move {
            let mut done = 0_u64;
            while start.elapsed() < time {
                done += u64::from(asker.ask(format!("capacity-{caller}-{done}")).await == A::DONE);
            }
            done
        });
    }
    let done: u64 = callers.join_all().await.into_iter().sum();
    done * 1_000 / millis(start.elapsed())
}

/// Of its capacity, by how much it is loaded. The load that breaks first is the greatest; the steps to it are for the
/// long form.
pub fn loads(run: &Run) -> &'static [u64] {
    if run.form == Form::Short { &[1, 10] } else { &[1, 2, 5, 10] }
}

/// So many a second, whatever is answered.
pub async fn load<A: Asker>(
    asker: &Arc<A>,
    name: &str,
    per_second: u64,
    time: Duration,
) -> Vec<Answer<A::Told>> {
    const TICK: Duration = Duration::from_millis(10);
    let (start, mut ticks, mut sent, mut callers) = (Instant::now(), interval(TICK), 0, JoinSet::new());
    while start.elapsed() < time {
        ticks.tick().await;
        let due = per_second * millis(start.elapsed()) / 1_000;
        for number in sent..due {
            let (asker, key) = (asker.clone(), format!("{name}-{number}"));
            callers.spawn(async move {
                let sent = Instant::now();
                let told = asker.ask(key).await;
                Answer { told, took: sent.elapsed(), in_time: start.elapsed() <= time }
            });
        }
        sent = due.max(sent);
    }
    callers.join_all().await
}

/// Done while the load lasted, per second.
pub fn per_second<A: Asker>(answers: &[Answer<A::Told>], time: Duration) -> u64 {
    let done = answers.iter().filter(|answer| answer.told == A::DONE && answer.in_time).count() as u64;
    done * 1_000 / millis(time)
}

/// How long it takes until a probe meets no queue; what is too long is a finding.
pub async fn back_to_normal<A: Asker>(figure: &mut Figure, asker: &A, name: &str) -> String {
    let over = Instant::now();
    for probe in 0_u64.. {
        let sent = Instant::now();
        if asker.ask(format!("probe-{name}-{probe}")).await == A::DONE && sent.elapsed() < A::NORMAL {
            return format!("{} ms", over.elapsed().as_millis());
        }
        if over.elapsed() > NORMAL_WITHIN {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    figure.find(format!("{name}: not back to normal within {} s", NORMAL_WITHIN.as_secs()));
    "never".to_owned()
}

/// Whether the goodput of each load stays near the peak: the best that was seen, whatever the load.
pub fn judge(figure: &mut Figure, capacity: u64, goodputs: &[(u64, u64)]) {
    let peak = goodputs.iter().map(|(_, goodput)| *goodput).max().unwrap_or_default().max(capacity);
    let least = peak * PERCENT_MIN / 100;
    // What is within the capacity is no overload.
    for (times, goodput) in goodputs.iter().filter(|(times, _)| *times > 2) {
        figure.claim(*goodput >= least, || format!("{times}×: {goodput} a second, at least {least} wanted"));
    }
    figure.see("peak of all", format!("{peak} a second"));
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
