//! What a history and the books must agree on: C3, C5, C6, C7 and C8 of the list of checkers.
//!
//! C1, C2 and C4 need no history and are proven by `zerosum_ledger::verify`, which looks at C5 and at the chain of C7
//! too. Here they are folded again from the entries, by other code.
//! Every checker is pure, so that each can be shown to find its own planted fault.

mod books;
mod strict;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use crate::history::{Kept, Outcome};

pub use books::{AccountLimits, Books, Effect, EntryRow};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Checker {
    C3,
    C5,
    C6,
    C7,
    C8,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub checker: Checker,
    pub message: String,
}

impl Finding {
    fn new(checker: Checker, message: impl Into<String>) -> Self {
        Self { checker, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.checker, self.message)
    }
}

/// Everything at once.
pub fn check(history: &Kept, books: &Books, reached: &[(&str, u64)]) -> Vec<Finding> {
    [c3(history, books), c5(books), c6(history), strict::c7(history, books), c8(reached)].concat()
}

/// Acknowledged ⊆ database; refused ∩ database = ∅; at most one effect per key.
pub fn c3(history: &Kept, books: &Books) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut effects: BTreeMap<(&str, &str), Vec<&Effect>> = BTreeMap::new();
    for effect in &books.effects {
        effects.entry((&effect.brand, &effect.key)).or_default().push(effect);
    }
    for ((brand, key), effects) in &effects {
        if effects.len() > 1 {
            findings.push(Finding::new(
                Checker::C3,
                format!("key {key} of {brand} has {} effects", effects.len()),
            ));
        }
    }
    let asked: BTreeSet<(&str, &str)> =
        history.operations.iter().map(|operation| (&*operation.brand, &*operation.key)).collect();
    for (brand, key) in effects.keys().filter(|name| !asked.contains(*name)) {
        findings
            .push(Finding::new(Checker::C3, format!("nobody asked for the effect of key {key} of {brand}")));
    }
    for operation in &history.operations {
        let effect = effects.get(&(&*operation.brand, &*operation.key)).and_then(|effects| effects.first());
        let wrong = match (operation.outcome, effect) {
            (Outcome::Ok, None) => "was acknowledged and is not in the books",
            (Outcome::Ok, Some(effect))
                if operation.transaction.as_ref().is_some_and(|told| *told != effect.transaction) =>
            {
                "was answered with another transaction than that in the books"
            }
            (Outcome::Refused, Some(_)) => "was refused and is in the books",
            (Outcome::Ok | Outcome::Unknown, _) | (Outcome::Refused, None) => continue,
        };
        findings.push(Finding::new(Checker::C3, format!("the operation {wrong}: {operation}")));
    }
    findings
}

/// No balance below its floor, ever: after every transaction, not only now.
pub fn c5(books: &Books) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ((brand, account), entries) in books.by_account() {
        let limits = books.limits.get(&(brand.to_owned(), account.to_owned())).copied().unwrap_or_default();
        for (at, entry) in entries.iter().enumerate() {
            let ends = entries.get(at + 1).is_none_or(|next| next.transaction != entry.transaction);
            let below = limits.floor.is_some_and(|floor| entry.balance_after < floor);
            let above = limits.ceiling.is_some_and(|ceiling| entry.balance_after > ceiling);
            if ends && (below || above) {
                findings.push(Finding::new(
                    Checker::C5,
                    format!(
                        "{} at version {} of {account} of {brand} is beyond {limits:?}",
                        entry.balance_after, entry.version
                    ),
                ));
            }
        }
    }
    findings
}

/// All answers of one key are equal, byte for byte.
pub fn c6(history: &Kept) -> Vec<Finding> {
    let differing = history.answers.iter().filter(|(_, answers)| answers.len() > 1);
    differing
        .map(|((brand, key), answers)| {
            let texts: Vec<_> = answers.iter().map(|answer| String::from_utf8_lossy(answer)).collect();
            Finding::new(Checker::C6, format!("key {key} of {brand} has different answers: {texts:?}"))
        })
        .collect()
}

/// Each dangerous state was really reached: a run without faults proves nothing about them.
pub fn c8(reached: &[(&str, u64)]) -> Vec<Finding> {
    let never = reached.iter().filter(|(_, times)| *times == 0);
    never.map(|(state, _)| Finding::new(Checker::C8, format!("never reached: {state}"))).collect()
}

pub use strict::c7;
