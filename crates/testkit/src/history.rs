//! What clients asked, when, and what they were told: one line per operation.
//!
//! An operation is one idempotency key, however often it was sent: it is invoked at its first attempt and completes
//! at the attempt that was answered. An operation that was never answered has no end: it may still happen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// What the client knows in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Refused,
    Unknown,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        })
    }
}

/// Microseconds since the history began.
pub type Moment = u64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    pub key: String,
    pub brand: String,
    /// The account that pays.
    pub account: String,
    pub amount: i64,
    pub invoked: Moment,
    /// None while unknown.
    pub completed: Option<Moment>,
    pub outcome: Outcome,
    /// The transaction that the answer names.
    pub transaction: Option<String>,
    /// Of the paying account, from the books: an answer does not say them.
    pub version: Option<i64>,
    pub balance_after: Option<i64>,
}

/// The columns of a line.
pub const COLUMNS: &str =
    "key\tbrand\taccount\tamount\tinvoked_us\tcompleted_us\toutcome\ttransaction\tversion\tbalance_after";

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn or_dash(value: Option<impl fmt::Display>) -> String {
            value.map_or_else(|| "-".to_owned(), |value| value.to_string())
        }
        write!(f, "{}\t{}\t{}\t{}\t{}\t", self.key, self.brand, self.account, self.amount, self.invoked)?;
        write!(f, "{}\t{}\t", or_dash(self.completed), self.outcome)?;
        write!(f, "{}\t", self.transaction.as_deref().unwrap_or("-"))?;
        write!(f, "{}\t{}", or_dash(self.version), or_dash(self.balance_after))
    }
}

/// A balance that was read, and when: it must be one that the account had in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub brand: String,
    pub account: String,
    pub balance: i64,
    pub invoked: Moment,
    pub completed: Moment,
}

/// Grows from many tasks at once.
#[derive(Debug)]
pub struct History {
    start: Instant,
    kept: Mutex<Kept>,
}

/// What was recorded.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    pub operations: Vec<Operation>,
    pub readings: Vec<Reading>,
    /// Every different answer of a key, first and replayed alike.
    pub answers: BTreeMap<(String, String), BTreeSet<Vec<u8>>>,
    /// How many answers there were, equal ones included.
    pub answered: u64,
}

impl Default for History {
    fn default() -> Self {
        Self { start: Instant::now(), kept: Mutex::default() }
    }
}

impl History {
    pub fn now(&self) -> Moment {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    pub fn operation(&self, operation: Operation) {
        self.kept().operations.push(operation);
    }

    pub fn reading(&self, reading: Reading) {
        self.kept().readings.push(reading);
    }

    /// Status and body of a definite answer to a key.
    pub fn answer(&self, brand: &str, key: &str, status: u16, body: &[u8]) {
        let mut kept = self.kept();
        kept.answered += 1;
        let whole = [status.to_string().as_bytes(), b" ", body].concat();
        kept.answers.entry((brand.to_owned(), key.to_owned())).or_default().insert(whole);
    }

    /// Everything so far.
    pub fn take(&self) -> Kept {
        std::mem::take(&mut *self.kept())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    pub fn count(&self, outcome: Outcome) -> usize {
        self.operations.iter().filter(|operation| operation.outcome == outcome).count()
    }

    /// One line per operation, under a line of names.
    pub fn lines(&self) -> String {
        let mut text = format!("{COLUMNS}\n");
        for operation in &self.operations {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{operation}");
        }
        text
    }
}
