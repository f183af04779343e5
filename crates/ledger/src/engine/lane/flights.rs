//! Batches on their way: which connection each has taken, the accounts it was decided on, and what it waits for.

use std::{
    collections::{HashSet, VecDeque},
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::Instant;
use zerosum_domain::AccountId;

use super::gate::{Gate, Signal};
use crate::engine::{Pending, StateMachine, batch::Landed};

/// A batch that was sent without waiting for those before it.
pub(super) struct Flight<M: StateMachine> {
    pub batch: Vec<Pending<M>>,
    pub start: Instant,
    /// Its connection.
    pub on: usize,
    pub accounts: HashSet<AccountId>,
    /// What it waits for before it moves anything.
    pub gate: Gate,
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

    /// Whether all of those on this connection is sent: none waits for another.
    pub fn are_sent(&self, connection: usize) -> bool {
        self.0.iter().all(|flight| flight.on != connection || flight.gate.is_open())
    }

    pub fn push(&mut self, flight: Flight<M>) {
        self.0.push_back(flight);
    }

    /// What a batch on this connection waits for: on each other one, the last that was decided on an account in common.
    /// Those on its own connection run before it anyway.
    pub fn gate(&self, connection: usize, accounts: &HashSet<AccountId>) -> Gate {
        let (mut gate, mut seen) = (Gate::open(), vec![connection]);
        for flight in self.0.iter().rev() {
            if !seen.contains(&flight.on) && !flight.accounts.is_disjoint(accounts) {
                seen.push(flight.on);
                gate.after(&flight.landing.signal);
            }
        }
        gate
    }

    /// The next that lands, in the order of its connection. Waits for ever if there are none.
    pub async fn next(&mut self) -> (Flight<M>, Landed<M>) {
        poll_fn(|cx| {
            // All of them, in order: what one has waited for may be over with the one before it.
            let landed = self.0.iter_mut().filter_map(|flight| flight.landing.poll(cx).then_some(()));
            if landed.count() == 0 {
                return Poll::Pending;
            }
            let mut seen = Vec::new();
            for at in 0..self.0.len() {
                let flight = &mut self.0[at];
                if !seen.contains(&flight.on)
                    && let Some(landed) = flight.landing.landed.take()
                    && let Some(flight) = self.0.remove(at)
                {
                    return Poll::Ready((flight, landed));
                }
                seen.extend(self.0.get(at).map(|flight| flight.on));
            }
            Poll::Pending
        })
        .await
    }

    /// All that are left, in the order in which they land.
    pub async fn rest(&mut self) -> Vec<(Flight<M>, Landed<M>)> {
        let mut rest = Vec::with_capacity(self.0.len());
        while !self.is_empty() {
            rest.push(self.next().await);
        }
        rest
    }
}
