//! Posting: the one way an amount gets from an account to another.
//!
//! A posting is checked whole (known accounts, sums, lots, limits, references) before anything changes, so a
//! refused posting leaves no trace. Limits bind the balance after the whole posting, not between its entries.

use std::sync::Arc;

use jiff::Timestamp;
use zerosum_domain::{AccountId, Amount, Currency, EntryId, LotId, TransactionId};

use super::{Book, Context, Lot, TransactionRow, Undo};

/// One entry to be posted.
#[derive(Debug, Clone)]
pub struct Leg {
    pub account: AccountId,
    pub amount: Amount,
    pub memo: Option<Arc<str>>,
    pub lot: LegLot,
}

/// The lot that an entry moves. An account that keeps lots takes no entry without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegLot {
    None,
    /// Into or out of a lot that is there.
    Of(LotId),
    /// Into a lot that this entry makes; the amount is positive.
    New {
        expires_at: Option<Timestamp>,
    },
}

impl Leg {
    /// An entry of an account that keeps no lots.
    pub const fn plain(account: AccountId, amount: Amount) -> Self {
        Self { account, amount, memo: None, lot: LegLot::None }
    }

    #[must_use]
    pub const fn of_lot(mut self, lot: LotId) -> Self {
        self.lot = LegLot::Of(lot);
        self
    }

    #[must_use]
    pub const fn new_lot(mut self, expires_at: Option<Timestamp>) -> Self {
        self.lot = LegLot::New { expires_at };
        self
    }
}

/// A transaction to be posted. Entries keep the order of `legs`.
#[derive(Debug, Clone)]
pub struct Posting {
    pub kind: Arc<str>,
    pub external_ref: Option<Arc<str>>,
    pub memo: Option<Arc<str>>,
    /// JSON text.
    pub metadata: Option<Arc<str>>,
    pub reverses: Option<TransactionId>,
    pub legs: Vec<Leg>,
}

impl Posting {
    /// A posting of this type with nothing else said of it.
    pub fn of(kind: impl Into<Arc<str>>, legs: Vec<Leg>) -> Self {
        Self { kind: kind.into(), external_ref: None, memo: None, metadata: None, reverses: None, legs }
    }
}

/// What was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    pub transaction: TransactionId,
    pub entries: Vec<PostedEntry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedEntry {
    pub id: EntryId,
    pub account: AccountId,
    pub balance_after: i64,
    pub lot: Option<LotId>,
}

/// Why a posting was refused, in order of precedence. `leg` is a place in [`Posting::legs`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostRefused {
    #[error("a transaction needs two to {max} entries", max = Posting::LEGS_MAX)]
    EntryCount,
    #[error("entry {leg} names an account that does not exist")]
    UnknownAccount { leg: usize },
    #[error("the entries in {currency} sum to {sum}, not to zero")]
    Unbalanced { currency: Currency, sum: i128 },
    #[error("entry {leg} does not fit the lots of its account")]
    LotMismatch { leg: usize },
    #[error("transaction {0} already has this type and external reference")]
    DuplicateExternalRef(TransactionId),
    #[error("already reversed by transaction {0}")]
    AlreadyReversed(TransactionId),
    #[error("the balance of account {account} does not fit 64 bits")]
    Overflow { account: AccountId },
    #[error("account {account} would pass a limit of its balance")]
    LimitPassed { account: AccountId },
}

/// What a posting adds to an account: the net, and how far its entries swing on the way there.
struct Effect {
    account: AccountId,
    net: i128,
    lowest: i128,
    highest: i128,
}

impl Effect {
    fn of(account: AccountId) -> Self {
        Self { account, net: 0, lowest: 0, highest: 0 }
    }

    fn add(&mut self, amount: i128) {
        self.net += amount;
        self.lowest = self.lowest.min(self.net);
        self.highest = self.highest.max(self.net);
    }
}

impl Posting {
    /// A batch request of a thousand two-entry transactions posted as one is the largest there is.
    pub const LEGS_MAX: usize = 2_000;
}

impl Book {
    /// Posts a transaction; its event is told by [`Book::fill_outbox`].
    pub fn post(&mut self, context: &mut Context<'_>, posting: Posting) -> Result<Posted, PostRefused> {
        let effects = self.check(&posting).inspect_err(|_| self.refused = true)?;
        for effect in &effects {
            if let Some(account) = self.accounts.get_mut(&effect.account) {
                self.undo.push(Undo::Account(Box::new(account.clone())));
                account.changed = true;
            }
        }
        let transaction = TransactionId::new(context.id());
        let mut entries = Vec::with_capacity(posting.legs.len());
        for (line, leg) in posting.legs.into_iter().enumerate() {
            entries.push(self.apply(context, transaction, line, leg));
        }
        if let Some(reversed) = posting.reverses.and_then(|id| Some((id, self.transactions.get_mut(&id)?))) {
            reversed.1.reversed_by = Some(transaction);
            self.undo.push(Undo::Reversed(reversed.0));
        }
        if let Some(external_ref) = &posting.external_ref {
            let key = (posting.kind.clone(), external_ref.clone());
            self.external_refs.insert(key.clone(), transaction);
            self.undo.push(Undo::ExternalRef(key));
        }
        self.tape.transactions.push(TransactionRow {
            id: transaction,
            kind: posting.kind,
            external_ref: posting.external_ref,
            memo: posting.memo,
            metadata: posting.metadata,
            reverses: posting.reverses,
        });
        Ok(Posted { transaction, entries })
    }

    /// Every reason to refuse the posting, found before the first change.
    fn check(&self, posting: &Posting) -> Result<Vec<Effect>, PostRefused> {
        if !(2..=Posting::LEGS_MAX).contains(&posting.legs.len()) {
            return Err(PostRefused::EntryCount);
        }
        let effects = self.net_by_account(posting)?;
        self.check_sums(posting)?;
        self.check_lots(posting)?;
        if let Some(external_ref) = &posting.external_ref
            && let Some(first) = self.external_refs.get(&(posting.kind.clone(), external_ref.clone()))
        {
            return Err(PostRefused::DuplicateExternalRef(*first));
        }
        if let Some(reversed_by) =
            posting.reverses.and_then(|id| self.transactions.get(&id)).and_then(|known| known.reversed_by)
        {
            return Err(PostRefused::AlreadyReversed(reversed_by));
        }
        effects.iter().try_for_each(|effect| self.check_fits(effect))?;
        effects.iter().try_for_each(|effect| self.check_limits(effect))?;
        Ok(effects)
    }

    fn net_by_account(&self, posting: &Posting) -> Result<Vec<Effect>, PostRefused> {
        let mut effects: Vec<Effect> = Vec::with_capacity(posting.legs.len());
        // A scan is quickest for the usual handful of accounts; many legs get an index.
        let mut index = ahash::HashMap::default();
        let scan = posting.legs.len() <= 16;
        for (leg, entry) in posting.legs.iter().enumerate() {
            if !self.accounts.contains_key(&entry.account) {
                return Err(PostRefused::UnknownAccount { leg });
            }
            let found = if scan {
                effects.iter().position(|effect| effect.account == entry.account)
            } else {
                index.get(&entry.account).copied()
            };
            let amount = i128::from(entry.amount.get());
            let at = found.unwrap_or_else(|| {
                index.insert(entry.account, effects.len());
                effects.push(Effect::of(entry.account));
                effects.len() - 1
            });
            effects[at].add(amount);
        }
        Ok(effects)
    }

    fn check_sums(&self, posting: &Posting) -> Result<(), PostRefused> {
        let mut sums: Vec<(&Currency, i128)> = Vec::with_capacity(2);
        for entry in &posting.legs {
            let Some(account) = self.accounts.get(&entry.account) else { continue };
            match sums.iter_mut().find(|(currency, _)| *currency == &account.currency) {
                Some((_, sum)) => *sum += i128::from(entry.amount.get()),
                None => sums.push((&account.currency, i128::from(entry.amount.get()))),
            }
        }
        match sums.into_iter().find(|(_, sum)| *sum != 0) {
            Some((currency, sum)) => Err(PostRefused::Unbalanced { currency: currency.clone(), sum }),
            None => Ok(()),
        }
    }

    /// Entries of an account that keeps lots name one of its lots and never take more than is free in it.
    fn check_lots(&self, posting: &Posting) -> Result<(), PostRefused> {
        let mut taken: Vec<(LotId, i128)> = Vec::new();
        for (leg, entry) in posting.legs.iter().enumerate() {
            let keeps_lots = self.accounts.get(&entry.account).is_some_and(|account| account.keeps_lots);
            let fits = match entry.lot {
                LegLot::None => !keeps_lots,
                LegLot::New { .. } => keeps_lots && entry.amount.get() > 0,
                LegLot::Of(id) => {
                    let change = i128::from(entry.amount.get());
                    let total = match taken.iter_mut().find(|(lot, _)| *lot == id) {
                        Some((_, total)) => {
                            *total += change;
                            *total
                        }
                        None => {
                            taken.push((id, change));
                            change
                        }
                    };
                    self.lots.get(&id).is_some_and(|lot| {
                        lot.account == entry.account
                            && i128::from(lot.remaining) - i128::from(lot.held) + total >= 0
                            && i64::try_from(i128::from(lot.remaining) + total).is_ok()
                    })
                }
            };
            if !fits {
                return Err(PostRefused::LotMismatch { leg });
            }
        }
        Ok(())
    }

    /// Each entry stores the balance after it, so every balance on the way has to fit, not only the last.
    fn check_fits(&self, effect: &Effect) -> Result<(), PostRefused> {
        let Some(account) = self.accounts.get(&effect.account) else { return Ok(()) };
        let fits = |change: i128| i64::try_from(i128::from(account.posted) + change).is_ok();
        if fits(effect.lowest) && fits(effect.highest) {
            Ok(())
        } else {
            Err(PostRefused::Overflow { account: account.id })
        }
    }

    fn check_limits(&self, effect: &Effect) -> Result<(), PostRefused> {
        let Some(account) = self.accounts.get(&effect.account) else { return Ok(()) };
        // It fits: the net lies between the lowest and the highest.
        let within = i64::try_from(i128::from(account.posted) + effect.net)
            .is_ok_and(|posted| account.within_limits(posted, account.held));
        if within { Ok(()) } else { Err(PostRefused::LimitPassed { account: account.id }) }
    }

    fn apply(
        &mut self,
        context: &mut Context<'_>,
        transaction: TransactionId,
        line: usize,
        leg: Leg,
    ) -> PostedEntry {
        let lot = self.apply_lot(context, &leg);
        // LEGS_MAX lines fit 16 bits.
        let id = EntryId { transaction, line: u16::try_from(line).unwrap_or(u16::MAX) };
        let entry = match self.accounts.get_mut(&leg.account) {
            Some(account) => account.move_by(id, leg.amount, lot, leg.memo),
            None => unreachable!("check() found every account"),
        };
        let posted = PostedEntry { id, account: leg.account, balance_after: entry.balance_after, lot };
        self.tape.entries.push(entry);
        posted
    }

    fn apply_lot(&mut self, context: &mut Context<'_>, leg: &Leg) -> Option<LotId> {
        match leg.lot {
            LegLot::None => None,
            LegLot::Of(id) => {
                if let Some(lot) = self.lots.get_mut(&id) {
                    self.undo.push(Undo::Lot(lot.clone()));
                    lot.remaining += leg.amount.get();
                    lot.changed = true;
                }
                Some(id)
            }
            LegLot::New { expires_at } => {
                let id = LotId::new(context.id());
                self.lots.insert(
                    id,
                    Lot {
                        id,
                        account: leg.account,
                        expires_at,
                        remaining: leg.amount.get(),
                        held: 0,
                        changed: true,
                    },
                );
                if let Some(account) = self.accounts.get_mut(&leg.account) {
                    account.lots.push(id);
                }
                self.tape.new_lots.push(id);
                self.undo.push(Undo::NewLot(id));
                Some(id)
            }
        }
    }
}
