//! Commands whose accounts are being read, and wait for that.

use std::{collections::VecDeque, future::poll_fn, pin::Pin};

use crate::engine::{
    Pending, StateMachine,
    batch::{Attempt, Seen},
};

pub(super) struct Scout<M: StateMachine> {
    pub batch: Vec<Pending<M>>,
    pub reading: Pin<Box<dyn Future<Output = Result<Seen, Attempt>> + Send>>,
}

/// In the order in which they were sent, all on one connection.
pub(super) struct Scouts<M: StateMachine>(VecDeque<Scout<M>>);

impl<M: StateMachine> Scouts<M> {
    pub fn new() -> Self {
        Self(VecDeque::new())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn push(&mut self, scout: Scout<M>) {
        self.0.push_back(scout);
    }

    /// The next that is back. Waits for ever if there are none.
    pub async fn next(&mut self) -> (Vec<Pending<M>>, Result<Seen, Attempt>) {
        let Some(first) = self.0.front_mut() else { return std::future::pending().await };
        let seen = poll_fn(|cx| first.reading.as_mut().poll(cx)).await;
        (self.0.pop_front().map(|scout| scout.batch).unwrap_or_default(), seen)
    }
}
