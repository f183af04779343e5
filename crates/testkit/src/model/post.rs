//! Posting in the model: all of it is tried on a copy.

use super::{AccountNo, Entry, Lot, LotNo, Model, Moment, Transaction, TransactionNo};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegLot {
    None,
    Of(LotNo),
    New { expires_at: Option<Moment> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// `None`: an account that does not exist.
    pub account: Option<AccountNo>,
    pub amount: i64,
    pub lot: LegLot,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub kind: String,
    pub external_ref: Option<String>,
    pub reverses: Option<TransactionNo>,
    pub legs: Vec<Leg>,
}

/// In order of precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    EntryCount,
    UnknownAccount { leg: usize },
    Unbalanced { currency: &'static str, sum: i128 },
    LotMismatch { leg: usize },
    DuplicateExternalRef(TransactionNo),
    AlreadyReversed(TransactionNo),
    Overflow(AccountNo),
    LimitPassed(AccountNo),
}

impl Model {
    /// The most entries of a transaction.
    pub const LEGS_MAX: usize = 2_000;

    /// Posts everything or nothing.
    pub fn post(&mut self, posting: &Posting) -> Result<TransactionNo, Refusal> {
        if posting.legs.len() < 2 || posting.legs.len() > Self::LEGS_MAX {
            return Err(Refusal::EntryCount);
        }
        let mut legs = Vec::new();
        for (leg, asked) in posting.legs.iter().enumerate() {
            let account = asked.account.ok_or(Refusal::UnknownAccount { leg })?;
            legs.push((account, i128::from(asked.amount), asked.lot));
        }
        self.check_sums(&legs)?;
        let mut after = self.clone();
        let number = TransactionNo(after.transactions.len());
        for (leg, (account, amount, lot)) in legs.iter().enumerate() {
            let lot = after.lot_of(*account, *amount, *lot).ok_or(Refusal::LotMismatch { leg })?;
            let balance_after = after.posted(*account) + amount;
            after.entries.push(Entry {
                transaction: number,
                account: *account,
                lot,
                amount: *amount,
                balance_after,
            });
            if lot.is_some_and(|lot| !after.lot_fits(lot)) {
                return Err(Refusal::LotMismatch { leg });
            }
        }
        self.check_references(posting)?;
        after.check_balances(number)?;
        after.transactions.push(Transaction {
            kind: posting.kind.clone(),
            external_ref: posting.external_ref.clone(),
            reverses: posting.reverses,
        });
        *self = after;
        Ok(number)
    }

    /// The first currency, in the order of the legs, whose legs do not sum to zero.
    fn check_sums(&self, legs: &[(AccountNo, i128, LegLot)]) -> Result<(), Refusal> {
        for (account, ..) in legs {
            let currency = self.account(*account).currency;
            let sum: i128 = legs
                .iter()
                .filter(|(account, ..)| self.account(*account).currency == currency)
                .map(|(_, amount, _)| amount)
                .sum();
            if sum != 0 {
                return Err(Refusal::Unbalanced { currency, sum });
            }
        }
        Ok(())
    }

    fn check_references(&self, posting: &Posting) -> Result<(), Refusal> {
        let with = |found: &dyn Fn(&Transaction) -> bool| {
            self.transactions.iter().position(found).map(TransactionNo)
        };
        if posting.external_ref.is_some()
            && let Some(first) =
                with(&|old| old.kind == posting.kind && old.external_ref == posting.external_ref)
        {
            return Err(Refusal::DuplicateExternalRef(first));
        }
        if posting.reverses.is_some()
            && let Some(first) = with(&|old| old.reverses == posting.reverses)
        {
            return Err(Refusal::AlreadyReversed(first));
        }
        Ok(())
    }

    /// The lot that an entry moves, made now if it is new; `None` if the account does not go with it.
    fn lot_of(&mut self, account: AccountNo, amount: i128, lot: LegLot) -> Option<Option<LotNo>> {
        let keeps_lots = self.account(account).keeps_lots;
        match lot {
            LegLot::None => (!keeps_lots).then_some(None),
            LegLot::Of(lot) => (keeps_lots && self.lots[lot.0].account == account).then_some(Some(lot)),
            LegLot::New { expires_at } => (keeps_lots && amount > 0).then(|| {
                self.lots.push(Lot { account, expires_at });
                Some(LotNo(self.lots.len() - 1))
            }),
        }
    }

    /// Never below what is held of it, never more than 64 bits hold.
    fn lot_fits(&self, lot: LotNo) -> bool {
        (self.held_of_lot(lot)..=i128::from(i64::MAX)).contains(&self.remaining(lot))
    }

    /// Every balance on the way has to fit 64 bits; limits bind the balance at the end.
    fn check_balances(&self, transaction: TransactionNo) -> Result<(), Refusal> {
        if let Some(entry) = self
            .entries_of(transaction)
            .filter(|entry| i64::try_from(entry.balance_after).is_err())
            .min_by_key(|entry| self.entries_of(transaction).position(|first| first.account == entry.account))
        {
            return Err(Refusal::Overflow(entry.account));
        }
        for entry in self.entries_of(transaction) {
            let account = self.account(entry.account);
            let (posted, held) = (self.posted(entry.account), self.held(entry.account));
            let below = account.floor.is_some_and(|floor| posted - held < i128::from(floor));
            if below || account.ceiling.is_some_and(|ceiling| posted > i128::from(ceiling)) {
                return Err(Refusal::LimitPassed(entry.account));
            }
        }
        Ok(())
    }
}
