//! A lane: one task that decides batch after batch, and a few connections.
//!
//! A batch that is decided on what the lane remembers has nothing to read. It is sent as one pipeline, and the next such
//! batch may be sent before its commit is acknowledged, decided on what it leaves behind: behind it, on its connection,
//! and then the server runs them in that order; or beside it, on another connection, if the two touch nothing in common,
//! and then their order does not matter. When one fails, what was built on it finds other balances than it was decided
//! on and fails too; whatever failed runs again, alone and under locks.

mod connections;
mod flights;
mod waiting;

use std::{sync::Arc, task::Poll, time::Duration};

use futures_util::{FutureExt, poll};
use rand::Rng;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use self::{
    connections::Connections,
    flights::{Flight, Flights, Touches},
    waiting::Waiting,
};
use super::{
    EngineConfig, Fault, Outcome, Pending, StateMachine, Stats,
    batch::{self, Attempt, Landed},
    fault_points::{FaultPoint, reach},
    memory::Memory,
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

/// Batches on their way at once on one connection: while the server works on one, the next is ready.
const EACH_MAX: usize = 2;
/// The least that is sent behind another batch. What a batch costs whatever its length is shared by this many; fewer
/// wait for the one before, and for company.
const FOLLOWS_MIN: usize = 100;
/// The least that is sent beside another batch, where it waits for nobody.
const ABREAST_MIN: usize = 16;
/// The most that may be on its way for a batch to be sent beside it. Two short batches each wait for a commit, and the
/// server has time for both; two long ones take turns at its cores, and longer ones cost less.
const ABREAST_MAX: usize = 64;

pub(super) struct Lane<M: StateMachine> {
    machine: Arc<M>,
    config: EngineConfig,
    stats: Arc<Stats>,
    trouble: Arc<Trouble>,
    connections: Connections<M>,
    ids: Ids,
    memory: Memory,
    /// How long a batch takes these days.
    pace: Duration,
    flights: Flights<M>,
    /// The weight of the commands that had to wait when they were last looked at, for the flights that there are.
    looked_at: usize,
}

impl<M: StateMachine> Lane<M> {
    pub fn new(machine: Arc<M>, config: EngineConfig, stats: Arc<Stats>, trouble: Arc<Trouble>) -> Self {
        let connections = Connections::new(&config.database, config.connections);
        let (ids, memory, flights) = (Ids::random(), Memory::default(), Flights::new());
        let (pace, looked_at) = (Duration::ZERO, 0);
        Self { machine, config, stats, trouble, connections, ids, memory, pace, flights, looked_at }
    }

    pub async fn run(mut self, mut queue: mpsc::Receiver<Pending<M>>) {
        let mut waiting = Waiting::new();
        loop {
            waiting.fill(&mut queue, self.config.batch_max);
            if self.depart(&mut waiting, &mut queue).await {
                continue;
            }
            if self.flights.is_empty() {
                match queue.recv().await {
                    Some(next) => waiting.add(next),
                    None => return,
                }
                continue;
            }
            tokio::select! {
                biased;
                (flight, landed) = self.flights.next() => self.land(flight, landed).await,
                Some(next) = queue.recv(), if waiting.weight() < self.config.batch_max => waiting.add(next),
            }
        }
    }

    /// Up at once, because the next batch is as slow as this one; down by an eighth, because one fast batch is not yet
    /// a fast database.
    fn note_pace(&mut self, batch: Duration) {
        self.pace = batch.max(self.pace - self.pace / 8).min(PACE_MAX);
    }

    /// Sends off what can be sent now. False: all of it has to wait for a flight to land, or for company.
    ///
    /// What could not be answered by its deadline is told so instead. Under overload the queue is as old as the
    /// deadline. Commands taken at its very end would be done when their callers are gone: all of the work, and no use.
    /// So a batch's time is kept back.
    async fn depart(&mut self, waiting: &mut Waiting<M>, queue: &mut mpsc::Receiver<Pending<M>>) -> bool {
        if waiting.is_empty() {
            return false;
        }
        let start = Instant::now();
        let last_start = start + self.pace;
        if self.flights.is_empty() {
            waiting.refresh(last_start, queue, self.config.batch_max);
            let batch = waiting.take();
            if !batch.is_empty() {
                self.start(batch, Touches::default(), start, 0).await;
            }
            return true;
        }
        // To look through them for each that comes would be work without end.
        if waiting.weight() < self.looked_at + ABREAST_MIN {
            return false;
        }
        self.looked_at = waiting.weight();
        for (on, least) in self.ways(waiting.weight()) {
            waiting.refresh(last_start, queue, self.config.batch_max);
            let blocked = self.flights.blocked(on);
            if let Some((batch, touches)) = waiting.take_clear_of(&*self.machine, blocked, least) {
                self.start(batch, touches, start, on).await;
                return true;
            }
        }
        false
    }

    /// The connections that could take another batch beside or behind those that are on their way, the best first, with
    /// the least that is worth it.
    fn ways(&mut self, weight: usize) -> Vec<(usize, usize)> {
        let mut ways = Vec::new();
        let room = self.flights.commands() <= ABREAST_MAX;
        for on in 0..self.connections.count() {
            if room && weight >= ABREAST_MIN && self.flights.on(on) == 0 {
                self.connections.prepare(on);
                if self.connections.get(on).is_some() {
                    ways.push((on, ABREAST_MIN));
                }
            }
        }
        for on in 0..self.connections.count() {
            if weight >= FOLLOWS_MIN && (1..EACH_MAX).contains(&self.flights.on(on)) {
                ways.push((on, FOLLOWS_MIN));
            }
        }
        ways
    }

    /// Sends a batch off, or runs it alone if it has something to read.
    async fn start(&mut self, batch: Vec<Pending<M>>, touches: Touches, start: Instant, on: usize) {
        self.looked_at = 0;
        let Some(batch) = self.fly(batch, touches, start, on).await else { return };
        while !self.flights.is_empty() {
            let (flight, landed) = self.flights.next().await;
            self.land(flight, landed).await;
        }
        self.settle(batch).await;
        self.note_pace(start.elapsed());
    }

    /// Sends a batch off, if the lane remembers all that it needs; otherwise hands it back.
    async fn fly(
        &mut self,
        batch: Vec<Pending<M>>,
        mut touches: Touches,
        start: Instant,
        on: usize,
    ) -> Option<Vec<Pending<M>>> {
        let Some(session) = self.connections.get(on).cloned() else { return Some(batch) };
        let (ids, memory) = (&mut self.ids, &mut self.memory);
        let Some(decided) = batch::plan(&*self.machine, &self.config, ids, memory, &batch) else {
            return Some(batch);
        };
        memory.learn(decided.books.iter());
        if self.flights.is_empty() && self.connections.count() > 1 {
            batch.iter().for_each(|pending| touches.add(Touches::of(&*self.machine, pending)));
        }
        let before = session.sent();
        let (machine, stats) = (self.machine.clone(), self.stats.clone());
        let mut landing = batch::fly(machine, session.clone(), stats, decided).boxed();
        // The first poll sends all of it, behind what was sent before.
        if let Poll::Ready(landed) = poll!(&mut landing) {
            landing = std::future::ready(landed).boxed();
        }
        Stats::add(&self.stats.statements, session.sent() - before);
        if !self.flights.is_empty() {
            let abreast = self.flights.on(on) == 0;
            Stats::add(if abreast { &self.stats.abreast } else { &self.stats.followers }, 1);
        }
        self.flights.push(Flight { batch, start, on, touches, landing });
        None
    }

    /// A flight has landed, one way or the other.
    async fn land(&mut self, flight: Flight<M>, landed: Landed<M>) {
        self.looked_at = 0;
        self.note_pace(flight.start.elapsed());
        let attempt = match landed {
            Ok(landed) => return self.landed(flight.batch, landed),
            Err(attempt) => attempt,
        };
        // The memory is ahead of the database, and the flights behind were decided on it.
        self.memory.distrust();
        let mut failed = vec![(flight, attempt)];
        for (flight, landed) in self.flights.rest().await {
            match landed {
                Ok((outcomes, _)) => self.landed(flight.batch, (outcomes, None)),
                Err(attempt) => failed.push((flight, attempt)),
            }
        }
        // Before any batch runs again, which may open another session.
        for (flight, attempt) in &failed {
            if *attempt == Attempt::Unknown {
                self.trouble.failed();
                self.connections.close(flight.on);
            }
        }
        for (flight, attempt) in failed {
            if attempt == Attempt::Unknown {
                deliver_all(flight.batch, Fault::Unknown);
                continue;
            }
            self.note_rerun(attempt);
            self.settle(flight.batch).await;
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
                    self.connections.close(0);
                    return Err(Failed::Whole(Fault::Unavailable));
                }
                Attempt::Unknown => {
                    self.trouble.failed();
                    self.connections.close(0);
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
        let session = self.connections.first().await?.clone();
        let before = session.sent();
        let (ids, memory) = (&mut self.ids, &mut self.memory);
        let result =
            batch::run(&*self.machine, &session, &self.config, ids, memory, &self.stats, batch).await;
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
