use std::sync::Arc;

use proptest::prelude::*;
use zerosum_domain::{AccountId, AccountType, Amount, BrandId, Currency, Limits, Steward};
use zerosum_ledger::book::{Account, Book, Brand, Context, Ids};

use super::{
    text::{Reference, TransactionType},
    *,
};

/// A book with three general accounts, one of cash and one of another currency.
struct Desk {
    book: Book,
    ids: Ids,
}

const NOW: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

fn account(n: u128) -> AccountId {
    AccountId::new(uuid::Uuid::from_u128(n))
}

const FLOORED: u128 = 3;
const CASH: u128 = 4;
const EUROS: u128 = 5;

impl Desk {
    fn new() -> Self {
        let usd = Currency::parse("USD").unwrap();
        let mut book = Book::new(Brand { id: BrandId::parse("demo").unwrap(), currency: usd.clone() });
        let any = Limits::default();
        let floored = Limits::NOT_BELOW_ZERO;
        for (n, currency, steward, limits) in [
            (1, &usd, Steward::General, any),
            (2, &usd, Steward::General, any),
            (FLOORED, &usd, Steward::General, floored),
            (CASH, &usd, Steward::Cash, any),
            (EUROS, &Currency::parse("EUR").unwrap(), Steward::General, any),
        ] {
            book.load_account(
                Account::loaded(account(n), currency.clone(), steward, limits, false),
                None,
                None,
            );
        }
        Self { book, ids: Ids::seeded(7) }
    }

    /// As the engine runs a command: what a refused one changed is taken back.
    fn run(&mut self, command: &Command) -> Result<Done, Refused> {
        let mark = self.book.mark();
        let mut context = Context::new(NOW, &mut self.ids);
        let outcome = decide(&mut self.book, &mut context, command);
        if outcome.is_err() {
            self.book.undo_to(mark);
        }
        outcome
    }

    fn posted(&self, n: u128) -> i64 {
        self.book.account(account(n)).unwrap().posted
    }
}

fn post(entries: &[(u128, i64)]) -> Post {
    Post {
        kind: TransactionType::parse("payout").unwrap(),
        external_ref: None,
        memo: None,
        metadata: None,
        entries: entries
            .iter()
            .map(|(n, amount)| Entry {
                account: account(*n),
                amount: Amount::new(*amount).unwrap(),
                memo: None,
            })
            .collect(),
    }
}

fn posted(outcome: Result<Done, Refused>) -> Posted {
    match outcome {
        Ok(Done::Posted(posted)) => posted,
        other => panic!("not posted: {other:?}"),
    }
}

#[test]
fn a_posting_moves_money_and_answers_what_it_moved() {
    let mut desk = Desk::new();
    let done = posted(desk.run(&Command::Post(post(&[(1, 1500), (2, -1500)]))));
    assert_eq!((desk.posted(1), desk.posted(2)), (1500, -1500));
    assert_eq!(done.entries.len(), 2);
    assert_eq!(done.posted_at, NOW);
}

#[test]
fn what_is_wrong_first_is_answered() {
    let mut desk = Desk::new();
    let table = [
        // An unknown account comes before a kept one, wherever it stands.
        (post(&[(CASH, 5), (99, -4)]), Refused::UnknownAccount { entry: 1 }),
        (post(&[(1, 5), (CASH, -4)]), Refused::Kept { entry: 1, steward: Steward::Cash }),
        (
            post(&[(1, 5), (2, -4)]),
            Refused::Unbalanced { currency: Currency::parse("USD").unwrap(), sum: "1".into() },
        ),
        (
            post(&[(1, 5), (EUROS, -5)]),
            Refused::Unbalanced { currency: Currency::parse("USD").unwrap(), sum: "5".into() },
        ),
        (
            post(&[(1, 5), (FLOORED, -5)]),
            Refused::LimitPassed { entry: 1, account: account(FLOORED), limits: Limits::NOT_BELOW_ZERO },
        ),
    ];
    for (post, refused) in table {
        assert_eq!(desk.run(&Command::Post(post.clone())), Err(refused), "{post:?}");
        assert!([1, 2, FLOORED, CASH, EUROS].iter().all(|n| desk.posted(*n) == 0));
    }
}

#[test]
fn one_account_may_appear_in_several_entries() {
    let mut desk = Desk::new();
    let done = posted(desk.run(&Command::Post(post(&[(FLOORED, -5), (1, 5), (FLOORED, 5), (1, -5)]))));
    assert_eq!(done.entries.len(), 4);
    assert_eq!(desk.posted(FLOORED), 0);
}

#[test]
fn a_business_event_is_posted_once_per_type() {
    let mut desk = Desk::new();
    let mut event = post(&[(1, 5), (2, -5)]);
    event.external_ref = Some(Reference::parse("payment-1").unwrap());
    let first = posted(desk.run(&Command::Post(event.clone())));
    assert_eq!(
        desk.run(&Command::Post(event.clone())),
        Err(Refused::DuplicateExternalRef {
            kind: "payout".into(),
            external_ref: "payment-1".into(),
            first: first.id
        })
    );
    event.kind = TransactionType::parse("refund").unwrap();
    posted(desk.run(&Command::Post(event)));
}

#[test]
fn an_atomic_batch_posts_all_or_none() {
    let mut desk = Desk::new();
    let items = vec![post(&[(1, 5), (2, -5)]), post(&[(1, 9), (FLOORED, -9)])];
    let refused = desk.run(&Command::Batch(Batch { atomic: true, items: items.clone() }));
    assert!(matches!(refused, Err(Refused::Item { index: 1, .. })), "{refused:?}");
    assert_eq!(desk.posted(1), 0);
    assert!(desk.book.tape().transactions.is_empty());

    let Ok(Done::Batch(done)) = desk.run(&Command::Batch(Batch { atomic: false, items })) else { panic!() };
    assert_eq!(done.items.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false]);
    assert_eq!(desk.posted(1), 5);
}

#[test]
fn a_later_item_sees_what_an_earlier_one_left() {
    let mut desk = Desk::new();
    let items = vec![post(&[(FLOORED, 5), (1, -5)]), post(&[(FLOORED, -5), (1, 5)])];
    assert!(desk.run(&Command::Batch(Batch { atomic: true, items })).is_ok());
}

#[test]
fn an_external_id_is_taken_once() {
    let mut desk = Desk::new();
    let open = Command::Open(Open {
        name: text::AccountName::parse("Till").unwrap(),
        kind: AccountType::Asset,
        currency: Currency::parse("USD").unwrap(),
        external_id: Some(Reference::parse("till-17").unwrap()),
        party_type: None,
        party_id: None,
        limits: Limits::default(),
        metadata: None,
    });
    let Ok(Done::Opened(opened)) = desk.run(&open) else { panic!() };
    assert_eq!(
        desk.run(&open),
        Err(Refused::ExternalIdTaken { external_id: "till-17".into(), account: opened.id })
    );
}

#[test]
fn an_outcome_is_stored_and_read_back_as_it_was() {
    let mut desk = Desk::new();
    let mut event = post(&[(1, 5), (2, -5)]);
    event.external_ref = Some(Reference::parse("payment-1").unwrap());
    let done = desk.run(&Command::Post(event.clone())).unwrap();
    let text = serde_json::to_string(&done).unwrap();
    assert_eq!(serde_json::from_str::<Done>(&text).unwrap(), done);
    let refused = desk.run(&Command::Post(event)).unwrap_err();
    let text = serde_json::to_string(&refused).unwrap();
    assert_eq!(serde_json::from_str::<Refused>(&text).unwrap(), refused);
}

#[test]
fn what_a_caller_can_mend_is_not_remembered() {
    assert!(!Refused::UnknownAccount { entry: 0 }.is_remembered());
    let limit = Refused::LimitPassed { entry: 0, account: account(1), limits: Limits::default() };
    assert!(limit.is_remembered());
    let kind: Arc<str> = "payout".into();
    let twice = Refused::DuplicateExternalRef {
        kind: kind.clone(),
        external_ref: kind,
        first: zerosum_domain::TransactionId::new(uuid::Uuid::nil()),
    };
    assert!(Refused::Item { index: 3, refused: Box::new(twice) }.is_remembered());
}

proptest! {
    /// Against a model of a plain array: a posting that is accepted moves exactly its entries, one that is
    /// refused moves nothing, and the book always sums to zero.
    #[test]
    fn random_postings_keep_the_books(histories in prop::collection::vec(
        prop::collection::vec((1_u128..=3, -60_i64..60), 2..5), 1..40,
    )) {
        let mut desk = Desk::new();
        let mut model = [0_i64; 4];
        for mut entries in histories {
            entries.retain(|(_, amount)| *amount != 0);
            let sum: i64 = entries.iter().map(|(_, amount)| amount).sum();
            if sum != 0 {
                entries.push((1, -sum));
            }
            if entries.len() < 2 {
                continue;
            }
            let mut next = model;
            for (n, amount) in &entries {
                next[usize::try_from(*n).unwrap()] += amount;
            }
            let floored = usize::try_from(FLOORED).unwrap();
            let allowed = next[floored] >= 0 || next[floored] >= model[floored];
            prop_assert_eq!(desk.run(&Command::Post(post(&entries))).is_ok(), allowed);
            if allowed {
                model = next;
            }
            for (n, expected) in model.iter().enumerate().skip(1) {
                prop_assert_eq!(desk.posted(n as u128), *expected);
            }
        }
        prop_assert_eq!(model.iter().sum::<i64>(), 0);
    }
}
