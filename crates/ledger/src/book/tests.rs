//! The book alone, without a database: claims, and random histories against the model of `zerosum-testkit`.

mod accounts;
mod histories;
mod holds;
mod lots;
mod postings;
mod real;
mod world;

use jiff::Timestamp;
use zerosum_domain::{AccountType, Amount, BrandId, Currency, Limits, Steward};

use super::{Book, Brand, Context, Ids, Leg, OpenAccount};

/// A moment so many seconds after the tests' epoch.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn empty() -> (Book, Ids) {
    let brand = Brand { id: BrandId::parse("demo").unwrap(), currency: Currency::parse("USD").unwrap() };
    (Book::new(brand), Ids::seeded(7))
}

fn opening(currency: &str, limits: Limits, keeps_lots: bool) -> OpenAccount {
    OpenAccount {
        name: "An account".into(),
        kind: AccountType::Asset,
        steward: Steward::General,
        currency: Currency::parse(currency).unwrap(),
        limits,
        keeps_lots,
        code: None,
        external_id: None,
        party: None,
        metadata: None,
    }
}

fn amount(units: i64) -> Amount {
    Amount::new(units).unwrap()
}

/// A book with a bank that has no limits and a user that keeps lots and cannot be overdrawn.
struct Till {
    book: Book,
    ids: Ids,
    bank: zerosum_domain::AccountId,
    user: zerosum_domain::AccountId,
}

impl Till {
    fn new() -> Self {
        let (mut book, mut ids) = empty();
        let mut context = Context::new(at(0), &mut ids);
        let bank = book.open_account(&mut context, opening("USD", Limits::default(), false)).unwrap();
        let user = book.open_account(&mut context, opening("USD", Limits::NOT_BELOW_ZERO, true)).unwrap();
        Self { book, ids, bank, user }
    }

    /// Gives the user a lot.
    fn grant(&mut self, units: i64, expires_at: Option<Timestamp>) -> zerosum_domain::LotId {
        let legs = vec![
            Leg::plain(self.bank, amount(-units)),
            Leg::plain(self.user, amount(units)).new_lot(expires_at),
        ];
        self.post(0, legs).unwrap().entries[1].lot.unwrap()
    }

    fn post(&mut self, now: i64, legs: Vec<Leg>) -> Result<super::Posted, super::PostRefused> {
        let mut context = Context::new(at(now), &mut self.ids);
        self.book.post(&mut context, super::Posting::of("test", legs))
    }

    fn hold(&mut self, now: i64, units: i64) -> Result<zerosum_domain::HoldId, super::Short> {
        let mut context = Context::new(at(now), &mut self.ids);
        self.book.hold(&mut context, self.user, units, None)
    }

    /// (posted, held, version) of the user.
    fn figures(&self) -> (i64, i64, i64) {
        let user = self.book.account(self.user).unwrap();
        (user.posted, user.held, user.version)
    }
}
