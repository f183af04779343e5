//! What a posting is refused for, in order of precedence, and what it leaves.

use serde_json::Value;
use zerosum_domain::{AccountId, Limits, LotId};

use super::super::{
    Account, Book, Context, Ids, KnownTransaction, Leg, OutboxRow, PostRefused, Posting, TransactionRow,
};
use super::{Till, amount, at, empty, opening};
use zerosum_domain::{Currency, Steward, TransactionId};

/// Two accounts without limits in each of two currencies.
fn four() -> (Book, Ids, [AccountId; 4]) {
    let (mut book, mut ids) = empty();
    let mut context = Context::new(at(0), &mut ids);
    let accounts = ["USD", "USD", "EUR", "EUR"].map(|currency| {
        book.open_account(&mut context, opening(currency, Limits::default(), false)).unwrap()
    });
    (book, ids, accounts)
}

#[test]
fn a_transaction_has_two_to_two_thousand_entries() {
    let (mut book, mut ids, [a, b, ..]) = four();
    let mut context = Context::new(at(0), &mut ids);
    let one = vec![Leg::plain(a, amount(1))];
    assert_eq!(book.post(&mut context, Posting::of("t", one)), Err(PostRefused::EntryCount));
    let pairs =
        |n| (0..n).flat_map(|_| [Leg::plain(a, amount(1)), Leg::plain(b, amount(-1))]).collect::<Vec<_>>();
    assert_eq!(book.post(&mut context, Posting::of("t", pairs(1_001))), Err(PostRefused::EntryCount));
    let posted = book.post(&mut context, Posting::of("t", pairs(1_000))).unwrap();
    assert_eq!(posted.entries.len(), 2_000);
    assert_eq!(posted.entries[1_999].id.line, 1_999);
    assert_eq!(book.account(a).unwrap().version, 1_000);
}

#[test]
fn every_currency_sums_to_zero_by_itself() {
    let (mut book, mut ids, [a, b, c, d]) = four();
    let mut context = Context::new(at(0), &mut ids);
    let mixed = vec![Leg::plain(a, amount(1)), Leg::plain(c, amount(-1))];
    let usd = Currency::parse("USD").unwrap();
    assert_eq!(
        book.post(&mut context, Posting::of("t", mixed)),
        Err(PostRefused::Unbalanced { currency: usd, sum: 1 })
    );
    let both = [(a, 5), (c, 7), (b, -5), (d, -7)].map(|(account, units)| Leg::plain(account, amount(units)));
    let posted = book.post(&mut context, Posting::of("t", both.to_vec())).unwrap();
    let balances: Vec<i64> = posted.entries.iter().map(|entry| entry.balance_after).collect();
    assert_eq!(balances, [5, 7, -5, -7], "entries keep the order of the legs");
}

#[test]
fn precedence_is_that_of_the_list() {
    let mut till = Till::new();
    till.grant(10, None);
    let nobody = AccountId::new(uuid::Uuid::nil());
    let no_lot = LotId::new(uuid::Uuid::nil());
    let (bank, user) = (till.bank, till.user);
    // Everything is wrong with it; each line mends the first thing.
    let legs = |account, units, lot: LotId| {
        vec![Leg::plain(account, amount(units)), Leg::plain(user, amount(-50)).of_lot(lot)]
    };
    assert_eq!(till.post(0, legs(nobody, 40, no_lot)), Err(PostRefused::UnknownAccount { leg: 0 }));
    assert!(matches!(till.post(0, legs(bank, 40, no_lot)), Err(PostRefused::Unbalanced { sum: -10, .. })));
    assert_eq!(till.post(0, legs(bank, 50, no_lot)), Err(PostRefused::LotMismatch { leg: 1 }));
    assert_eq!(till.figures(), (10, 0, 1));
}

#[test]
fn limits_bind_the_end_of_a_transaction_and_not_its_middle() {
    let (mut book, mut ids) = empty();
    let mut context = Context::new(at(0), &mut ids);
    let bank = book.open_account(&mut context, opening("USD", Limits::default(), false)).unwrap();
    let limits = Limits { floor: Some(-10), ceiling: Some(10) };
    let small = book.open_account(&mut context, opening("USD", limits, false)).unwrap();
    let mut post = |units: &[i64]| {
        let sum: i64 = units.iter().sum();
        let mut legs: Vec<Leg> = units.iter().map(|units| Leg::plain(small, amount(*units))).collect();
        legs.push(Leg::plain(bank, amount(-sum)));
        book.post(&mut context, Posting::of("t", legs)).map(|_| ())
    };
    let refused = Err(PostRefused::LimitPassed { account: small });
    assert_eq!(post(&[11]), refused);
    assert_eq!(post(&[-11]), refused);
    assert_eq!(post(&[100, -90]), Ok(()));
    assert_eq!(post(&[1]), refused);
    assert_eq!(post(&[-20]), Ok(()));
    assert_eq!(post(&[-1]), refused);
}

#[test]
fn overflow_is_an_error_at_both_edges_and_on_the_way() {
    for edge in [i64::MAX, i64::MIN] {
        let (mut book, mut ids) = empty();
        let usd = || Currency::parse("USD").unwrap();
        let [giant, other] = [1, 2].map(|n| AccountId::new(uuid::Uuid::from_u128(n)));
        let load = |id| Account::loaded(id, usd(), Steward::General, Limits::default(), false);
        book.load_account(load(giant).with_balance(edge, 0, 3), None, None);
        book.load_account(load(other), None, None);
        let mut context = Context::new(at(0), &mut ids);
        let outward = edge.signum();
        let mut post = |units: &[i64]| {
            let sum: i64 = units.iter().sum();
            let mut legs: Vec<Leg> = units.iter().map(|units| Leg::plain(giant, amount(*units))).collect();
            legs.push(Leg::plain(other, amount(-sum)));
            book.post(&mut context, Posting::of("t", legs)).map(|_| ())
        };
        let refused = Err(PostRefused::Overflow { account: giant });
        assert_eq!(post(&[outward]), refused);
        // The end would fit, the balance after the first entry would not.
        assert_eq!(post(&[outward, -2 * outward]), refused);
        assert_eq!(post(&[-2 * outward, outward]), Ok(()));
        assert_eq!(book.account(giant).unwrap().posted, edge - outward);
        assert_eq!(book.account(giant).unwrap().version, 5);
    }
}

#[test]
fn an_overflow_anywhere_comes_before_a_limit_anywhere() {
    let (mut book, mut ids) = empty();
    let usd = || Currency::parse("USD").unwrap();
    let [giant, small] = [1, 2].map(|n| AccountId::new(uuid::Uuid::from_u128(n)));
    let load = |id, limits| Account::loaded(id, usd(), Steward::General, limits, false);
    book.load_account(load(giant, Limits::default()).with_balance(i64::MAX, 0, 3), None, None);
    book.load_account(load(small, Limits::NOT_BELOW_ZERO), None, None);
    let legs = vec![Leg::plain(small, amount(-1)), Leg::plain(giant, amount(1))];
    assert_eq!(
        book.post(&mut Context::new(at(0), &mut ids), Posting::of("t", legs)),
        Err(PostRefused::Overflow { account: giant })
    );
}

#[test]
fn a_business_reference_is_taken_once_per_type_and_freed_when_taken_back() {
    let (mut book, mut ids, [a, b, ..]) = four();
    let mut context = Context::new(at(0), &mut ids);
    let posting = |kind: &'static str| Posting {
        external_ref: Some("order-1".into()),
        ..Posting::of(kind, vec![Leg::plain(a, amount(1)), Leg::plain(b, amount(-1))])
    };
    let mark = book.mark();
    book.post(&mut context, posting("sale")).unwrap();
    book.undo_to(mark);
    let first = book.post(&mut context, posting("sale")).unwrap().transaction;
    assert_eq!(book.post(&mut context, posting("sale")), Err(PostRefused::DuplicateExternalRef(first)));
    assert_eq!(book.transaction_by_external_ref("sale", "order-1"), Some(first));
    assert!(book.post(&mut context, posting("refund")).is_ok());
}

#[test]
fn a_reversal_happens_once_and_can_be_taken_back() {
    let (mut book, mut ids, [a, b, ..]) = four();
    let mut context = Context::new(at(0), &mut ids);
    let original = TransactionId::new(context.id());
    book.load_transaction(
        original,
        KnownTransaction { kind: "t".into(), entries: Vec::new(), reversed_by: None, is_reversal: false },
    );
    let reversal = || Posting {
        reverses: Some(original),
        ..Posting::of("reversal", vec![Leg::plain(a, amount(-1)), Leg::plain(b, amount(1))])
    };
    let mark = book.mark();
    book.post(&mut context, reversal()).unwrap();
    book.undo_to(mark);
    let first = book.post(&mut context, reversal()).unwrap().transaction;
    assert_eq!(book.post(&mut context, reversal()), Err(PostRefused::AlreadyReversed(first)));
    assert_eq!(book.transaction(original).unwrap().reversed_by, Some(first));
}

#[test]
fn a_posting_writes_one_transaction_its_entries_and_one_event() {
    let mut till = Till::new();
    till.grant(10, None);
    till.book.fill_outbox(&mut Context::new(jiff::Timestamp::UNIX_EPOCH, &mut Ids::seeded(1)));
    let tape = till.book.tape();
    let [TransactionRow { id, .. }] = tape.transactions.as_slice() else { panic!("one transaction") };
    assert!(tape.entries.iter().all(|entry| entry.id.transaction == *id));
    assert_eq!(tape.entries.iter().map(|entry| entry.id.line).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(tape.outbox.len(), 1);
    assert_eq!(
        (tape.outbox[0].subjects.as_slice(), tape.outbox[0].payload.as_ref()),
        ([*id].as_slice(), None)
    );
}

#[test]
fn events_share_a_row_of_the_outbox_until_it_is_full() {
    let (mut book, mut ids, _) = four();
    let long = format!("{{\"long\":\"{}\"}}", "x".repeat(OutboxRow::PAYLOAD_FULL / 2));
    let told = [("a", "{\"n\":1}"), ("b", "{\"n\":\"\\\"\"}"), ("c", &long), ("d", &long), ("e", "{}")];
    for (kind, payload) in told {
        book.emit(kind, payload.to_owned());
    }
    book.fill_outbox(&mut Context::new(at(0), &mut ids));
    let rows = &book.tape().outbox;
    let kept: Vec<Vec<(String, Value)>> = rows
        .iter()
        .map(|row| {
            assert_eq!((row.kind, row.subjects.len()), ("events", 0));
            let events: Vec<Value> = serde_json::from_str(row.payload.as_ref().unwrap()).unwrap();
            events
                .iter()
                .map(|event| (event["kind"].as_str().unwrap().to_owned(), event["told"].clone()))
                .collect()
        })
        .collect();
    let whole: Vec<(String, Value)> =
        told.map(|(kind, payload)| (kind.to_owned(), serde_json::from_str(payload).unwrap())).to_vec();
    assert_eq!(kept, [whole[..4].to_vec(), whole[4..].to_vec()]);
    assert_ne!(rows[0].id, rows[1].id);
}

#[test]
fn an_event_of_a_command_that_is_taken_back_is_not_told() {
    let (mut book, mut ids, _) = four();
    book.emit("stays", "{}".to_owned());
    let mark = book.mark();
    book.emit("goes", "{}".to_owned());
    book.undo_to(mark);
    book.fill_outbox(&mut Context::new(at(0), &mut ids));
    let [row] = book.tape().outbox.as_slice() else { panic!("one row") };
    assert_eq!(row.payload.as_deref(), Some("[{\"kind\":\"stays\",\"told\":{}}]"));
}
