//! Lots: what is in an account by where it came from and when it expires.
//!
//! Invariant: the lots of an account that keeps lots sum to its posted balance, and their held parts to its held.

use std::cmp::Ordering;

use jiff::Timestamp;
use zerosum_domain::{AccountId, LotId};

use super::{Book, Undo};

/// A lot that has something left.
#[derive(Debug, Clone)]
pub struct Lot {
    pub id: LotId,
    pub account: AccountId,
    /// From this moment on it cannot be spent. `None`: never.
    pub expires_at: Option<Timestamp>,
    pub remaining: i64,
    pub held: i64,
    pub(super) changed: bool,
}

impl Lot {
    /// As read from the database.
    pub fn loaded(
        id: LotId,
        account: AccountId,
        expires_at: Option<Timestamp>,
        remaining: i64,
        held: i64,
    ) -> Self {
        Self { id, account, expires_at, remaining, held, changed: false }
    }

    /// As the next batch finds it, once this one is committed.
    #[must_use]
    pub fn committed(&self) -> Self {
        Self { changed: false, ..self.clone() }
    }

    pub fn changed(&self) -> bool {
        self.changed
    }

    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// What is neither spent nor held.
    pub fn free(&self) -> i64 {
        self.remaining - self.held
    }

    /// Earliest expiry first, those without expiry last, older before newer.
    fn spending_order(&self, other: &Self) -> Ordering {
        let expiry = |lot: &Self| lot.expires_at.unwrap_or(Timestamp::MAX);
        expiry(self).cmp(&expiry(other)).then(self.id.cmp(&other.id))
    }
}

/// A part of a lot, to be posted or held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    pub lot: LotId,
    pub amount: i64,
}

/// What can be used does not cover what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    pub usable: i64,
}

impl Book {
    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.get(&id)
    }

    /// The live lots of an account in spending order, expired ones included.
    pub fn lots_of(&self, account: AccountId) -> Vec<&Lot> {
        let ids = self.accounts.get(&account).map(|account| account.lots.as_slice()).unwrap_or_default();
        let mut lots: Vec<&Lot> =
            ids.iter().filter_map(|id| self.lots.get(id)).filter(|lot| lot.remaining > 0).collect();
        lots.sort_unstable_by(|one, other| one.spending_order(other));
        lots
    }

    /// What of an account can be spent or held now: posted − held, less what has expired but was not posted yet.
    pub fn usable(&self, account: AccountId, now: Timestamp) -> i64 {
        let Some(of) = self.accounts.get(&account) else { return 0 };
        if !of.keeps_lots {
            return of.posted.saturating_sub(of.held);
        }
        // Lots sum to the posted balance, so this sum fits.
        self.lots_of(account).iter().filter(|lot| !lot.expired(now)).map(|lot| lot.free()).sum()
    }

    /// Chooses lots for an amount, earliest expiry first; changes nothing.
    pub fn draw(&self, account: AccountId, amount: i64, now: Timestamp) -> Result<Vec<Drawn>, Short> {
        let mut wanted = amount;
        let mut drawn = Vec::new();
        for lot in self.lots_of(account).into_iter().filter(|lot| !lot.expired(now) && lot.free() > 0) {
            if wanted <= 0 {
                break;
            }
            let part = wanted.min(lot.free());
            wanted -= part;
            drawn.push(Drawn { lot: lot.id, amount: part });
        }
        if wanted > 0 { Err(Short { usable: self.usable(account, now) }) } else { Ok(drawn) }
    }

    /// Gives a lot another expiry: a refund brings an expired lot back for a grace time.
    pub fn set_lot_expiry(&mut self, id: LotId, expires_at: Option<Timestamp>) {
        if let Some(lot) = self.lots.get_mut(&id) {
            self.undo.push(Undo::Lot(lot.clone()));
            lot.expires_at = expires_at;
            lot.changed = true;
        }
    }

    /// The lots that the batch has to write back; new ones are on the tape.
    pub fn changed_lots(&self) -> impl Iterator<Item = &Lot> {
        self.lots.values().filter(|lot| lot.changed)
    }
}
