//! A lane: one task, one connection, one batch after the other.
//!
//! A batch that is decided on what the lane remembers has nothing to read. It is sent as one pipeline, and the next such
//! batch may be sent behind it, decided on what it leaves behind, before its commit is acknowledged. The server runs them
//! in that order. When one fails, what comes behind it finds other balances than it was decided on and fails too, unless
//! it did not build on it; whatever failed runs again, alone and under locks.

use std::{collections::VecDeque, pin::Pin, sync::Arc, task::Poll, time::Duration};

use futures_util::{FutureExt, poll};
use rand::Rng;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    EngineConfig, Fault, Outcome, Pending, ROUND_TRIP_MAX, StateMachine, Stats,
    batch::{self, Attempt, Landed},
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

/// Batches on their way at once: while the server works on one, the next is ready.
const FLIGHTS_MAX: usize = 2;
/// The least that is sent behind another batch. What a batch costs whatever its length is shared by this many; fewer
/// wait for the one before, and for company.
const FOLLOWS_MIN: usize = 100;

pub(super) struct Lane<M: StateMachine> {
    machine: Arc<M>,
    config: EngineConfig,
    stats: Arc<Stats>,
    trouble: Arc<Trouble>,
    session: Option<Arc<Session<M>>>,
    ids: Ids,
    memory: Memory,
    /// How long a batch takes these days.
    pace: Duration,
    flights: VecDeque<Flight<M>>,
}

/// A batch that was sent without waiting for the one before.
struct Flight<M: StateMachine> {
    batch: Vec<Pending<M>>,
    start: Instant,
    landing: Pin<Box<dyn Future<Output = Landed<M>> + Send>>,
}

/// Commands that have left the queue and wait for their batch.
struct Waiting<M: StateMachine> {
    commands: Vec<Pending<M>>,
    weight: usize,
}

impl<M: StateMachine> Waiting<M> {
    fn add(&mut self, pending: Pending<M>) {
        self.weight += M::weight(&pending.submission.command);
        self.commands.push(pending);
    }

    fn take(&mut self) -> Vec<Pending<M>> {
        self.weight = 0;
        std::mem::take(&mut self.commands)
    }
}

impl<M: StateMachine> Lane<M> {
    pub fn new(machine: Arc<M>, config: EngineConfig, stats: Arc<Stats>, trouble: Arc<Trouble>) -> Self {
        let (ids, memory, flights) = (Ids::random(), Memory::default(), VecDeque::new());
        let pace = Duration::ZERO;
        Self { machine, config, stats, trouble, session: None, ids, memory, pace, flights }
    }

    pub async fn run(mut self, mut queue: mpsc::Receiver<Pending<M>>) {
        let mut waiting = Waiting { commands: Vec::new(), weight: 0 };
        loop {
            // Takes what is queued now, up to the bound.
            while waiting.weight < self.config.batch_max
                && let Ok(next) = queue.try_recv()
            {
                waiting.add(next);
            }
            let follows = self.flights.len() < FLIGHTS_MAX && waiting.weight >= FOLLOWS_MIN;
            if !waiting.commands.is_empty() && (self.flights.is_empty() || follows) {
                self.start(waiting.take(), &mut queue).await;
                continue;
            }
            let Some(flight) = self.flights.front_mut() else {
                match queue.recv().await {
                    Some(next) => waiting.add(next),
                    None => return,
                }
                continue;
            };
            tokio::select! {
                biased;
                landed = &mut flight.landing => self.land(landed).await,
                Some(next) = queue.recv(), if waiting.weight < self.config.batch_max => waiting.add(next),
            }
        }
    }

    /// Up at once, because the next batch is as slow as this one; down by an eighth, because one fast batch is not yet
    /// a fast database.
    fn note_pace(&mut self, batch: Duration) {
        self.pace = batch.max(self.pace - self.pace / 8).min(PACE_MAX);
    }

    /// Starts a batch, without what could not be answered by its deadline.
    ///
    /// Under overload the queue is as old as the deadline. Commands taken at its very end would be done when their
    /// callers are gone: all of the work, and no use. So a batch's time is kept back.
    async fn start(&mut self, commands: Vec<Pending<M>>, queue: &mut mpsc::Receiver<Pending<M>>) {
        let start = Instant::now();
        let last_start = start + self.pace;
        let mut batch = Vec::with_capacity(commands.len());
        let mut weight = 0;
        let mut commands = commands.into_iter();
        // What is dropped leaves room for what is queued behind it: a batch of few is as slow as a full one.
        while weight < self.config.batch_max
            && let Some(pending) = commands.next().or_else(|| queue.try_recv().ok())
        {
            if pending.submission.deadline <= last_start {
                // The caller may be gone; then nobody needs the answer.
                let _gone = pending.answer.send(Err(Fault::Deadline));
            } else {
                weight += M::weight(&pending.submission.command);
                batch.push(pending);
            }
        }
        if batch.is_empty() {
            return;
        }
        let Some(batch) = self.fly(batch, start).await else { return };
        while let Some(flight) = self.flights.front_mut() {
            let landed = (&mut flight.landing).await;
            self.land(landed).await;
        }
        self.settle(batch).await;
        self.note_pace(start.elapsed());
    }

    /// Sends a batch off, if the lane remembers all that it needs; otherwise hands it back.
    async fn fly(&mut self, batch: Vec<Pending<M>>, start: Instant) -> Option<Vec<Pending<M>>> {
        let Some(session) = self.session.clone().filter(|session| !session.is_closed()) else {
            return Some(batch);
        };
        let (ids, memory) = (&mut self.ids, &mut self.memory);
        let Some(decided) = batch::plan(&*self.machine, &self.config, ids, memory, &batch) else {
            return Some(batch);
        };
        memory.learn(decided.books.iter());
        let before = session.sent();
        let (machine, stats) = (self.machine.clone(), self.stats.clone());
        let mut landing = batch::fly(machine, session.clone(), stats, decided).boxed();
        // The first poll sends all of it, behind what was sent before.
        if let Poll::Ready(landed) = poll!(&mut landing) {
            landing = std::future::ready(landed).boxed();
        }
        Stats::add(&self.stats.statements, session.sent() - before);
        Stats::add(&self.stats.followers, u64::from(!self.flights.is_empty()));
        self.flights.push_back(Flight { batch, start, landing });
        None
    }

    /// The first flight has landed, one way or the other.
    async fn land(&mut self, landed: Landed<M>) {
        let Some(flight) = self.flights.pop_front() else { return };
        self.note_pace(flight.start.elapsed());
        let attempt = match landed {
            Ok(landed) => return self.landed(flight.batch, landed),
            Err(attempt) => attempt,
        };
        // The memory is ahead of the database, and the flights behind were decided on it.
        self.memory.distrust();
        let mut failed = vec![(flight.batch, attempt)];
        while let Some(flight) = self.flights.pop_front() {
            match flight.landing.await {
                Ok((outcomes, _)) => self.landed(flight.batch, (outcomes, None)),
                Err(attempt) => failed.push((flight.batch, attempt)),
            }
        }
        // Of these flights; a batch that runs again below opens another session when it needs one.
        if failed.iter().any(|(_, attempt)| *attempt == Attempt::Unknown) {
            self.trouble.failed();
            self.session = None;
        }
        for (batch, attempt) in failed {
            if attempt == Attempt::Unknown {
                deliver_all(batch, Fault::Unknown);
                continue;
            }
            self.note_rerun(attempt);
            self.settle(batch).await;
        }
    }

    fn landed(
        &mut self,
        batch: Vec<Pending<M>>,
        (outcomes, moment): (Vec<Outcome<M>>, Option<jiff::Timestamp>),
    ) {
        if let Some(moment) = moment {
            self.memory.heard(moment);
            self.memory.served();
        }
        self.trouble.succeeded();
        self.note_committed(batch.len());
        deliver(batch, outcomes);
    }

    /// Runs a batch until each of its commands has an answer.
    async fn settle(&mut self, batch: Vec<Pending<M>>) {
        match self.attempts(&batch).await {
            Ok(outcomes) => deliver(batch, outcomes),
            Err(Failed::Whole(fault)) => deliver_all(batch, fault),
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
            Err(Failed::Somewhere) => deliver_all(batch, Fault::Broken),
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
                    self.note_rerun(error);
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
            self.note_rerun(error);
            let jittered = rand::rng().random_range(pause_ms / 2..=pause_ms);
            sleep(Duration::from_millis(jittered)).await;
            pause_ms *= 2;
        }
        Err(Failed::Whole(Fault::Unavailable))
    }

    async fn attempt(&mut self, batch: &[Pending<M>]) -> Result<Vec<Outcome<M>>, Attempt> {
        if self.session.as_ref().is_none_or(|session| session.is_closed()) {
            // The library bounds the connection attempt and not what follows it: a database that accepts and then
            // says nothing would keep the lane for ever.
            let opening = timeout(ROUND_TRIP_MAX, Session::open(&self.config.database)).await;
            let opened = opening.map_err(|_silent| {
                tracing::warn!("the database accepted a lane's connection and said nothing");
                Attempt::Unavailable
            })?;
            let opened = opened.map_err(|error| {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lane cannot reach the database");
                Attempt::Unavailable
            })?;
            self.session = Some(Arc::new(opened));
        }
        let Some(session) = &self.session else { return Err(Attempt::Unavailable) };
        let before = session.sent();
        let (ids, memory) = (&mut self.ids, &mut self.memory);
        let result = batch::run(&*self.machine, session, &self.config, ids, memory, &self.stats, batch).await;
        Stats::add(&self.stats.statements, session.sent() - before);
        if result.is_ok() {
            self.note_committed(batch.len());
        }
        result
    }

    fn note_committed(&self, commands: usize) {
        Stats::add(&self.stats.batches, 1);
        Stats::add(&self.stats.commands, commands as u64);
        metrics::histogram!("zerosum_batch_commands").record(commands as f64);
    }

    fn note_rerun(&self, attempt: Attempt) {
        let (counter, why) = match attempt {
            Attempt::Stale => (&self.stats.stale, "stale"),
            Attempt::KnownKey => (&self.stats.stale, "known_key"),
            _ => (&self.stats.reruns, "race"),
        };
        Stats::add(counter, 1);
        metrics::counter!("zerosum_batch_reruns_total", "why" => why).increment(1);
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

fn deliver_all<M: StateMachine>(batch: Vec<Pending<M>>, fault: Fault) {
    let outcomes = batch.iter().map(|_| Err(fault)).collect();
    deliver(batch, outcomes);
}
