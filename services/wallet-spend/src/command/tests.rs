//! The rules against a small model, without a database: random histories of one wallet, clock jumps included.

mod bench;
mod model;

use proptest::prelude::*;

use bench::{Bench, CARD};
use model::{Model, Step, Told};
use zerosum_domain::spend::PointsExpiry;

use super::memory::{Memory, Of};
use crate::model::WalletTransactionId;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let reference = 0..12_usize;
    let points = (1..6_i64).prop_map(|tens| tens * 10_000);
    let step = prop_oneof![
        3 => (1..50_000_i64).prop_map(Step::Credit),
        1 => (1..50_000_i64).prop_map(Step::Debit),
        6 => (reference.clone(), points.clone(), any::<bool>())
            .prop_map(|(reference, points, lock)| Step::Spend { reference, points, lock }),
        3 => reference.clone().prop_map(Step::Void),
        4 => (reference.clone(), prop::option::of(points.clone()))
            .prop_map(|(reference, part)| Step::Settle { reference, part }),
        2 => (reference, prop::option::of(1..60_000_i64))
            .prop_map(|(reference, points)| Step::Refund { reference, points }),
        2 => (1..100_000_i64).prop_map(Step::Wait),
        1 => Just(Step::ExpiryJob),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_history_agrees_with_the_model(
        steps in steps(), points_back in prop_oneof![Just(0_i64), 1..70_000_i64],
    ) {
        let mut bench = Bench::new(None, points_back);
        let mut model = Model::new(points_back);
        for (at, step) in steps.iter().enumerate() {
            let told = bench.run(at, step);
            let expected = model.run(at, step);
            prop_assert_eq!(&told, &expected, "step {} {:?}", at, step);
            prop_assert_eq!(bench.figures(), model.figures(), "after step {} {:?}", at, step);
            prop_assert_eq!(bench.lifetimes(), model.lifetimes(), "after step {} {:?}", at, step);
        }
        prop_assert!(bench.conserves_points());
    }

    #[test]
    fn points_that_expire_are_conserved_too(steps in steps()) {
        // A day is shorter than a lock lasts, so lots expire under locks as well.
        let mut bench = Bench::new(Some(PointsExpiry::days(1).unwrap()), 300);
        for (at, step) in steps.iter().enumerate() {
            bench.run(at, step);
            let [current, usable, locked] = bench.figures();
            prop_assert!(usable >= 0 && locked >= 0 && current == usable + locked);
        }
        prop_assert!(bench.conserves_points());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A batch under locks reads only the locks that run out soon.
    #[test]
    fn a_wallet_is_remembered_with_all_of_its_open_locks_or_not_at_all(
        steps in steps(), reads in prop::collection::vec(any::<bool>(), 8),
    ) {
        let mut bench = Bench::new(None, 300);
        for (at, step) in steps.iter().enumerate() {
            bench.run(at, step);
            let (found, open) = bench.recalled(|_| true);
            prop_assert_eq!(found.as_ref(), Some(&open), "after step {} {:?}", at, step);
            let is_read = |id: WalletTransactionId| reads[usize::try_from(id.get()).unwrap() % reads.len()];
            let (found, open) = bench.recalled(|made| is_read(made.id));
            prop_assert_eq!(found.is_some(), open.iter().all(|lock| is_read(*lock)), "after step {} {:?}", at, step);
            if let Some(found) = found {
                prop_assert_eq!(found, open, "after step {} {:?}", at, step);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// What has ended leaves it: a name that stayed would take memory for ever.
    #[test]
    fn a_memory_that_lasts_knows_the_names_of_what_is_open_and_no_others(steps in steps()) {
        let mut bench = Bench::new(None, 300);
        let mut memory = Memory::default();
        for (at, step) in steps.iter().enumerate() {
            bench.run(at, step);
            bench.take_in(&mut memory, Of::Batch, |_| true);
            let names = memory.names();
            prop_assert_eq!(names, (vec![CARD.to_owned()], bench.open()), "after step {} {:?}", at, step);
        }
    }
}

#[test]
fn what_another_process_has_moved_is_known_as_it_was_read_and_not_as_it_was_before() {
    let (mut bench, mut memory) = (Bench::new(None, 0), Memory::default());
    let lock = |reference| Step::Spend { reference, points: 10_000, lock: true };
    assert_eq!(bench.run(0, &Step::Credit(40_000)), Told::Done);
    assert_eq!(bench.run(1, &lock(1)), Told::Done);
    bench.take_in(&mut memory, Of::Look, |_| true);
    let first = bench.open();
    assert_eq!(memory.names().1, first);

    assert_eq!(bench.run(2, &Step::Void(1)), Told::Done);
    assert_eq!(bench.run(3, &lock(2)), Told::Done);
    bench.move_on();
    let second = bench.open();
    // A look may be older than what is known; a batch is not.
    bench.take_in(&mut memory, Of::Look, |_| true);
    assert_eq!(memory.names().1, first);
    bench.take_in(&mut memory, Of::Batch, |made| second.contains(&made.reference.to_string()));
    assert_eq!(memory.names(), (vec![CARD.to_owned()], second));
}

#[test]
fn a_refused_command_leaves_no_trace() {
    let mut bench = Bench::new(None, 0);
    assert_eq!(bench.run(0, &Step::Credit(10_000)), Told::Done);
    let before = bench.trace();
    assert_eq!(bench.run(1, &Step::Spend { reference: 1, points: 20_000, lock: true }), Told::Insufficient);
    assert_eq!(bench.run(2, &Step::Void(1)), Told::NotFound);
    assert_eq!(bench.trace(), before);
}
