//! What cash reads: the ledger, one brand at a time, through the ledger crate's pool, which is read only and
//! confined to the brand by the database itself. One round trip each.

mod balance;
mod lapsed;
mod ledger;

use std::sync::PoisonError;

use jiff::Timestamp;
use zerosum_ledger::{Clock, reads::Reads};

pub use balance::Balance;
pub use lapsed::{Lapsed, LapsedReader};
pub use ledger::{LedgerPage, RowKind, RowOfLedger, Window};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    reads: Reads,
    clock: Clock,
}

impl Store {
    /// `clock` is the engine's, so that a balance and a spend agree on what has lapsed.
    pub fn new(reads: Reads, clock: Clock) -> Self {
        Self { reads, clock }
    }

    /// The pool, for what every service reads alike.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }
}

/// The moment to ask for; `None` is the database's own now.
fn moment(clock: &Clock) -> Option<Timestamp> {
    match clock {
        Clock::Database => None,
        // A poisoned lock still holds a moment.
        Clock::Set(moment) => Some(*moment.lock().unwrap_or_else(PoisonError::into_inner)),
    }
}
