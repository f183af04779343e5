//! Batches that run under locks, each by itself, until every command has an answer.

use std::time::Duration;

use rand::Rng;
use tokio::time::sleep;

use super::{Lane, deliver, deliver_all};
use crate::engine::{
    Fault, Outcome, Pending, StateMachine, Stats,
    batch::{self, Attempt},
};

/// How often a batch runs again before its callers are told to come back. Each rerun follows a deadlock or a race
/// that another process won, so five in a row mean that something else is wrong.
const RERUNS_MAX: u32 = 5;
/// The first pause before a rerun; it doubles, and a random half of it is left out so that rivals part.
const RERUN_PAUSE_MS: u64 = 2;

impl<M: StateMachine> Lane<M> {
    /// Runs a batch by itself, under locks.
    pub(super) async fn alone(&mut self, batch: Vec<Pending<M>>) {
        while !self.flights.is_empty() {
            let (flight, landed) = self.flights.next().await;
            self.land(flight, landed).await;
        }
        self.settle(batch).await;
    }

    /// Runs a batch until each of its commands has an answer.
    pub(super) async fn settle(&mut self, batch: Vec<Pending<M>>) {
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
        let (ids, memory) = (&mut self.ids, &mut self.memory);
        let result =
            batch::run(&*self.machine, &session, &self.config, ids, memory, &self.stats, batch).await;
        if result.is_ok() {
            self.note_committed(batch.len());
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
