//! The judge is itself judged: each thing that may be wrong is planted, and found.

use super::*;
use crate::points::Wish;

fn asked(act: Act, reference: &str, points: i64, status: u16) -> Asked {
    let wish = Wish { act, holder: 0, reference: reference.into(), spend: "spend".into(), points };
    Asked { wish, answer: Some((status, Vec::new())) }
}

fn row(kind: &str, status: &str, points: i64, settled: i64) -> Row {
    Row { kind: kind.into(), status: status.into(), points, settled, refunded: 0 }
}

/// A spend of 10 that was locked and settled with 4, and one that was refused.
fn told() -> Vec<Asked> {
    vec![
        asked(Act::Lock, "spend", 10, 200),
        asked(Act::Settle, "buy", 4, 200),
        Asked {
            wish: Wish { spend: "other".into(), ..asked(Act::Lock, "other", 5, 400).wish },
            ..asked(Act::Lock, "other", 5, 400)
        },
    ]
}

fn kept() -> BTreeMap<String, Vec<Row>> {
    [
        ("spend".to_owned(), vec![row("SPEND", "SETTLED", 10, 4)]),
        ("buy".to_owned(), vec![row("PURCHASE", "SETTLED", 0, 0)]),
    ]
    .into()
}

fn findings(asked: &[Asked], rows: &BTreeMap<String, Vec<Row>>) -> Vec<String> {
    let mut figure = Figure::begin(0, "", "");
    judge_rows(&mut figure, asked, rows);
    let spends = known(&mut figure, asked);
    judge_spends(&mut figure, &spends, rows);
    figure.findings
}

#[track_caller]
fn assert_found(asked: &[Asked], rows: &BTreeMap<String, Vec<Row>>, what: &str) {
    let found = findings(asked, rows);
    assert!(found.iter().any(|finding| finding.contains(what)), "{what:?} is not in {found:?}");
}

#[test]
fn what_agrees_is_no_finding() {
    assert_eq!(findings(&told(), &kept()), Vec::<String>::new());
}

#[test]
fn what_was_acknowledged_and_is_not_there_is_found() {
    let mut rows = kept();
    rows.remove("buy");
    assert_found(&told(), &rows, "the wallet has []");
}

#[test]
fn what_was_refused_and_is_there_is_found() {
    let mut rows = kept();
    rows.insert("other".into(), vec![row("SPEND", "ACTIVE", 5, 0)]);
    assert_found(&told(), &rows, "was answered Some(400)");
}

#[test]
fn what_nobody_asked_for_or_is_there_twice_is_found() {
    let mut rows = kept();
    rows.insert("ghost".into(), vec![row("SPEND", "ACTIVE", 5, 0)]);
    assert_found(&told(), &rows, "nobody asked");
    let mut rows = kept();
    rows.insert("spend".into(), vec![row("SPEND", "SETTLED", 10, 4), row("SPEND", "SETTLED", 10, 4)]);
    assert_found(&told(), &rows, "was answered Some(200)");
}

#[test]
fn other_points_or_another_end_are_found() {
    let mut rows = kept();
    rows.insert("spend".into(), vec![row("SPEND", "SETTLED", 10, 5)]);
    assert_found(&told(), &rows, "the tills know");
    let mut rows = kept();
    rows.insert("spend".into(), vec![row("SPEND", "VOIDED", 10, 4)]);
    assert_found(&told(), &rows, "the tills know");
}

#[test]
fn a_spend_that_was_both_voided_and_settled_is_found() {
    let both = [told(), vec![asked(Act::Void, "spend", 10, 200)]].concat();
    assert_found(&both, &kept(), "contradicts itself");
    let too_much = [told(), vec![asked(Act::Refund, "back", 5, 200)]].concat();
    let mut rows = kept();
    rows.insert("back".into(), vec![row("REFUND", "ACTIVE", 5, 0)]);
    assert_found(&too_much, &rows, "contradicts itself");
}
