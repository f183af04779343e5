//! Holds: set aside once, ended once.

use zerosum_domain::Limits;

use super::super::{Context, Drawn, HoldEnd, HoldNotOpen, HoldStatus, Leg, Short};
use super::{Till, amount, at, empty, opening};

#[test]
fn what_is_held_cannot_be_spent_or_held_again() {
    let mut till = Till::new();
    till.grant(10, None);
    till.hold(0, 7).unwrap();
    assert_eq!(till.figures(), (10, 7, 1));
    assert_eq!(till.book.usable(till.user, at(0)), 3);
    assert_eq!(till.hold(0, 4), Err(Short { usable: 3 }));
    assert_eq!(till.book.draw(till.user, 4, at(0)), Err(Short { usable: 3 }));
}

#[test]
fn a_hold_of_nothing_is_refused_and_leaves_no_trace() {
    let mut till = Till::new();
    till.grant(10, None);
    for none in [0, -1, i64::MIN] {
        assert_eq!(till.hold(0, none), Err(Short { usable: 10 }), "{none}");
    }
    assert!(till.book.tape().new_holds.is_empty());
    assert_eq!(till.figures(), (10, 0, 1));
}

#[test]
fn a_capture_takes_the_holds_own_lots_even_when_they_have_expired() {
    let mut till = Till::new();
    let soon = till.grant(5, Some(at(10)));
    let never = till.grant(5, None);
    let hold = till.hold(0, 8).unwrap();
    let lots = till.book.close_hold(hold, HoldEnd::Captured(6)).unwrap();
    assert_eq!(lots, [Drawn { lot: soon, amount: 5 }, Drawn { lot: never, amount: 1 }]);
    let mut legs = vec![Leg::plain(till.bank, amount(6))];
    legs.extend(lots.iter().map(|part| Leg::plain(till.user, amount(-part.amount)).of_lot(part.lot)));
    till.post(1_000, legs).unwrap();
    assert_eq!(till.figures(), (4, 0, 4));
    assert_eq!(till.book.known_hold(hold).unwrap().captured, 6);
}

#[test]
fn a_capture_is_at_least_one_and_at_most_what_is_held() {
    let mut till = Till::new();
    till.grant(10, None);
    let hold = till.hold(0, 7).unwrap();
    for bad in [0, -1, 8, i64::MAX, i64::MIN] {
        assert_eq!(
            till.book.close_hold(hold, HoldEnd::Captured(bad)),
            Err(HoldNotOpen(Some(HoldStatus::Open))),
            "{bad}"
        );
    }
    assert_eq!(till.figures(), (10, 7, 1));
    assert!(till.book.close_hold(hold, HoldEnd::Captured(7)).is_ok());
}

#[test]
fn a_hold_ends_once_however_it_ends() {
    let ends = [
        (HoldEnd::Captured(1), HoldStatus::Captured),
        (HoldEnd::Voided, HoldStatus::Voided),
        (HoldEnd::Expired, HoldStatus::Expired),
    ];
    for (first, status) in ends {
        for (second, _) in ends {
            let mut till = Till::new();
            till.grant(10, None);
            let hold = till.hold(0, 7).unwrap();
            till.book.close_hold(hold, first).unwrap();
            assert_eq!(till.book.close_hold(hold, second), Err(HoldNotOpen(Some(status))));
            assert_eq!(till.figures().1, 0);
            assert_eq!(till.book.usable(till.user, at(0)), 10);
        }
    }
}

#[test]
fn a_hold_on_an_account_without_lots_is_bound_by_its_floor() {
    let (mut book, mut ids) = empty();
    let mut context = Context::new(at(0), &mut ids);
    let limits = Limits { floor: Some(-5), ceiling: None };
    let account = book.open_account(&mut context, opening("USD", limits, false)).unwrap();
    assert!(book.hold(&mut context, account, 5, None).is_ok());
    assert!(book.hold(&mut context, account, 1, None).is_err());
}

#[test]
fn holds_do_not_overflow() {
    let (mut book, mut ids) = empty();
    let mut context = Context::new(at(0), &mut ids);
    let account = book.open_account(&mut context, opening("USD", Limits::default(), false)).unwrap();
    assert!(book.hold(&mut context, account, i64::MAX, None).is_ok());
    assert!(book.hold(&mut context, account, 1, None).is_err());
    assert_eq!(book.usable(account, at(0)), -i64::MAX);
}

#[test]
fn an_ended_hold_that_was_taken_back_is_open() {
    let mut till = Till::new();
    let lot = till.grant(10, None);
    let hold = till.hold(0, 7).unwrap();
    till.book.accept();
    let mark = till.book.mark();
    till.book.close_hold(hold, HoldEnd::Captured(3)).unwrap();
    till.book.undo_to(mark);
    assert_eq!(till.book.known_hold(hold).unwrap().status, HoldStatus::Open);
    assert_eq!((till.figures(), till.book.lot(lot).unwrap().held), ((10, 7, 1), 7));
}
