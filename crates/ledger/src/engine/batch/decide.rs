//! Step 2: what the batch's commands do to the books, one after the other. Pure but for the lane's ids.

use std::{
    collections::hash_map::Entry,
    panic::{AssertUnwindSafe, catch_unwind},
};

use ahash::HashMap;
use jiff::{SignedDuration, Timestamp};
use zerosum_domain::{BrandId, BrandKey};

use super::{
    Attempt, Read,
    answers::{NewAnswer, SharedOutcomes, Stored, outcome_text, replay, share},
};
use crate::{
    book::{Book, Context, Ids},
    engine::{Answer, Fault, Key, KeyLifetime, KeyName, Outcome, Pending, StateMachine},
};

/// What a batch has decided: what to write, and what to answer once it is committed.
pub(in crate::engine) struct Decided<M: StateMachine> {
    pub books: HashMap<BrandId, Book>,
    pub rows: M::Rows,
    pub answers: Vec<NewAnswer>,
    pub shared: Vec<SharedOutcomes>,
    pub now: Timestamp,
    /// Whether what was decided on is locked; otherwise the write confirms it.
    pub locked: bool,
    pub outcomes: Vec<Outcome<M>>,
    done: usize,
    /// Whether a brand of the batch is halted: what it answered before may still be asked for.
    pub(super) halted: bool,
    /// Whether a command with a key has an outcome that its key does not keep.
    leaves_key: bool,
}

/// What the write has to confirm of the accounts that a batch was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Confirms {
    /// They are locked.
    Nothing,
    /// What moves, moves from the state that was decided on.
    Moves,
    /// All of them, because a refusal moves nothing.
    Everything,
}

impl<M: StateMachine> Decided<M> {
    /// Whether anything was refused, as an outcome or inside one.
    pub(super) fn has_refusals(&self) -> bool {
        let refused = |outcome: &Outcome<M>| {
            outcome.as_ref().is_ok_and(|answer| !answer.replayed && answer.outcome.is_err())
        };
        self.outcomes.iter().any(refused) || self.books.values().any(Book::has_refused)
    }

    /// What its answers are filed under.
    pub fn names(&self) -> impl Iterator<Item = (BrandKey, KeyName)> {
        self.answers.iter().map(|answer| (answer.brand, answer.key.name()))
    }

    pub(super) fn nothing_to_write(&self) -> bool {
        self.done == 0 && self.answers.is_empty()
    }

    pub fn confirms(&self) -> Confirms {
        match (self.locked, self.has_refusals()) {
            (true, _) => Confirms::Nothing,
            (false, false) => Confirms::Moves,
            (false, true) => Confirms::Everything,
        }
    }

    /// Whether it was decided without locks and there is something that the write will not confirm.
    pub(super) fn needs_locks(&self) -> bool {
        !self.locked && (self.halted || self.leaves_key || self.nothing_to_write())
    }
}

pub(super) fn decide<M: StateMachine>(
    machine: &M,
    ids: &mut Ids,
    batch: &[Pending<M>],
    mut read: Read<M::Rows>,
) -> Result<Decided<M>, Attempt> {
    if !machine.join(&mut read.rows, &read.books) {
        return Err(Attempt::Rerun);
    }
    let mut answers: Vec<NewAnswer> = Vec::with_capacity(batch.len());
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut text_buffer = Vec::new();
    let mut done = 0;
    let mut leaves_key = false;
    for pending in batch {
        let submission = &pending.submission;
        let Some(book) = read.books.get_mut(&submission.brand) else {
            outcomes.push(Err(Fault::UnknownBrand));
            continue;
        };
        let name = submission.key.as_ref().map(|key| (key, (submission.brand.key(), key.name())));
        if let Some((key, name)) = &name
            && let Some(stored) = read.keys.get(name)
        {
            outcomes.push(replay(stored, key));
            continue;
        }
        if read.halted.contains(&submission.brand) {
            outcomes.push(Err(Fault::Halted));
            continue;
        }
        let mark = book.mark();
        let mut context = Context::new(read.now, ids);
        let rows = &mut read.rows;
        // A panic in a rule must not take the lane with it, nor the other commands: they run again, each alone.
        let deciding = || machine.decide(&mut context, book, rows, &submission.command);
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(deciding)) else {
            if batch.len() > 1 {
                return Err(Attempt::Failed);
            }
            book.undo_to(mark);
            outcomes.push(Err(Fault::Broken));
            continue;
        };
        if outcome.is_err() {
            book.undo_to(mark);
        }
        let keeps = |key: &Key| {
            outcome.as_ref().err().is_none_or(|refused| key.remembers_refusals && M::remembers(refused))
        };
        leaves_key |= name.as_ref().is_some_and(|(key, _)| !keeps(key));
        if let Some((key, name)) = name
            && keeps(key)
        {
            let Some(text) = outcome_text::<M>(&outcome, &mut text_buffer) else {
                return Err(Attempt::Failed);
            };
            let expires_at = match key.lifetime {
                KeyLifetime::Forever => None,
                KeyLifetime::Days(days) => {
                    read.now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()
                }
            };
            if let Entry::Vacant(slot) = read.keys.entry(name) {
                slot.insert(Stored {
                    fingerprint: key.stored_fingerprint().to_vec(),
                    refused: outcome.is_err(),
                    outcome: text.clone(),
                });
            }
            answers.push(NewAnswer {
                brand: submission.brand.key(),
                key: key.clone(),
                refused: outcome.is_err(),
                outcome: text,
                expires_at,
            });
        }
        if outcome.is_ok() {
            book.accept();
            done += 1;
        }
        outcomes.push(Ok(Answer { outcome, replayed: false }));
    }
    machine.decided(&mut read.rows, &mut read.books);
    for book in read.books.values_mut() {
        book.fill_outbox(&mut Context::new(read.now, ids));
    }
    let shared = share(&mut answers, || Context::new(read.now, ids).id());
    Ok(Decided {
        halted: !read.halted.is_empty(),
        leaves_key,
        books: read.books,
        rows: read.rows,
        answers,
        shared,
        now: read.now,
        locked: read.locked,
        outcomes,
        done,
    })
}
