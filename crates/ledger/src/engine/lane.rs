//! A lane: one task that decides batch after batch, and a few connections.
//!
//! A batch that is decided on what the lane remembers has nothing to read. It is sent as one pipeline, and the next such
//! batch may be sent before its commit is acknowledged, decided on what it leaves behind:
//! - behind it, on its connection: the server runs them in that order;
//! - beside it, on another connection. Its new rows are written at once. If the two move an account in common, it waits
//!   for the other's commit before it moves anything and commits (its gate); if not, their order does not matter.
//!
//! When one fails, what was built on it fails too: its gate does not open, or it does not find in its session the number
//! that the one ahead would have left. Balances that look the same are no proof: another process may have answered the
//! same keys. Whatever failed runs again, alone and under locks.

mod connections;
mod flights;
mod gate;
mod locked;
mod scouts;
mod waiting;

use std::{future::poll_fn, sync::Arc, task::Poll, time::Duration};

use tokio::{sync::mpsc, time::Instant};

pub(super) use self::gate::{Gate, Place};
use self::{
    connections::Connections,
    flights::{Flight, Flights, Landing},
    scouts::Scouts,
    waiting::Waiting,
};
use super::{
    EngineConfig, Fault, Outcome, Pending, StateMachine, Stats, Wants,
    batch::{self, Attempt, Landed, Seen, Sorted, StoredAnswers},
    fault_points::{FaultPoint, reach},
    memory::Memory,
    trouble::Trouble,
};
use crate::book::Ids;

/// The most that is kept back of a deadline for the batch itself: after an outage of seconds, commands with a second
/// left are tried again, and the pace is learnt anew.
const PACE_MAX: Duration = Duration::from_secs(1);

/// Batches on their way at once on one connection: while the server works on one, the next is ready.
const EACH_MAX: usize = 2;
/// The least that is sent behind another batch. What a batch costs whatever its length is shared by this many; fewer
/// wait for the one before, and for company.
const FOLLOWS_MIN: usize = 100;
/// The least that is sent beside another batch. It is no less than what is on its way, either: many short batches cost
/// more than a few long ones.
const BESIDE_MIN: usize = 16;

pub(super) struct Lane<M: StateMachine> {
    machine: Arc<M>,
    config: EngineConfig,
    stats: Arc<Stats>,
    trouble: Arc<Trouble>,
    connections: Connections<M>,
    ids: Ids,
    memory: Memory<M::Memory>,
    /// How long a batch takes these days.
    pace: Duration,
    flights: Flights<M>,
    scouts: Scouts<M>,
}

impl<M: StateMachine> Lane<M> {
    pub fn new(machine: Arc<M>, config: EngineConfig, stats: Arc<Stats>, trouble: Arc<Trouble>) -> Self {
        let connections = Connections::new(&config.database, config.connections, &stats);
        let (ids, memory, pace) = (Ids::random(), Memory::default(), Duration::ZERO);
        let (flights, scouts) = (Flights::new(), Scouts::new());
        Self { machine, config, stats, trouble, connections, ids, memory, pace, flights, scouts }
    }

    pub async fn run(mut self, mut queue: mpsc::Receiver<Pending<M>>) {
        let mut waiting = Waiting::new();
        loop {
            waiting.fill(&mut queue, self.config.batch_max);
            if self.depart(&mut waiting, &mut queue).await {
                continue;
            }
            if self.flights.is_empty() && self.scouts.is_empty() {
                match queue.recv().await {
                    Some(next) => waiting.add(next),
                    None => return,
                }
                continue;
            }
            tokio::select! {
                biased;
                (flight, landed) = self.flights.next() => self.land(flight, landed).await,
                (batch, seen) = self.scouts.next() => self.seen(&mut waiting, batch, seen),
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
        let way = if self.flights.is_empty() { Some((0, 0)) } else { self.way(waiting.weight()) };
        let Some((on, least)) = way else { return false };
        waiting.refresh(last_start, queue, self.config.batch_max);
        if waiting.weight() < least {
            return false;
        }
        let batch = waiting.take();
        if let Some(batch) = self.start(batch, start, on).await {
            self.alone(batch).await;
            self.note_pace(start.elapsed());
        }
        true
    }

    /// The connection that could take this much, beside the batches that are on their way or behind one, and the least
    /// that is worth it there.
    fn way(&mut self, weight: usize) -> Option<(usize, usize)> {
        let least = BESIDE_MIN.max(self.flights.commands());
        if weight >= least
            && let Some(idle) = self.connections.writing().find(|on| self.flights.on(*on) == 0)
            && self.connections.prepare(idle).is_some()
        {
            return Some((idle, least));
        }
        let takes_more =
            |on: &usize| (1..EACH_MAX).contains(&self.flights.on(*on)) && self.flights.are_sent(*on);
        let busy = self.connections.writing().find(takes_more).filter(|_| weight >= FOLLOWS_MIN);
        busy.map(|on| (on, FOLLOWS_MIN))
    }

    /// Sends off what the lane remembers all of, and has the rest read. Hands back what it can do neither with.
    async fn start(&mut self, batch: Vec<Pending<M>>, start: Instant, on: usize) -> Option<Vec<Pending<M>>> {
        let Sorted { known, wants, rows, mut unknown, locked: mut left } =
            batch::sort(&*self.machine, &self.config, &mut self.memory, batch);
        if !known.is_empty() {
            left.extend(self.fly(known, &wants, rows, start, on).await);
        }
        if left.is_empty() && !unknown.is_empty() {
            unknown = self.scout(unknown);
        }
        // What runs under locks reads what it needs.
        left.append(&mut unknown);
        (!left.is_empty()).then_some(left)
    }

    /// Sends a batch off; hands it back if it has to run under locks.
    async fn fly(
        &mut self,
        batch: Vec<Pending<M>>,
        wants: &Wants,
        rows: M::Rows,
        start: Instant,
        on: usize,
    ) -> Vec<Pending<M>> {
        let Some(session) = self.connections.get(on).cloned() else { return batch };
        let (machine, ids, memory) = (&*self.machine, &mut self.ids, &mut self.memory);
        let Some(decided) = batch::plan(machine, &self.config, ids, memory, &batch, wants, rows) else {
            return batch;
        };
        memory.keys.add(decided.names());
        memory.learn(decided.books.iter());
        machine.learn(&mut memory.own, &decided.rows, &decided.books);
        let accounts =
            decided.books.values().flat_map(|book| book.accounts().map(|account| account.id)).collect();
        let place = self.flights.place(on, &accounts);
        let (machine, stats) = (self.machine.clone(), self.stats.clone());
        let mut landing = Landing::new(batch::fly(machine, session, stats, decided, place.clone()));
        // The first poll sends all that waits for nobody, behind what was sent before.
        poll_fn(|cx| Poll::Ready(landing.poll(cx))).await;
        if !self.flights.is_empty() {
            let beside = self.flights.on(on) == 0;
            Stats::add(if beside { &self.stats.beside } else { &self.stats.followers }, 1);
            Stats::add(&self.stats.gated, u64::from(!place.gate.is_open()));
        }
        self.flights.push(Flight { batch, start, on, accounts, place, landing });
        Vec::new()
    }

    /// Has what a batch names read; hands it back if there is no connection for that.
    fn scout(&mut self, batch: Vec<Pending<M>>) -> Vec<Pending<M>> {
        let Some(session) = self.connections.prepare(self.connections.reading()).cloned() else {
            return batch;
        };
        let (machine, stats, clock) = (self.machine.clone(), self.stats.clone(), self.config.clock.clone());
        Stats::add(&self.stats.scouts, 1);
        self.scouts.push(batch::scout(machine, session, stats, clock, batch));
        Vec::new()
    }

    /// What a batch waits for was read; it is taken up again.
    fn seen(&mut self, waiting: &mut Waiting<M>, batch: Vec<Pending<M>>, seen: Result<Seen<M>, Attempt>) {
        let keys = match seen {
            Ok(seen) => {
                self.memory.see(seen.books.iter());
                self.machine.see(&mut self.memory.own, &seen.rows, &seen.books);
                seen.now.into_iter().for_each(|now| self.memory.heard(now));
                seen.keys
            }
            Err(_) => {
                // Under locks it will be seen what is wrong.
                self.connections.close(self.connections.reading());
                StoredAnswers::default()
            }
        };
        for pending in batch {
            let key = pending.key().map(|(brand, key)| (key, (brand, key.name())));
            match key.and_then(|(key, name)| Some(batch::replay(keys.get(&name)?, key))) {
                Some(replayed) => deliver(vec![pending], vec![replayed]),
                None => waiting.add(Pending { scouted: true, ..pending }),
            }
        }
    }

    /// A flight has landed, one way or the other.
    async fn land(&mut self, flight: Flight<M>, landed: Landed<M>) {
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
            if matches!(attempt, Attempt::Unknown | Attempt::Unavailable) {
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
