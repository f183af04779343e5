//! Each checker finds its own planted fault, and finds nothing in a history as it should be.

use super::*;
use crate::history::{Kept, Operation, Reading};

fn operation(key: &str, invoked: u64, completed: u64) -> Operation {
    Operation {
        key: key.into(),
        brand: "b".into(),
        account: "a".into(),
        amount: 5,
        invoked,
        completed: Some(completed),
        outcome: Outcome::Ok,
        transaction: Some(format!("t-{key}")),
        version: None,
        balance_after: None,
    }
}

fn entry(key: &str, version: i64, balance_after: i64) -> EntryRow {
    EntryRow {
        brand: "b".into(),
        account: "a".into(),
        version,
        amount: -5,
        balance_after,
        transaction: format!("t-{key}"),
    }
}

fn effect(key: &str) -> Effect {
    Effect { brand: "b".into(), key: key.into(), transaction: format!("t-{key}") }
}

/// Three payments, one after the other.
fn sound() -> (Kept, Books) {
    let history = Kept {
        operations: vec![operation("k1", 0, 10), operation("k2", 20, 30), operation("k3", 40, 50)],
        ..Kept::default()
    };
    let limits = AccountLimits { floor: Some(-15), ceiling: None };
    let books = Books {
        entries: vec![entry("k1", 1, -5), entry("k2", 2, -10), entry("k3", 3, -15)],
        effects: vec![effect("k1"), effect("k2"), effect("k3")],
        limits: [(("b".to_owned(), "a".to_owned()), limits)].into(),
    };
    (history, books)
}

#[track_caller]
fn assert_finds(checker: Checker, part: &str, plant: impl FnOnce(&mut Kept, &mut Books)) {
    let (mut history, mut books) = sound();
    plant(&mut history, &mut books);
    let findings = check(&history, &books, &[]);
    assert!(
        findings.iter().any(|finding| finding.checker == checker && finding.message.contains(part)),
        "{checker:?} {part}: {findings:?}"
    );
}

#[test]
fn a_sound_history_has_no_findings() {
    let (mut history, books) = sound();
    assert_eq!(check(&history, &books, &[("a fault", 1)]), []);
    books.resolve(&mut history);
    assert_eq!((history.operations[1].version, history.operations[1].balance_after), (Some(2), Some(-10)));
    assert!(history.lines().ends_with("k3\tb\ta\t5\t40\t50\tok\tt-k3\t3\t-15\n"), "{}", history.lines());
}

#[test]
fn c3_finds_what_was_lost_what_was_refused_what_is_there_twice_and_what_nobody_asked_for() {
    assert_finds(Checker::C3, "not in the books", |_, books| drop(books.effects.remove(1)));
    assert_finds(Checker::C3, "refused and is", |history, _| {
        history.operations[1].outcome = Outcome::Refused
    });
    assert_finds(Checker::C3, "2 effects", |_, books| books.effects.push(effect("k2")));
    assert_finds(Checker::C3, "nobody asked", |history, _| drop(history.operations.remove(0)));
    assert_finds(Checker::C3, "another transaction", |history, _| {
        history.operations[0].transaction = Some("t-other".into());
    });
}

#[test]
fn an_unknown_operation_may_or_may_not_have_happened() {
    for happened in [false, true] {
        let (mut history, mut books) = sound();
        history.operations[2].outcome = Outcome::Unknown;
        history.operations[2].completed = None;
        if !happened {
            books.effects.pop();
            books.entries.pop();
        }
        assert_eq!(check(&history, &books, &[]), []);
    }
}

#[test]
fn c5_finds_a_balance_below_its_floor_even_if_it_rose_again() {
    assert_finds(Checker::C5, "version 2", |_, books| books.entries[1].balance_after = -16);
}

#[test]
fn c6_finds_answers_that_differ() {
    let answer = |status: &str| format!("{status} {{}}").into_bytes();
    assert_finds(Checker::C6, "key k1", |history, _| {
        history.answers.insert(("b".into(), "k1".into()), [answer("201"), answer("200")].into());
    });
}

#[test]
fn c7_finds_a_broken_chain_and_an_order_that_time_forbids() {
    assert_finds(Checker::C7, "does not follow", |_, books| books.entries[1].balance_after = -11);
    assert_finds(Checker::C7, "does not follow", |_, books| books.entries[2].version = 4);
    // The second was over before the first began.
    assert_finds(Checker::C7, "was over before version 1", |history, _| {
        history.operations[0] = operation("k1", 31, 39)
    });
    let (mut history, books) = sound();
    // They overlap: either order is one.
    history.operations[0] = operation("k1", 29, 39);
    assert_eq!(check(&history, &books, &[]), []);
}

#[test]
fn c7_finds_a_stale_balance_and_one_from_the_future() {
    let reading = |balance, invoked, completed| Reading {
        brand: "b".into(),
        account: "a".into(),
        balance,
        invoked,
        completed,
    };
    for (balance, invoked, completed, sound_reading) in [
        (-5, 12, 18, true),
        (-5, 12, 35, true),
        (-10, 22, 25, true),
        (0, 0, 5, true),
        (-5, 31, 35, false),
        (-15, 31, 35, false),
        (0, 11, 12, false),
    ] {
        let (mut history, books) = sound();
        history.readings.push(reading(balance, invoked, completed));
        assert_eq!(check(&history, &books, &[]).is_empty(), sound_reading, "{balance} {invoked} {completed}");
    }
}

#[test]
fn c8_finds_a_state_that_was_never_reached() {
    assert_eq!(c8(&[("a cut", 3), ("a kill", 0)]), [Finding::new(Checker::C8, "never reached: a kill")]);
}
