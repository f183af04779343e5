//! A lane: one task, one connection, one batch at a time.

use std::{sync::Arc, time::Duration};

use rand::Rng;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    EngineConfig, Fault, Outcome, Pending, ROUND_TRIP_MAX, StateMachine, Stats,
    batch::{self, Attempt},
    fault_points::{FaultPoint, reach},
    memory::Memory,
    session::Session,
    trouble::Trouble,
};
use crate::book::Ids;

/// How often a batch runs again before its callers are told to come back. Each rerun follows a deadlock or a race
/// that another process won, so five in a row mean that something else is wrong.
const RERUNS_MAX: u32 = 5;
/// The first pause before a rerun; it doubles, and a random half of it is left out so that rivals part.
const RERUN_PAUSE_MS: u64 = 2;

/// The most that is kept back of a deadline for the batch itself: after an outage of seconds, commands with a second
/// left are tried again, and the pace is learnt anew.
const PACE_MAX: Duration = Duration::from_secs(1);

pub(super) struct Lane<M: StateMachine> {
    machine: Arc<M>,
    config: EngineConfig,
    stats: Arc<Stats>,
    trouble: Arc<Trouble>,
    session: Option<Session<M>>,
    ids: Ids,
    memory: Memory,
    /// How long a batch takes these days.
    pace: Duration,
}

impl<M: StateMachine> Lane<M> {
    pub fn new(machine: Arc<M>, config: EngineConfig, stats: Arc<Stats>, trouble: Arc<Trouble>) -> Self {
        let (ids, memory) = (Ids::random(), Memory::default());
        Self { machine, config, stats, trouble, session: None, ids, memory, pace: Duration::ZERO }
    }

    pub async fn run(mut self, mut queue: mpsc::Receiver<Pending<M>>) {
        while let Some(first) = queue.recv().await {
            let batch = self.gather(first, &mut queue);
            if !batch.is_empty() {
                let start = Instant::now();
                self.settle(batch).await;
                self.note_pace(start.elapsed());
            }
        }
    }

    /// Up at once, because the next batch is as slow as this one; down by an eighth, because one fast batch is not yet
    /// a fast database.
    fn note_pace(&mut self, batch: Duration) {
        self.pace = batch.max(self.pace - self.pace / 8).min(PACE_MAX);
    }

    /// Takes what is queued now, up to the bound, and drops what could not be answered by its deadline.
    ///
    /// Under overload the queue is as old as the deadline. Commands taken at its very end would be done when their
    /// callers are gone: all of the work, and no use. So a batch's time is kept back.
    fn gather(&self, first: Pending<M>, queue: &mut mpsc::Receiver<Pending<M>>) -> Vec<Pending<M>> {
        let last_start = Instant::now() + self.pace;
        let mut weight = 0;
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(pending) = next {
            if pending.submission.deadline <= last_start {
                // The caller may be gone; then nobody needs the answer.
                let _gone = pending.answer.send(Err(Fault::Deadline));
            } else {
                weight += M::weight(&pending.submission.command);
                batch.push(pending);
            }
            next = if weight < self.config.batch_max { queue.try_recv().ok() } else { None };
        }
        batch
    }

    /// Runs a batch until each of its commands has an answer.
    async fn settle(&mut self, batch: Vec<Pending<M>>) {
        match self.attempts(&batch).await {
            Ok(outcomes) => deliver(batch, outcomes),
            Err(Failed::Whole(fault)) => {
                let outcomes = batch.iter().map(|_| Err(fault)).collect();
                deliver(batch, outcomes);
            }
            Err(Failed::Somewhere) if batch.len() > 1 => {
                Stats::add(&self.stats.splits, 1);
                metrics::counter!("zerosum_batch_splits_total").increment(1);
                for alone in batch {
                    let outcome = match self.attempts(std::slice::from_ref(&alone)).await {
                        Ok(mut outcomes) => outcomes.pop().unwrap_or(Err(Fault::Broken)),
                        Err(Failed::Whole(fault)) => Err(fault),
                        Err(Failed::Somewhere) => Err(Fault::Broken),
                    };
                    deliver(vec![alone], vec![outcome]);
                }
            }
            Err(Failed::Somewhere) => deliver(batch, vec![Err(Fault::Broken)]),
        }
    }

    /// Runs a batch, again after deadlocks and lost races.
    async fn attempts(&mut self, batch: &[Pending<M>]) -> Result<Vec<Outcome<M>>, Failed> {
        let mut pause_ms = RERUN_PAUSE_MS;
        for _ in 0..=RERUNS_MAX {
            let error = match self.attempt(batch).await {
                Ok(outcomes) => {
                    self.trouble.succeeded();
                    return Ok(outcomes);
                }
                Err(error) => error,
            };
            match error {
                Attempt::Rerun => {}
                // Under locks, and with its keys read, the same again is neither; no rival has to be waited for.
                Attempt::Stale | Attempt::KnownKey => {
                    let why = if error == Attempt::Stale { "stale" } else { "known_key" };
                    Stats::add(&self.stats.stale, 1);
                    metrics::counter!("zerosum_batch_reruns_total", "why" => why).increment(1);
                    continue;
                }
                Attempt::KeyHeldElsewhere if batch.len() == 1 => {
                    return Err(Failed::Whole(Fault::KeyInProgress));
                }
                Attempt::KeyHeldElsewhere => return Err(Failed::Somewhere),
                Attempt::Failed => return Err(Failed::Somewhere),
                Attempt::Unavailable => {
                    self.trouble.failed();
                    self.session = None;
                    return Err(Failed::Whole(Fault::Unavailable));
                }
                Attempt::Unknown => {
                    self.trouble.failed();
                    self.session = None;
                    return Err(Failed::Whole(Fault::Unknown));
                }
            }
            Stats::add(&self.stats.reruns, 1);
            metrics::counter!("zerosum_batch_reruns_total", "why" => "race").increment(1);
            let jittered = rand::rng().random_range(pause_ms / 2..=pause_ms);
            sleep(Duration::from_millis(jittered)).await;
            pause_ms *= 2;
        }
        Err(Failed::Whole(Fault::Unavailable))
    }

    async fn attempt(&mut self, batch: &[Pending<M>]) -> Result<Vec<Outcome<M>>, Attempt> {
        if self.session.as_ref().is_none_or(Session::is_closed) {
            // The library bounds the connection attempt and not what follows it: a database that accepts and then
            // says nothing would keep the lane for ever.
            let opening = timeout(ROUND_TRIP_MAX, Session::open(&self.config.database)).await;
            let opened = opening.map_err(|_silent| {
                tracing::warn!("the database accepted a lane's connection and said nothing");
                Attempt::Unavailable
            })?;
            self.session = Some(opened.map_err(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lane cannot reach the database");
                Attempt::Unavailable
            })?);
        }
        let Some(session) = &self.session else { return Err(Attempt::Unavailable) };
        let before = session.sent();
        let (ids, memory) = (&mut self.ids, &mut self.memory);
        let result = batch::run(&*self.machine, session, &self.config, ids, memory, &self.stats, batch).await;
        Stats::add(&self.stats.statements, session.sent() - before);
        if result.is_ok() {
            Stats::add(&self.stats.batches, 1);
            Stats::add(&self.stats.commands, batch.len() as u64);
            metrics::histogram!("zerosum_batch_commands").record(batch.len() as f64);
        }
        result
    }
}

/// Why a whole batch has no outcomes.
enum Failed {
    /// The same for every command.
    Whole(Fault),
    /// One command's fault, or all of theirs: each has to run alone.
    Somewhere,
}

fn deliver<M: StateMachine>(batch: Vec<Pending<M>>, outcomes: Vec<Outcome<M>>) {
    reach(FaultPoint::Answering);
    for (pending, outcome) in batch.into_iter().zip(outcomes) {
        // A caller that went away reads its answer by its key.
        let _gone = pending.answer.send(outcome);
    }
}
