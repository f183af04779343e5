//! Opening accounts, and taking it back.

use zerosum_domain::Limits;

use super::super::{Context, ExternalIdTaken};
use super::{at, empty, opening};

#[test]
fn an_external_id_names_one_account() {
    let (mut book, mut ids) = empty();
    let mut context = Context::new(at(0), &mut ids);
    let mut open = opening("USD", Limits::default(), false);
    open.external_id = Some("till-1".into());
    let first = book.open_account(&mut context, open.clone()).unwrap();
    assert_eq!(book.open_account(&mut context, open), Err(ExternalIdTaken(first)));
    assert_eq!(book.account_by_external_id("till-1").unwrap().id, first);
    assert_eq!(book.tape().opened.len(), 1);
}

#[test]
fn a_code_opens_one_account() {
    let (mut book, mut ids) = empty();
    let mut context = Context::new(at(0), &mut ids);
    let first = book.account_or_open(&mut context, "cash:funding", |code| super::OpenAccount {
        code: Some(code),
        ..opening("USD", Limits::default(), false)
    });
    let second = book.account_or_open(&mut context, "cash:funding", |_| unreachable!("it is open"));
    assert_eq!(first, second);
}

#[test]
fn an_account_that_was_taken_back_was_never_opened() {
    let (mut book, mut ids) = empty();
    let mut context = Context::new(at(0), &mut ids);
    let mark = book.mark();
    let mut open = opening("USD", Limits::default(), false);
    (open.code, open.external_id) = (Some("a".into()), Some("b".into()));
    let id = book.open_account(&mut context, open.clone()).unwrap();
    book.undo_to(mark);
    assert!(book.account(id).is_none());
    assert!(book.account_by_code("a").is_none() && book.account_by_external_id("b").is_none());
    assert!(book.tape().opened.is_empty());
    assert!(book.open_account(&mut context, open).is_ok());
}
