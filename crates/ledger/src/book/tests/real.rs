//! The real book, spoken to in the model's words.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use zerosum_domain::{AccountId, Amount, Currency, EntryId, HoldId, Limits, LotId, Steward, TransactionId};
use zerosum_testkit::model;
use zerosum_testkit::model::{AccountNo, HoldNo, HoldState, LotNo, Moment, NotOpen, Refusal, TransactionNo};

use super::super::{
    Account, Book, Context, Drawn, EntryRow, Hold, HoldEnd, HoldNotOpen, HoldStatus, Ids, KnownTransaction,
    Leg, LegLot, Lot, PostRefused, Posting,
};
use super::{at, empty};

/// A book, and the ids of what the model numbers.
pub struct Real {
    pub book: Book,
    pub now: Moment,
    ids: Ids,
    accounts: Vec<AccountId>,
    lots: Vec<LotId>,
    holds: Vec<HoldId>,
    transactions: Vec<TransactionId>,
    /// The last entry of each account that had one when the batch began.
    last: HashMap<AccountId, EntryId>,
}

/// How many of each the book had; what came later is taken back with a refused command.
#[derive(Debug, Clone, Copy)]
pub struct Numbered {
    lots: usize,
    holds: usize,
    transactions: usize,
}

impl Real {
    pub fn new(model: &model::Model) -> Self {
        let (book, ids) = empty();
        let mut real = Self {
            book,
            now: 0,
            ids,
            accounts: Vec::new(),
            lots: Vec::new(),
            holds: Vec::new(),
            transactions: Vec::new(),
            last: HashMap::new(),
        };
        for (_, account) in model.accounts() {
            let id = AccountId::new(Context::new(at(0), &mut real.ids).id());
            let loaded = loaded(id, account).with_balance(account.opening, 0, 0);
            real.book.load_account(loaded, None, None);
            real.accounts.push(id);
        }
        real
    }

    pub fn numbered(&self) -> Numbered {
        Numbered { lots: self.lots.len(), holds: self.holds.len(), transactions: self.transactions.len() }
    }

    pub fn forget_after(&mut self, numbered: Numbered) {
        self.lots.truncate(numbered.lots);
        self.holds.truncate(numbered.holds);
        self.transactions.truncate(numbered.transactions);
    }

    pub fn account(&self, account: AccountNo) -> &Account {
        self.book.account(self.accounts[account.0]).expect("an open account")
    }

    pub fn usable(&self, account: AccountNo) -> i64 {
        self.book.usable(self.accounts[account.0], at(self.now))
    }

    pub fn lot(&self, lot: LotNo) -> &Lot {
        self.book.lot(self.lots[lot.0]).expect("a lot")
    }

    /// The live lots of an account, in spending order.
    pub fn lots_of(&self, account: AccountNo) -> Vec<LotNo> {
        self.book.lots_of(self.accounts[account.0]).iter().map(|lot| self.lot_no(lot.id)).collect()
    }

    pub fn hold_of(&self, hold: HoldNo) -> &Hold {
        self.book.known_hold(self.holds[hold.0]).expect("a hold")
    }

    /// Everything on the tape's entries, in the model's words, with the account's version.
    pub fn tape(&self) -> Vec<(model::Entry, i64)> {
        let entry = |row: &EntryRow| model::Entry {
            transaction: self.transaction_no(row.id.transaction),
            account: self.account_no(row.account),
            lot: row.lot.map(|lot| self.lot_no(lot)),
            amount: i128::from(row.amount),
            balance_after: i128::from(row.balance_after),
        };
        self.book.tape().entries.iter().map(|row| (entry(row), row.version)).collect()
    }

    /// Each entry names the one of its account before it, and each account its newest.
    pub fn assert_one_chain(&self) {
        let mut last = self.last.clone();
        for row in &self.book.tape().entries {
            assert_eq!(row.previous, last.insert(row.account, row.id), "{row:?}");
        }
        for account in self.book.accounts() {
            assert_eq!(account.last.as_ref(), last.get(&account.id), "{account:?}");
        }
    }

    pub fn post(&mut self, posting: &model::Posting) -> Result<TransactionNo, Refusal> {
        let legs = posting.legs.iter().map(|leg| Leg {
            account: leg
                .account
                .map_or(AccountId::new(uuid::Uuid::nil()), |account| self.accounts[account.0]),
            amount: Amount::new(leg.amount).expect("an amount"),
            memo: None,
            lot: match leg.lot {
                model::LegLot::None => LegLot::None,
                model::LegLot::Of(lot) => LegLot::Of(self.lots[lot.0]),
                model::LegLot::New { expires_at } => LegLot::New { expires_at: expires_at.map(at) },
            },
        });
        let new_lots: Vec<bool> =
            posting.legs.iter().map(|leg| matches!(leg.lot, model::LegLot::New { .. })).collect();
        let posting = Posting {
            external_ref: posting.external_ref.as_deref().map(Arc::from),
            reverses: posting.reverses.map(|number| self.transactions[number.0]),
            ..Posting::of(posting.kind.as_str(), legs.collect())
        };
        let mut context = Context::new(at(self.now), &mut self.ids);
        let posted = self.book.post(&mut context, posting).map_err(|refused| self.refusal(refused))?;
        let lots = posted.entries.iter().zip(new_lots).filter(|(_, new)| *new);
        self.lots.extend(lots.map(|(entry, _)| entry.lot.expect("a new lot")));
        self.transactions.push(posted.transaction);
        Ok(TransactionNo(self.transactions.len() - 1))
    }

    pub fn draw(&self, account: AccountNo, amount: i64) -> Result<Vec<(LotNo, i128)>, model::Short> {
        let drawn = self.book.draw(self.accounts[account.0], amount, at(self.now));
        drawn.map(|parts| self.parts(&parts)).map_err(short)
    }

    pub fn hold(
        &mut self,
        account: AccountNo,
        amount: i64,
        expires_at: Option<Moment>,
    ) -> Result<HoldNo, model::Short> {
        let mut context = Context::new(at(self.now), &mut self.ids);
        let account = self.accounts[account.0];
        let id = self.book.hold(&mut context, account, amount, expires_at.map(at)).map_err(short)?;
        self.holds.push(id);
        Ok(HoldNo(self.holds.len() - 1))
    }

    pub fn close(&mut self, hold: HoldNo, end: model::End) -> Result<Vec<(LotNo, i128)>, NotOpen> {
        let end = match end {
            model::End::Captured(amount) => HoldEnd::Captured(i64::try_from(amount).expect("an amount")),
            model::End::Voided => HoldEnd::Voided,
            model::End::Expired => HoldEnd::Expired,
        };
        let parts = self.book.close_hold(self.holds[hold.0], end);
        parts
            .map(|parts| self.parts(&parts))
            .map_err(|HoldNotOpen(status)| NotOpen(state(status.expect("a hold"))))
    }

    pub fn set_expiry(&mut self, lot: LotNo, expires_at: Option<Moment>) {
        self.book.set_lot_expiry(self.lots[lot.0], expires_at.map(at));
    }

    /// Ends the batch: the next one reads everything again, as the engine does.
    pub fn next_batch(&mut self, model: &model::Model) {
        let (mut book, _) = empty();
        for (number, account) in model.accounts() {
            let old = self.account(number);
            let fresh =
                loaded(old.id, account).with_balance(old.posted, old.held, old.version).with_last(old.last);
            book.load_account(fresh, None, None);
        }
        for (number, _) in model.lots() {
            let old = self.lot(number);
            book.load_lot(Lot::loaded(old.id, old.account, old.expires_at, old.remaining, old.held));
        }
        for (number, _) in model.holds() {
            let old = self.hold_of(number);
            let fresh = Hold::loaded(old.id, old.account, old.amount, old.lots.clone(), old.status);
            book.load_hold(fresh.with_end(old.captured, old.expires_at));
        }
        for (number, transaction) in model.transactions().iter().enumerate() {
            let id = self.transactions[number];
            if let Some(external_ref) = &transaction.external_ref {
                book.load_external_ref(transaction.kind.as_str().into(), external_ref.as_str().into(), id);
            }
            let reversed_by =
                model.transactions().iter().position(|other| other.reverses == Some(TransactionNo(number)));
            book.load_transaction(
                id,
                KnownTransaction {
                    kind: transaction.kind.as_str().into(),
                    entries: Vec::new(),
                    reversed_by: reversed_by.map(|other| self.transactions[other]),
                    is_reversal: transaction.reverses.is_some(),
                },
            );
        }
        self.last = self.book.accounts().filter_map(|account| Some((account.id, account.last?))).collect();
        self.book = book;
    }

    fn parts(&self, parts: &[Drawn]) -> Vec<(LotNo, i128)> {
        parts.iter().map(|part| (self.lot_no(part.lot), i128::from(part.amount))).collect()
    }

    fn refusal(&self, refused: PostRefused) -> Refusal {
        match refused {
            PostRefused::EntryCount => Refusal::EntryCount,
            PostRefused::UnknownAccount { leg } => Refusal::UnknownAccount { leg },
            PostRefused::Unbalanced { currency, sum } => {
                let known = ["USD", "EUR", "PTS:7"].into_iter().find(|known| *known == currency.as_str());
                Refusal::Unbalanced { currency: known.expect("a currency"), sum }
            }
            PostRefused::LotMismatch { leg } => Refusal::LotMismatch { leg },
            PostRefused::DuplicateExternalRef(first) => {
                Refusal::DuplicateExternalRef(self.transaction_no(first))
            }
            PostRefused::AlreadyReversed(first) => Refusal::AlreadyReversed(self.transaction_no(first)),
            PostRefused::Overflow { account } => Refusal::Overflow(self.account_no(account)),
            PostRefused::LimitPassed { account } => Refusal::LimitPassed(self.account_no(account)),
        }
    }

    fn account_no(&self, id: AccountId) -> AccountNo {
        AccountNo(self.accounts.iter().position(|known| *known == id).expect("an account"))
    }

    fn lot_no(&self, id: LotId) -> LotNo {
        LotNo(self.lots.iter().position(|known| *known == id).expect("a lot"))
    }

    fn transaction_no(&self, id: TransactionId) -> TransactionNo {
        TransactionNo(self.transactions.iter().position(|known| *known == id).expect("a transaction"))
    }
}

fn loaded(id: AccountId, account: &model::Account) -> Account {
    let limits = Limits { floor: account.floor, ceiling: account.ceiling };
    let currency = Currency::parse(account.currency).expect("a currency");
    Account::loaded(id, currency, Steward::General, limits, account.keeps_lots)
}

fn short(short: super::super::Short) -> model::Short {
    model::Short { usable: i128::from(short.usable) }
}

pub fn state(status: HoldStatus) -> HoldState {
    match status {
        HoldStatus::Open => HoldState::Open,
        HoldStatus::Captured => HoldState::Captured,
        HoldStatus::Voided => HoldState::Voided,
        HoldStatus::Expired => HoldState::Expired,
    }
}

pub fn moment(expires_at: Option<Timestamp>) -> Option<Moment> {
    expires_at.map(|moment| moment.as_second() - at(0).as_second())
}
