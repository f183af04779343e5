//! Batches on their way: which connection each has taken, the accounts it was decided on, and what it waits for.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use ahash::HashSet;
use tokio::time::Instant;
use zerosum_domain::AccountId;

use super::gate::{Gate, Place, Signal};
use crate::engine::{Pending, StateMachine, batch::Landed};

/// A batch that was sent without waiting for those before it.
pub(super) struct Flight<M: StateMachine> {
    pub batch: Vec<Pending<M>>,
    pub start: Instant,
    /// Its connection.
    pub on: usize,
    pub accounts: HashSet<AccountId>,
    pub place: Place,
    pub landing: Landing<M>,
}

/// How a batch lands, and its word to those that wait for it.
pub(super) struct Landing<M: StateMachine> {
    landing: Pin<Box<dyn Future<Output = Landed<M>> + Send>>,
    landed: Option<Landed<M>>,
    signal: Signal,
}

impl<M: StateMachine> Landing<M> {
    pub fn new(landing: impl Future<Output = Landed<M>> + Send + 'static) -> Self {
        Self { landing: Box::pin(landing), landed: None, signal: Signal::new() }
    }

    /// Whether it has landed. The first poll sends the batch.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if self.landed.is_none()
            && let Poll::Ready(landed) = self.landing.as_mut().poll(cx)
        {
            self.signal.landed(landed.is_ok());
            self.landed = Some(landed);
        }
        self.landed.is_some()
    }
}

pub(super) struct Flights<M: StateMachine> {
    /// In the order in which they were sent.
    flying: VecDeque<Flight<M>>,
    /// The number of the last.
    number: i64,
}

impl<M: StateMachine> Flights<M> {
    pub fn new() -> Self {
        Self { flying: VecDeque::new(), number: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.flying.is_empty()
    }

    /// How many commands are on their way.
    pub fn commands(&self) -> usize {
        self.flying.iter().map(|flight| flight.batch.len()).sum()
    }

    /// How many there are on a connection.
    pub fn on(&self, connection: usize) -> usize {
        self.flying.iter().filter(|flight| flight.on == connection).count()
    }

    /// Whether all of those on this connection is sent: none waits for another.
    pub fn are_sent(&self, connection: usize) -> bool {
        self.flying.iter().all(|flight| flight.on != connection || flight.place.gate.is_open())
    }

    pub fn push(&mut self, flight: Flight<M>) {
        self.flying.push_back(flight);
    }

    /// The place of the next batch, on this connection: behind the last one there, and on each other connection after the
    /// last that was decided on an account in common. Those ahead of these are committed if they are.
    pub fn place(&mut self, connection: usize, accounts: &HashSet<AccountId>) -> Place {
        self.number = self.number.wrapping_add(1);
        let ahead = self.flying.iter().rev().find(|flight| flight.on == connection);
        let behind = ahead.and_then(|flight| flight.place.number);
        let (mut gate, mut seen) = (Gate::default(), vec![connection]);
        for flight in self.flying.iter().rev() {
            if !seen.contains(&flight.on) && !flight.accounts.is_disjoint(accounts) {
                seen.push(flight.on);
                gate.after(&flight.landing.signal);
            }
        }
        Place { gate, number: Some(self.number), behind }
    }

    /// The next that lands, in the order of its connection. Waits for ever if there are none.
    pub async fn next(&mut self) -> (Flight<M>, Landed<M>) {
        poll_fn(|cx| {
            // All of them, in order: what one has waited for may be over with the one before it.
            let landed = self.flying.iter_mut().filter_map(|flight| flight.landing.poll(cx).then_some(()));
            if landed.count() == 0 {
                return Poll::Pending;
            }
            let mut seen = Vec::new();
            for at in 0..self.flying.len() {
                let flight = &mut self.flying[at];
                if !seen.contains(&flight.on)
                    && let Some(landed) = flight.landing.landed.take()
                    && let Some(flight) = self.flying.remove(at)
                {
                    return Poll::Ready((flight, landed));
                }
                seen.extend(self.flying.get(at).map(|flight| flight.on));
            }
            Poll::Pending
        })
        .await
    }

    /// All that are left, in the order in which they land.
    pub async fn rest(&mut self) -> Vec<(Flight<M>, Landed<M>)> {
        let mut rest = Vec::with_capacity(self.flying.len());
        while !self.is_empty() {
            rest.push(self.next().await);
        }
        rest
    }
}
