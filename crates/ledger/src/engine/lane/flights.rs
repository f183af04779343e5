//! Batches on their way: which connection each has taken, and what they touch.

use std::{
    collections::{HashSet, VecDeque},
    future::poll_fn,
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    task::Poll,
};

use tokio::time::Instant;

use crate::engine::{Named, Pending, StateMachine, Wants, batch::Landed};

/// A batch that was sent without waiting for those before it.
pub(super) struct Flight<M: StateMachine> {
    pub batch: Vec<Pending<M>>,
    pub start: Instant,
    /// Its connection.
    pub on: usize,
    pub touches: Touches,
    pub landing: Pin<Box<dyn Future<Output = Landed<M>> + Send>>,
}

/// In the order in which they were sent.
pub(super) struct Flights<M: StateMachine>(VecDeque<Flight<M>>);

impl<M: StateMachine> Flights<M> {
    pub fn new() -> Self {
        Self(VecDeque::new())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many commands are on their way.
    pub fn commands(&self) -> usize {
        self.0.iter().map(|flight| flight.batch.len()).sum()
    }

    /// How many there are on a connection.
    pub fn on(&self, connection: usize) -> usize {
        self.0.iter().filter(|flight| flight.on == connection).count()
    }

    pub fn push(&mut self, flight: Flight<M>) {
        self.0.push_back(flight);
    }

    /// What must not be touched by a batch on this connection: it would not run behind what touches it now.
    pub fn blocked(&self, connection: usize) -> Touches {
        let elsewhere = self.0.iter().filter(|flight| flight.on != connection);
        Touches(elsewhere.flat_map(|flight| flight.touches.0.iter().copied()).collect())
    }

    /// The next that lands, in the order of its connection. Waits for ever if there are none.
    pub async fn next(&mut self) -> (Flight<M>, Landed<M>) {
        let (at, landed) = poll_fn(|cx| {
            let mut polled = 0_usize;
            for (at, flight) in self.0.iter_mut().enumerate() {
                let first = polled & (1 << flight.on) == 0;
                polled |= 1 << flight.on;
                if first && let Poll::Ready(landed) = flight.landing.as_mut().poll(cx) {
                    return Poll::Ready((at, landed));
                }
            }
            Poll::Pending
        })
        .await;
        match self.0.remove(at) {
            Some(flight) => (flight, landed),
            None => unreachable!("it was polled"),
        }
    }

    /// All that are left, in order.
    pub async fn rest(&mut self) -> Vec<(Flight<M>, Landed<M>)> {
        let mut rest = Vec::with_capacity(self.0.len());
        while let Some(mut flight) = self.0.pop_front() {
            let landed = flight.landing.as_mut().await;
            rest.push((flight, landed));
        }
        rest
    }
}

/// The accounts, keys and references of commands, as hashes. Two that are taken for one wait for each other, and that is
/// all; and nothing is wrong if one is missing, because the write confirms what was decided on.
#[derive(Debug, Default)]
pub(super) struct Touches(HashSet<u64>);

impl Touches {
    /// What this command touches.
    pub fn of<M: StateMachine>(machine: &M, pending: &Pending<M>) -> Self
    where
        M::Rows: Default,
    {
        let submission = &pending.submission;
        let mut wants = Wants::default();
        let named = Named { brand: &submission.brand, command: &submission.command };
        machine.wants(named, &M::Rows::default(), wants.of(&submission.brand));
        let accounts = wants.accounts.iter().map(hash);
        let names = wants.codes.iter().chain(&wants.external_ids).map(hash);
        let references = wants.external_refs.iter().map(hash);
        let key = submission.key.iter().map(|key| hash(&(&submission.brand, &key.scope, &key.key)));
        Self(accounts.chain(names).chain(references).chain(key).collect())
    }

    pub fn meets(&self, other: &Self) -> bool {
        !self.0.is_disjoint(&other.0)
    }

    pub fn add(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
