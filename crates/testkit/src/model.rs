//! Books as simple as they can be, to compare the real ones with.
//!
//! Independent of the ledger on purpose: no type, rule or shortcut is shared with it. Nothing is stored that can be
//! folded from the entries and the holds, every figure is an `i128`, and a change is tried on a copy that is thrown
//! away when anything in it is refused. Slow, and easy to believe.
//!
//! [`Model`] knows accounts, postings, lots and holds by the order in which they were made; moments are seconds.

mod hold;
mod post;

use std::fmt;

pub use hold::{End, HoldState, NotOpen};
pub use post::{Leg, LegLot, Posting, Refusal};

/// A moment, in seconds of whatever epoch the test uses.
pub type Moment = i64;

macro_rules! number {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub usize);
    )+};
}

number!(
    /// The account that was opened so many accounts after the first.
    AccountNo,
    LotNo,
    HoldNo,
    TransactionNo,
);

/// What an account is.
#[derive(Debug, Clone)]
pub struct Account {
    pub currency: &'static str,
    pub floor: Option<i64>,
    pub ceiling: Option<i64>,
    pub keeps_lots: bool,
    /// What it held before the model's history begins.
    pub opening: i64,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub transaction: TransactionNo,
    pub account: AccountNo,
    pub lot: Option<LotNo>,
    pub amount: i128,
    pub balance_after: i128,
}

#[derive(Debug, Clone)]
pub struct Lot {
    pub account: AccountNo,
    pub expires_at: Option<Moment>,
}

#[derive(Debug, Clone)]
pub struct Hold {
    pub account: AccountNo,
    pub amount: i128,
    /// What it holds of which lots.
    pub parts: Vec<(LotNo, i128)>,
    pub state: HoldState,
    pub captured: i128,
    pub expires_at: Option<Moment>,
}

#[derive(Debug, Clone)]
pub struct Transaction {
    pub kind: String,
    pub external_ref: Option<String>,
    pub reverses: Option<TransactionNo>,
}

/// What can be used does not cover what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    pub usable: i128,
}

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub struct Model {
    accounts: Vec<Account>,
    transactions: Vec<Transaction>,
    entries: Vec<Entry>,
    lots: Vec<Lot>,
    holds: Vec<Hold>,
}

impl Model {
    pub fn open(&mut self, account: Account) -> AccountNo {
        self.accounts.push(account);
        AccountNo(self.accounts.len() - 1)
    }

    pub fn accounts(&self) -> impl Iterator<Item = (AccountNo, &Account)> {
        self.accounts.iter().enumerate().map(|(number, account)| (AccountNo(number), account))
    }

    pub fn account(&self, account: AccountNo) -> &Account {
        &self.accounts[account.0]
    }

    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    pub fn transaction(&self, transaction: TransactionNo) -> &Transaction {
        &self.transactions[transaction.0]
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn entries_of(&self, transaction: TransactionNo) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.transaction == transaction)
    }

    pub fn posted(&self, account: AccountNo) -> i128 {
        let moved: i128 =
            self.entries.iter().filter(|entry| entry.account == account).map(|entry| entry.amount).sum();
        i128::from(self.accounts[account.0].opening) + moved
    }

    /// The number of the account's entries.
    pub fn version(&self, account: AccountNo) -> usize {
        self.entries.iter().filter(|entry| entry.account == account).count()
    }

    pub fn lots(&self) -> impl Iterator<Item = (LotNo, &Lot)> {
        self.lots.iter().enumerate().map(|(number, lot)| (LotNo(number), lot))
    }

    pub fn remaining(&self, lot: LotNo) -> i128 {
        self.entries.iter().filter(|entry| entry.lot == Some(lot)).map(|entry| entry.amount).sum()
    }

    /// Whether the lot could still be spent at this moment, if anything were left.
    pub fn lot_lives(&self, lot: LotNo, now: Moment) -> bool {
        self.lots[lot.0].expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// What an account has that is neither held nor expired.
    pub fn usable(&self, account: AccountNo, now: Moment) -> i128 {
        if !self.accounts[account.0].keeps_lots {
            return self.posted(account) - self.held(account);
        }
        self.lots_in_order(account)
            .into_iter()
            .filter(|lot| self.lot_lives(*lot, now))
            .map(|lot| self.remaining(lot) - self.held_of_lot(lot))
            .sum()
    }

    /// Chooses lots of an account that keeps them: earliest expiry first, those without expiry last, older before
    /// newer.
    pub fn draw(&self, account: AccountNo, amount: i128, now: Moment) -> Result<Vec<(LotNo, i128)>, Short> {
        let usable = self.usable(account, now);
        if amount > usable {
            return Err(Short { usable });
        }
        let mut parts = Vec::new();
        let mut left = amount;
        for lot in self.lots_in_order(account) {
            let free = self.remaining(lot) - self.held_of_lot(lot);
            let part = if self.lot_lives(lot, now) { free.min(left) } else { 0 };
            if part > 0 {
                parts.push((lot, part));
                left -= part;
            }
        }
        assert_eq!(left, 0, "what is usable is in the lots");
        Ok(parts)
    }

    pub fn set_expiry(&mut self, lot: LotNo, expires_at: Option<Moment>) {
        self.lots[lot.0].expires_at = expires_at;
    }

    /// Panics unless the model itself keeps what every book keeps: it would be no measure otherwise.
    pub fn assert_sound(&self) {
        let mut by_currency = std::collections::BTreeMap::<_, i128>::new();
        for entry in &self.entries {
            *by_currency.entry((entry.transaction, self.account(entry.account).currency)).or_default() +=
                entry.amount;
        }
        assert!(by_currency.values().all(|sum| *sum == 0), "{by_currency:?}");
        for (number, account) in self.accounts() {
            let (posted, held) = (self.posted(number), self.held(number));
            assert!(held >= 0 && account.floor.is_none_or(|floor| posted - held >= i128::from(floor)));
            assert!(account.ceiling.is_none_or(|ceiling| posted <= i128::from(ceiling)));
            let lots = self.lots_in_order(number);
            assert!(lots.iter().all(|lot| (0..=self.remaining(*lot)).contains(&self.held_of_lot(*lot))));
            let in_lots: i128 = lots.iter().map(|lot| self.remaining(*lot)).sum();
            assert_eq!(in_lots, if account.keeps_lots { posted } else { 0 }, "{number:?}");
        }
    }

    fn lots_in_order(&self, account: AccountNo) -> Vec<LotNo> {
        let mut lots: Vec<LotNo> =
            self.lots().filter(|(_, lot)| lot.account == account).map(|(number, _)| number).collect();
        // Stable: lots of one expiry keep the order in which they were made.
        lots.sort_by_key(|lot| self.lots[lot.0].expires_at.unwrap_or(Moment::MAX));
        lots
    }
}

impl fmt::Display for Model {
    /// The balances, for a failed test to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, account) in self.accounts() {
            let (posted, held) = (self.posted(number), self.held(number));
            writeln!(f, "{number:?} {}: posted {posted}, held {held}", account.currency)?;
        }
        Ok(())
    }
}
