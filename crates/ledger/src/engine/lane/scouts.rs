//! Commands of which something is being read, and that wait for that.

use std::{collections::VecDeque, future::poll_fn, pin::Pin};

use crate::engine::{
    Pending, StateMachine,
    batch::{Attempt, Seen},
};

/// A batch and what was seen for it.
type Scouted<M> = (Vec<Pending<M>>, Result<Seen<M>, Attempt>);

type Scout<M> = Pin<Box<dyn Future<Output = Scouted<M>> + Send>>;

/// In the order in which they were sent, all on one connection.
pub(super) struct Scouts<M: StateMachine>(VecDeque<Scout<M>>);

impl<M: StateMachine> Scouts<M> {
    pub fn new() -> Self {
        Self(VecDeque::new())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn push(&mut self, scout: impl Future<Output = Scouted<M>> + Send + 'static) {
        self.0.push_back(Box::pin(scout));
    }

    /// The next that is back. Waits for ever if there are none.
    pub async fn next(&mut self) -> Scouted<M> {
        let Some(first) = self.0.front_mut() else { return std::future::pending().await };
        let scouted = poll_fn(|cx| first.as_mut().poll(cx)).await;
        self.0.pop_front();
        scouted
    }
}
