use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use zerosum_domain::{AccountId, BrandId, Cents, Currency, LotId};
use zerosum_ledger::book::{Book, Brand, Context, Ids};

use super::{
    accounts::{BrandAccount, user_code},
    text::{Reason, Source, UserId},
    *,
};

/// A book and a clock that a test moves.
struct Desk {
    book: Book,
    ids: Ids,
    now: Timestamp,
}

impl Desk {
    fn new() -> Self {
        let brand = Brand { id: BrandId::parse("demo").unwrap(), currency: Currency::parse("USD").unwrap() };
        Self { book: Book::new(brand), ids: Ids::seeded(7), now: Timestamp::UNIX_EPOCH }
    }

    /// As the engine runs a command: what a refused one changed is taken back.
    fn run(&mut self, command: &Command) -> Result<Done, Refused> {
        let mark = self.book.mark();
        let mut context = Context::new(self.now, &mut self.ids);
        let outcome = decide(&mut self.book, &mut context, command);
        if outcome.is_err() {
            self.book.undo_to(mark);
        }
        outcome
    }

    fn grant(&mut self, amount: i64, expires_in: Option<i64>) -> Result<Granted, Refused> {
        let grant = Grant {
            user: user(),
            amount: Cents::new(amount).unwrap(),
            source: Source::parse("campaign").unwrap(),
            reason: None,
            expires_at: expires_in.map(|seconds| self.now + SignedDuration::from_secs(seconds)),
            memo: None,
        };
        match self.run(&Command::Grant(grant))? {
            Done::Granted(granted) => Ok(granted),
            other => panic!("not a grant: {other:?}"),
        }
    }

    fn spend(&mut self, amount: i64) -> Result<Spent, Refused> {
        let spend = Spend {
            user: user(),
            amount: Cents::new(amount).unwrap(),
            reason: Reason::parse("purchase").unwrap(),
            memo: None,
        };
        match self.run(&Command::Spend(spend))? {
            Done::Spent(spent) => Ok(spent),
            other => panic!("not a spend: {other:?}"),
        }
    }

    fn expire(&mut self) -> usize {
        let Some(account) = self.account() else { return 0 };
        match self.run(&Command::Expire(Expire { accounts: [account].into() })) {
            Ok(Done::Expired(expired)) => expired.lots,
            other => panic!("not an expiry: {other:?}"),
        }
    }

    fn account(&self) -> Option<AccountId> {
        self.book.account_by_code(&user_code(&user())).map(|account| account.id)
    }

    fn usable(&self) -> i64 {
        self.account().map_or(0, |account| self.book.usable(account, self.now))
    }

    fn of_brand(&self, account: BrandAccount) -> i64 {
        self.book.account_by_code(account.code()).map_or(0, |account| account.posted)
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }
}

fn user() -> UserId {
    UserId::parse("user-1").unwrap()
}

fn cents(amount: i64) -> Cents {
    Cents::new(amount).unwrap()
}

#[test]
fn the_first_grant_opens_the_account() {
    let mut desk = Desk::new();
    let granted = desk.grant(500, None).unwrap();
    assert_eq!(granted.balance, 500);
    assert_eq!(desk.grant(100, None).unwrap().account, granted.account);
    assert_eq!(desk.of_brand(BrandAccount::Funding), -600);
}

#[test]
fn a_user_who_never_had_cash_cannot_spend() {
    let mut desk = Desk::new();
    assert_eq!(desk.spend(1), Err(Refused::NoAccount));
    assert_eq!(desk.book.accounts().count(), 0);
}

#[test]
fn a_spend_must_be_covered() {
    let mut desk = Desk::new();
    desk.grant(300, None).unwrap();
    assert_eq!(desk.spend(301), Err(Refused::Insufficient { asked: cents(301), usable: 300 }));
    assert_eq!(desk.spend(300).unwrap().balance, 0);
    assert_eq!(desk.of_brand(BrandAccount::Redemption), 300);
}

#[test]
fn lots_that_expire_first_are_spent_first_and_those_that_never_do_last() {
    let mut desk = Desk::new();
    let never = desk.grant(10, None).unwrap().grant;
    let late = desk.grant(10, Some(200)).unwrap().grant;
    let soon = desk.grant(10, Some(100)).unwrap().grant;
    desk.spend(15).unwrap();
    let left = |desk: &Desk, lot| desk.book.lot(lot).map_or(0, |lot| lot.remaining);
    assert_eq!((left(&desk, soon), left(&desk, late), left(&desk, never)), (0, 5, 10));
    // One entry for each lot, one for the brand.
    assert_eq!(desk.book.tape().entries.len(), 6 + 3);
}

#[test]
fn what_has_expired_cannot_be_spent_whether_or_not_the_expiry_was_posted() {
    let mut desk = Desk::new();
    desk.grant(70, Some(100)).unwrap();
    desk.grant(30, None).unwrap();
    desk.wait(99);
    assert_eq!(desk.usable(), 100);
    desk.wait(1);
    assert_eq!(desk.usable(), 30);
    assert_eq!(desk.spend(31), Err(Refused::Insufficient { asked: cents(31), usable: 30 }));
    assert_eq!(desk.expire(), 1);
    assert_eq!(desk.expire(), 0, "an expiry is posted once");
    assert_eq!(desk.of_brand(BrandAccount::Breakage), 70);
    assert_eq!(desk.usable(), 30);
}

#[test]
fn a_balance_stays_within_what_the_contract_can_say() {
    let mut desk = Desk::new();
    let most = zerosum_domain::amount::AMOUNT_MAX;
    desk.grant(most, None).unwrap();
    assert_eq!(desk.grant(1, None), Err(Refused::BalanceTooLarge));
    assert_eq!(desk.usable(), most);
}

#[test]
fn a_spend_draws_on_as_many_grants_as_a_transaction_has_room_for() {
    let mut desk = Desk::new();
    for _ in 0..2_000 {
        desk.grant(1, None).unwrap();
    }
    assert_eq!(desk.spend(2_000), Err(Refused::TooManyGrants { grants: 2_000, most: 1_999 }));
    assert_eq!(desk.spend(1_999).unwrap().balance, 1);
    assert_eq!(desk.spend(1).unwrap().balance, 0);
}

#[test]
fn an_outcome_is_stored_and_read_back_as_it_was() {
    let mut desk = Desk::new();
    let done = Done::Granted(desk.grant(300, Some(10)).unwrap());
    let text = serde_json::to_string(&done).unwrap();
    assert_eq!(serde_json::from_str::<Done>(&text).unwrap(), done);
    let refused = desk.spend(500).unwrap_err();
    let text = serde_json::to_string(&refused).unwrap();
    assert_eq!(serde_json::from_str::<Refused>(&text).unwrap(), refused);
}

#[derive(Debug, Clone)]
enum Step {
    Grant { amount: i64, expires_in: Option<i64> },
    Spend(i64),
    Expire,
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_i64..100, prop::option::of(-20_i64..200))
            .prop_map(|(amount, expires_in)| Step::Grant { amount, expires_in }),
        (1_i64..150).prop_map(Step::Spend),
        Just(Step::Expire),
        (0_i64..80).prop_map(Step::Wait),
    ]
}

/// Lots as a plain map, kept in the order that they are spent in.
#[derive(Debug, Default)]
struct Model {
    lots: BTreeMap<(Timestamp, LotId), i64>,
    granted: i64,
    spent: i64,
    expired: i64,
}

impl Model {
    fn usable(&self, now: Timestamp) -> i64 {
        self.lots.iter().filter(|((expiry, _), _)| *expiry > now).map(|(_, left)| left).sum()
    }

    fn spend(&mut self, amount: i64, now: Timestamp) -> bool {
        if amount > self.usable(now) {
            return false;
        }
        let mut wanted = amount;
        for ((expiry, _), left) in &mut self.lots {
            if *expiry > now {
                let part = wanted.min(*left);
                *left -= part;
                wanted -= part;
            }
        }
        self.spent += amount;
        true
    }

    fn expire(&mut self, now: Timestamp) {
        for ((expiry, _), left) in &mut self.lots {
            if *expiry <= now {
                self.expired += std::mem::take(left);
            }
        }
    }
}

proptest! {
    /// granted = spent + expired + live, lot by lot, whatever happens in whatever order.
    #[test]
    fn lots_are_conserved_over_random_histories(steps in prop::collection::vec(step(), 1..60)) {
        let mut desk = Desk::new();
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Grant { amount, expires_in } => {
                    let granted = desk.grant(amount, expires_in).unwrap();
                    let expiry = expires_in
                        .map_or(Timestamp::MAX, |seconds| desk.now + SignedDuration::from_secs(seconds));
                    model.lots.insert((expiry, granted.grant), amount);
                    model.granted += amount;
                    prop_assert_eq!(granted.balance, model.usable(desk.now));
                }
                Step::Spend(amount) => {
                    let accepted = model.spend(amount, desk.now);
                    prop_assert_eq!(desk.spend(amount).is_ok(), accepted);
                }
                Step::Expire => {
                    model.expire(desk.now);
                    desk.expire();
                }
                Step::Wait(seconds) => desk.wait(seconds),
            }
            prop_assert_eq!(desk.usable(), model.usable(desk.now));
            for ((_, lot), left) in &model.lots {
                prop_assert_eq!(desk.book.lot(*lot).unwrap().remaining, *left);
            }
            let live: i64 = model.lots.values().sum();
            prop_assert_eq!(model.granted, model.spent + model.expired + live);
            prop_assert_eq!(desk.of_brand(BrandAccount::Funding), -model.granted);
            prop_assert_eq!(desk.of_brand(BrandAccount::Redemption), model.spent);
            prop_assert_eq!(desk.of_brand(BrandAccount::Breakage), model.expired);
        }
    }
}
