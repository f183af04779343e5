//! Commands that have left the queue and wait for their batch.

use tokio::{sync::mpsc, time::Instant};

use crate::engine::{Fault, Pending, StateMachine};

pub(super) struct Waiting<M: StateMachine> {
    commands: Vec<Pending<M>>,
    weight: usize,
}

impl<M: StateMachine> Waiting<M> {
    pub fn new() -> Self {
        Self { commands: Vec::new(), weight: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// In transactions.
    pub fn weight(&self) -> usize {
        self.weight
    }

    pub fn add(&mut self, pending: Pending<M>) {
        self.weight += M::weight(&pending.submission.command);
        self.commands.push(pending);
    }

    /// Takes what is queued now, up to the bound.
    pub fn fill(&mut self, queue: &mut mpsc::Receiver<Pending<M>>, most: usize) {
        while self.weight < most
            && let Ok(next) = queue.try_recv()
        {
            self.add(next);
        }
    }

    /// Tells those whose deadline is over by then, and takes others for them: a batch of few is as slow as a full one.
    pub fn refresh(&mut self, last_start: Instant, queue: &mut mpsc::Receiver<Pending<M>>, most: usize) {
        loop {
            let count = self.commands.len();
            for pending in std::mem::take(&mut self.commands) {
                if pending.submission.deadline <= last_start {
                    self.weight -= M::weight(&pending.submission.command);
                    // The caller may be gone; then nobody needs the answer.
                    let _gone = pending.answer.send(Err(Fault::Deadline));
                } else {
                    self.commands.push(pending);
                }
            }
            if self.commands.len() == count {
                return;
            }
            self.fill(queue, most);
        }
    }

    pub fn take(&mut self) -> Vec<Pending<M>> {
        self.weight = 0;
        std::mem::take(&mut self.commands)
    }
}
