//! Lots: earliest expiry first, never below what is held.

use super::super::{Drawn, Leg, PostRefused, Short};
use super::{Till, amount, at};

#[test]
fn lots_are_drawn_earliest_expiry_first_and_those_without_expiry_last() {
    let mut till = Till::new();
    let never = till.grant(5, None);
    let late = till.grant(5, Some(at(200)));
    let soon = till.grant(5, Some(at(100)));
    let soon_too = till.grant(5, Some(at(100)));
    let drawn = till.book.draw(till.user, 18, at(0)).unwrap();
    let parts: Vec<_> = drawn.iter().map(|Drawn { lot, amount }| (*lot, *amount)).collect();
    assert_eq!(parts, [(soon, 5), (soon_too, 5), (late, 5), (never, 3)]);
}

#[test]
fn an_expired_lot_is_not_usable_before_anyone_posts_its_expiry() {
    let mut till = Till::new();
    till.grant(5, Some(at(100)));
    till.grant(7, None);
    assert_eq!(till.book.usable(till.user, at(99)), 12);
    assert_eq!(till.book.usable(till.user, at(100)), 7);
    assert_eq!(till.book.draw(till.user, 8, at(100)), Err(Short { usable: 7 }));
}

#[test]
fn nothing_is_drawn_for_nothing() {
    let mut till = Till::new();
    till.grant(5, None);
    for none in [0, -1, i64::MIN] {
        assert_eq!(till.book.draw(till.user, none, at(0)), Ok(Vec::new()));
    }
}

#[test]
fn an_entry_never_takes_more_of_a_lot_than_is_free_in_it() {
    let mut till = Till::new();
    let lot = till.grant(10, None);
    till.hold(0, 4).unwrap();
    let (bank, user) = (till.bank, till.user);
    let take = |parts: &[i64]| {
        let mut legs = vec![Leg::plain(bank, amount(parts.iter().sum()))];
        legs.extend(parts.iter().map(|part| Leg::plain(user, amount(-part)).of_lot(lot)));
        legs
    };
    assert_eq!(till.post(0, take(&[7])), Err(PostRefused::LotMismatch { leg: 1 }));
    assert_eq!(till.post(0, take(&[3, 4])), Err(PostRefused::LotMismatch { leg: 2 }));
    assert!(till.post(0, take(&[3, 3])).is_ok());
    assert_eq!(till.book.lot(lot).unwrap().remaining, 4);
}

#[test]
fn entries_name_lots_where_and_only_where_the_account_keeps_them() {
    let mut till = Till::new();
    let lot = till.grant(10, None);
    let (bank, user) = (till.bank, till.user);
    let plain = Leg::plain;
    for (legs, leg) in [
        (vec![plain(bank, amount(1)), plain(user, amount(-1))], 1),
        (vec![plain(bank, amount(1)).of_lot(lot), plain(user, amount(-1)).of_lot(lot)], 0),
        (vec![plain(bank, amount(1)).new_lot(None), plain(user, amount(-1)).of_lot(lot)], 0),
        (vec![plain(bank, amount(1)), plain(user, amount(-1)).new_lot(None)], 1),
    ] {
        assert_eq!(till.post(0, legs), Err(PostRefused::LotMismatch { leg }));
    }
}

#[test]
fn a_new_lot_that_was_taken_back_was_never_there() {
    let mut till = Till::new();
    let mark = till.book.mark();
    let lot = till.grant(10, None);
    till.book.undo_to(mark);
    assert!(till.book.lot(lot).is_none());
    assert_eq!(till.book.usable(till.user, at(0)), 0);
    assert!(till.book.tape().new_lots.is_empty() && till.book.tape().entries.is_empty());
    assert!(till.book.changed_lots().next().is_none());
}
