//! The real book and the model side by side: every step is taken in both and compared.

use zerosum_domain::amount::AMOUNT_MAX;
use zerosum_testkit::model;
use zerosum_testkit::model::{
    Account, AccountNo, End, HoldNo, HoldState, Leg, LegLot, LotNo, Model, Moment, Posting, TransactionNo,
};

use super::real::{Real, moment, state};

/// The step was refused, in both.
#[derive(Debug)]
pub struct Refused;

pub struct World {
    pub model: Model,
    pub real: Real,
    /// The model's entries that were there before this batch.
    before_batch: usize,
    /// The transactions that were: only their ids are known to anyone.
    pub told: usize,
}

/// The accounts of a history. Two of them begin five units from the edges of 64 bits.
pub const ACCOUNTS: &[Account] = &[
    plain("USD", None, None, 0),
    plain("USD", Some(-1_000), Some(1_000), 0),
    plain("USD", Some(0), None, 0),
    with_lots("USD", None),
    with_lots("USD", Some(500)),
    plain("PTS:7", None, None, 0),
    with_lots("PTS:7", None),
    plain("EUR", None, None, 0),
    plain("EUR", Some(0), None, 0),
    plain("USD", None, None, i64::MAX - 5),
    plain("USD", None, None, i64::MIN + 6),
];

const fn plain(currency: &'static str, floor: Option<i64>, ceiling: Option<i64>, opening: i64) -> Account {
    Account { currency, floor, ceiling, keeps_lots: false, opening }
}

const fn with_lots(currency: &'static str, ceiling: Option<i64>) -> Account {
    Account { currency, floor: Some(0), ceiling, keeps_lots: true, opening: 0 }
}

/// The account without limits that a currency's other accounts are filled from.
fn source(currency: &str) -> AccountNo {
    AccountNo(ACCOUNTS.iter().position(|account| account.currency == currency).expect("a currency"))
}

impl World {
    pub fn new() -> Self {
        let mut model = Model::default();
        for account in ACCOUNTS {
            model.open(account.clone());
        }
        let real = Real::new(&model);
        Self { model, real, before_batch: 0, told: 0 }
    }

    /// One command: all of it happens, or nothing. `refuse` takes back even what succeeded.
    pub fn command(&mut self, refuse: bool, command: impl FnOnce(&mut Self) -> Result<(), Refused>) -> bool {
        let (model, numbered, mark) = (self.model.clone(), self.real.numbered(), self.real.book.mark());
        let done = command(self).is_ok() && !refuse;
        if done {
            self.real.book.accept();
        } else {
            self.model = model;
            self.real.book.undo_to(mark);
            self.real.forget_after(numbered);
        }
        self.compare();
        done
    }

    pub fn post(&mut self, posting: &Posting) -> Result<TransactionNo, Refused> {
        let expected = self.model.post(posting);
        let found = self.real.post(posting);
        assert_eq!(found, expected, "{posting:?}\n{}", self.model);
        found.map_err(|_| Refused)
    }

    pub fn hold(
        &mut self,
        account: AccountNo,
        amount: i64,
        expires_at: Option<Moment>,
    ) -> Result<(), Refused> {
        let expected = self.model.hold(account, amount, expires_at, self.real.now);
        let expected = expected.map_err(|short| model::Short { usable: in_64_bits(short.usable) });
        let found = self.real.hold(account, amount, expires_at);
        assert_eq!(found, expected, "{account:?} {amount}\n{}", self.model);
        found.map(drop).map_err(|_| Refused)
    }

    /// Gives from the currency's source; into a new lot where the account keeps lots.
    pub fn grant(&mut self, to: AccountNo, amount: i64, expires_at: Option<Moment>) -> Result<(), Refused> {
        let account = self.model.account(to).clone();
        let lot = if account.keeps_lots { LegLot::New { expires_at } } else { LegLot::None };
        let legs = vec![
            leg(source(account.currency), -amount, LegLot::None),
            Leg { account: Some(to), amount, lot },
        ];
        self.post(&posting("grant", legs)).map(drop)
    }

    /// Takes back to the currency's source, from the lots that expire first.
    pub fn spend(&mut self, from: AccountNo, amount: i64) -> Result<(), Refused> {
        let account = self.model.account(from).clone();
        let parts = if account.keeps_lots {
            let expected = self.model.draw(from, i128::from(amount), self.real.now);
            let found = self.real.draw(from, amount);
            assert_eq!(found, expected, "{from:?} {amount}\n{}", self.model);
            found.map_err(|_| Refused)?
        } else {
            Vec::new()
        };
        self.take("spend", from, i128::from(amount), &parts)
    }

    /// Ends a hold, and posts what it captured.
    pub fn close(&mut self, hold: HoldNo, end: End) -> Result<(), Refused> {
        let expected = self.model.close(hold, end);
        let found = self.real.close(hold, end);
        assert_eq!(found, expected, "{hold:?} {end:?}\n{}", self.model);
        let parts = found.map_err(|_| Refused)?;
        let End::Captured(amount) = end else { return Ok(()) };
        let (_, of) = self.model.holds().nth(hold.0).expect("a hold");
        let account = of.account;
        self.take("capture", account, amount, &parts)
    }

    /// Ends every hold of the account whose time has come, then posts what its expired lots still have free.
    pub fn expire(&mut self, account: AccountNo) -> Result<(), Refused> {
        let now = self.real.now;
        let due: Vec<HoldNo> = self
            .model
            .holds()
            .filter(|(_, hold)| hold.account == account && hold.state == HoldState::Open)
            .filter(|(_, hold)| hold.expires_at.is_some_and(|expires_at| expires_at <= now))
            .map(|(number, _)| number)
            .collect();
        for hold in due {
            self.close(hold, End::Expired)?;
        }
        let parts: Vec<(LotNo, i128)> = self
            .model
            .lots()
            .filter(|(number, lot)| lot.account == account && !self.model.lot_lives(*number, now))
            .map(|(number, _)| (number, self.model.remaining(number) - self.model.held_of_lot(number)))
            .filter(|(_, free)| *free > 0)
            // As many as fit one entry; what is left expires the next time.
            .scan(0, |total, (number, free)| {
                *total += free;
                (*total <= i128::from(AMOUNT_MAX)).then_some((number, free))
            })
            .collect();
        if parts.is_empty() {
            return Ok(());
        }
        let total = parts.iter().map(|(_, free)| free).sum();
        self.take("expiry", account, total, &parts)
    }

    /// The opposite of a transaction: entry by entry, back into the lots it took from and out of those it made.
    pub fn reverse(&mut self, original: TransactionNo, once: bool) -> Result<(), Refused> {
        let legs = self.model.entries_of(original).map(|entry| Leg {
            account: Some(entry.account),
            amount: in_i64(-entry.amount),
            lot: entry.lot.map_or(LegLot::None, LegLot::Of),
        });
        let legs = legs.collect();
        let reverses = once.then_some(original);
        self.post(&Posting { reverses, ..posting("reversal", legs) }).map(drop)
    }

    pub fn set_expiry(&mut self, lot: LotNo, expires_at: Option<Moment>) {
        self.model.set_expiry(lot, expires_at);
        self.real.set_expiry(lot, expires_at);
    }

    pub fn next_batch(&mut self) {
        self.real.next_batch(&self.model);
        self.before_batch = self.model.entries().len();
        self.told = self.model.transactions().len();
        self.compare();
    }

    fn take(
        &mut self,
        kind: &str,
        from: AccountNo,
        amount: i128,
        parts: &[(LotNo, i128)],
    ) -> Result<(), Refused> {
        let account = self.model.account(from).clone();
        let mut legs = vec![leg(source(account.currency), in_i64(amount), LegLot::None)];
        if account.keeps_lots {
            legs.extend(parts.iter().map(|(lot, part)| leg(from, in_i64(-part), LegLot::Of(*lot))));
        } else {
            legs.push(leg(from, in_i64(-amount), LegLot::None));
        }
        self.post(&posting(kind, legs)).map(drop)
    }

    /// Every figure of the book is the model's, and the tape tells how it came about.
    fn compare(&self) {
        self.model.assert_sound();
        for (number, _) in self.model.accounts() {
            let real = self.real.account(number);
            let figures = (i128::from(real.posted), i128::from(real.held), real.version);
            let version = i64::try_from(self.model.version(number)).expect("a version");
            let expected = (self.model.posted(number), self.model.held(number), version);
            assert_eq!(figures, expected, "{number:?}\n{}", self.model);
            let usable = in_64_bits(self.model.usable(number, self.real.now));
            assert_eq!(i128::from(self.real.usable(number)), usable, "{number:?}\n{}", self.model);
            self.compare_lots(number);
        }
        for (number, hold) in self.model.holds() {
            let real = self.real.hold_of(number);
            assert_eq!(state(real.status), hold.state, "{number:?}");
            assert_eq!(
                (i128::from(real.amount), i128::from(real.captured), moment(real.expires_at)),
                (hold.amount, hold.captured, hold.expires_at),
                "{number:?}"
            );
        }
        self.compare_tape();
    }

    fn compare_lots(&self, account: AccountNo) {
        let mut in_order: Vec<(Moment, LotNo)> = Vec::new();
        for (number, lot) in self.model.lots().filter(|(_, lot)| lot.account == account) {
            let real = self.real.lot(number);
            let figures = (i128::from(real.remaining), i128::from(real.held), moment(real.expires_at));
            let expected = (self.model.remaining(number), self.model.held_of_lot(number), lot.expires_at);
            assert_eq!(figures, expected, "{number:?}\n{}", self.model);
            if expected.0 > 0 {
                in_order.push((lot.expires_at.unwrap_or(Moment::MAX), number));
            }
        }
        in_order.sort_unstable();
        let expected: Vec<LotNo> = in_order.into_iter().map(|(_, lot)| lot).collect();
        assert_eq!(self.real.lots_of(account), expected, "{account:?}");
    }

    fn compare_tape(&self) {
        self.real.assert_one_chain();
        let tape = self.real.tape();
        let expected = &self.model.entries()[self.before_batch..];
        assert_eq!(tape.len(), expected.len());
        for (at, ((found, version), expected)) in tape.iter().zip(expected).enumerate() {
            assert_eq!(format!("{found:?}"), format!("{expected:?}"));
            let upto = &self.model.entries()[..=self.before_batch + at];
            let of_account = upto.iter().filter(|entry| entry.account == expected.account).count();
            assert_eq!(usize::try_from(*version), Ok(of_account), "versions have no gap");
        }
    }
}

pub fn leg(account: AccountNo, amount: i64, lot: LegLot) -> Leg {
    Leg { account: Some(account), amount, lot }
}

pub fn posting(kind: &str, legs: Vec<Leg>) -> Posting {
    Posting { kind: kind.to_owned(), external_ref: None, reverses: None, legs }
}

/// An amount of an entry; histories keep to amounts whose sums of a few fit one.
fn in_i64(amount: i128) -> i64 {
    let amount = i64::try_from(amount).expect("64 bits");
    assert!(amount.abs() <= AMOUNT_MAX, "{amount}");
    amount
}

/// The book's figure of something that no 64 bits hold is the nearest that they do.
fn in_64_bits(figure: i128) -> i128 {
    figure.clamp(i128::from(i64::MIN), i128::from(i64::MAX))
}
