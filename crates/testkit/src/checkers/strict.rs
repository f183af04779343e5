//! C7: strict serializability of each account, from its versions.
//!
//! Versions are the order in which an account changed. That order is the real one if every balance follows from the
//! one before, if no operation that was over comes after one that had not begun, and if every balance that was read
//! is one that the account had between the reading's beginning and its end.

use std::collections::BTreeMap;

use super::{Books, Checker, EntryRow, Finding};
use crate::history::{Kept, Moment};

/// When an entry's operation was under way. One without an end may have happened at any time since its beginning.
#[derive(Debug, Clone, Copy)]
struct Interval {
    invoked: Moment,
    completed: Moment,
}

/// balance_after(v) = balance_after(v − 1) + amount(v), and real-time order implies version order.
pub fn c7(history: &Kept, books: &Books) -> Vec<Finding> {
    let intervals = intervals(history, books);
    let mut findings = Vec::new();
    let accounts = books.by_account();
    for ((brand, account), entries) in &accounts {
        let at = |entry: &EntryRow| format!("version {} of {account} of {brand}", entry.version);
        let (mut balance, mut version) = (0, 0);
        for entry in entries {
            if entry.version != version + 1
                || i128::from(entry.balance_after) != balance + i128::from(entry.amount)
            {
                findings.push(Finding::new(
                    Checker::C7,
                    format!("{} does not follow from the one before", at(entry)),
                ));
            }
            (balance, version) = (i128::from(entry.balance_after), entry.version);
        }
        // From the last version back: whoever came later must not have been over before this one began.
        let mut earliest_end: Option<(Moment, &EntryRow)> = None;
        for entry in entries.iter().rev() {
            let Some(interval) = intervals.get(&(&*entry.brand, &*entry.transaction)) else { continue };
            if let Some((end, later)) = earliest_end
                && end < interval.invoked
            {
                findings.push(Finding::new(
                    Checker::C7,
                    format!("{} was over before {} had begun", at(later), at(entry)),
                ));
            }
            if earliest_end.is_none_or(|(end, _)| interval.completed < end) {
                earliest_end = Some((interval.completed, entry));
            }
        }
    }
    for reading in &history.readings {
        let entries = accounts.get(&(&*reading.brand, &*reading.account)).map_or(&[][..], Vec::as_slice);
        if !could_be_read(reading.balance, reading.invoked, reading.completed, entries, &intervals) {
            findings.push(Finding::new(Checker::C7, format!("no such balance at that time: {reading:?}")));
        }
    }
    findings
}

type Intervals<'a> = BTreeMap<(&'a str, &'a str), Interval>;

/// By brand and transaction. What the test prepared itself has none, and came before everything.
fn intervals<'a>(history: &'a Kept, books: &'a Books) -> Intervals<'a> {
    let asked: BTreeMap<(&str, &str), Interval> = history
        .operations
        .iter()
        .map(|operation| {
            let completed = operation.completed.unwrap_or(Moment::MAX);
            ((&*operation.brand, &*operation.key), Interval { invoked: operation.invoked, completed })
        })
        .collect();
    let effects = books.effects.iter();
    effects
        .filter_map(|effect| {
            let interval = asked.get(&(&*effect.brand, &*effect.key))?;
            Some(((&*effect.brand, &*effect.transaction), *interval))
        })
        .collect()
}

/// Whether the account had this balance after some version that the reading may have seen: at least the last one
/// that was over when it began, at most the last one that had begun when it was over.
fn could_be_read(
    balance: i64,
    invoked: Moment,
    completed: Moment,
    entries: &[&EntryRow],
    intervals: &Intervals<'_>,
) -> bool {
    let of = |entry: &EntryRow| {
        intervals
            .get(&(&*entry.brand, &*entry.transaction))
            .copied()
            .unwrap_or(Interval { invoked: 0, completed: 0 })
    };
    let first = entries.iter().rposition(|entry| of(entry).completed < invoked);
    let last = entries.iter().rposition(|entry| of(entry).invoked < completed);
    let untouched = first.is_none() && balance == 0;
    let Some(last) = last else { return untouched };
    untouched
        || entries[first.unwrap_or(0)..=last.max(first.unwrap_or(0))]
            .iter()
            .any(|e| e.balance_after == balance)
}
