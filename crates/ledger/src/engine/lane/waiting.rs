//! Commands that have left the queue and wait for their batch.

use tokio::{sync::mpsc, time::Instant};

use super::flights::Touches;
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

    /// Those that touch nothing of what is blocked, nor of what an earlier one touches that has to wait: commands on one
    /// account stay in their order. None if they weigh less than `least`. Answers what they touch, too.
    pub fn take_clear_of(
        &mut self,
        machine: &M,
        mut blocked: Touches,
        least: usize,
    ) -> Option<(Vec<Pending<M>>, Touches)> {
        let (mut clear, mut touches) = (Vec::new(), Touches::default());
        let (mut stay, mut weight) = (Vec::new(), 0);
        for pending in std::mem::take(&mut self.commands) {
            let of_this = Touches::of(machine, &pending);
            if of_this.meets(&blocked) {
                blocked.add(of_this);
                stay.push((stay.len() + clear.len(), pending));
            } else {
                touches.add(of_this);
                weight += M::weight(&pending.submission.command);
                clear.push(pending);
            }
        }
        if weight < least {
            // As they were.
            self.commands = clear;
            for (at, pending) in stay {
                self.commands.insert(at, pending);
            }
            return None;
        }
        self.commands = stay.into_iter().map(|(_, pending)| pending).collect();
        self.weight -= weight;
        Some((clear, touches))
    }
}
