//! Holds: an amount of an account set aside. Nothing is posted; posted − held is what is left to use.
//!
//! A hold ends once: captured (up to its amount; the rest is freed), voided or expired.

use jiff::Timestamp;
use zerosum_domain::{AccountId, HoldId};

use super::{Book, Context, Drawn, Short, Undo};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldStatus {
    Open,
    Captured,
    Voided,
    Expired,
}

impl HoldStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Captured => "captured",
            Self::Voided => "voided",
            Self::Expired => "expired",
        }
    }

    /// From the database's text.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Captured, Self::Voided, Self::Expired].into_iter().find(|s| s.as_str() == text)
    }
}

#[derive(Debug, Clone)]
pub struct Hold {
    pub id: HoldId,
    pub account: AccountId,
    pub amount: i64,
    /// The lots it holds; empty on an account that keeps none.
    pub lots: Vec<Drawn>,
    pub status: HoldStatus,
    pub captured: i64,
    pub expires_at: Option<Timestamp>,
    pub(super) changed: bool,
}

impl Hold {
    /// As read from the database.
    pub fn loaded(id: HoldId, account: AccountId, amount: i64, lots: Vec<Drawn>, status: HoldStatus) -> Self {
        Self { id, account, amount, lots, status, captured: 0, expires_at: None, changed: false }
    }

    #[must_use]
    pub fn with_end(mut self, captured: i64, expires_at: Option<Timestamp>) -> Self {
        (self.captured, self.expires_at) = (captured, expires_at);
        self
    }

    /// As the next batch finds it, once this one is committed.
    #[must_use]
    pub fn committed(&self) -> Self {
        Self { changed: false, ..self.clone() }
    }

    pub fn changed(&self) -> bool {
        self.changed
    }
}

/// How a hold ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldEnd {
    /// So much of it is about to be posted; at least 1, at most the held amount.
    Captured(i64),
    Voided,
    Expired,
}

/// The hold is not known, or ended before, or what was to be captured is not from 1 to what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldNotOpen(pub Option<HoldStatus>);

impl Book {
    pub fn known_hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// Every hold in the book, in no order.
    pub fn holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.values()
    }

    /// Sets an amount aside, of the lots that expire first.
    pub fn hold(
        &mut self,
        context: &mut Context<'_>,
        account: AccountId,
        amount: i64,
        expires_at: Option<Timestamp>,
    ) -> Result<HoldId, Short> {
        let usable = self.usable(account, context.now);
        let lots = match self.accounts.get(&account) {
            Some(of) if of.keeps_lots => self.draw(account, amount, context.now)?,
            Some(_) => Vec::new(),
            None => return Err(Short { usable: 0 }),
        };
        let Some(of) = self.accounts.get_mut(&account) else { return Err(Short { usable: 0 }) };
        let held =
            of.held.checked_add(amount).filter(|held| amount > 0 && of.within_limits(of.posted, *held));
        let Some(held) = held else { return Err(Short { usable }) };
        self.undo.push(Undo::Account(Box::new(of.clone())));
        of.held = held;
        of.turn();
        self.hold_lots(&lots, 1);
        let id = HoldId::new(context.id());
        let hold = Hold { changed: true, ..Hold::loaded(id, account, amount, lots, HoldStatus::Open) };
        self.holds.insert(id, hold.with_end(0, expires_at));
        self.tape.new_holds.push(id);
        self.undo.push(Undo::NewHold(id));
        Ok(id)
    }

    /// Ends an open hold and frees what it held. For a capture it answers the lots to post from: the hold's own,
    /// expired meanwhile or not, because a hold protects what it holds. The posting must follow in the same command.
    pub fn close_hold(&mut self, id: HoldId, end: HoldEnd) -> Result<Vec<Drawn>, HoldNotOpen> {
        let Some(hold) = self.holds.get_mut(&id) else { return Err(HoldNotOpen(None)) };
        let (status, captured) = match end {
            HoldEnd::Captured(amount) => (HoldStatus::Captured, amount),
            HoldEnd::Voided => (HoldStatus::Voided, 0),
            HoldEnd::Expired => (HoldStatus::Expired, 0),
        };
        let fits = status != HoldStatus::Captured || (1..=hold.amount).contains(&captured);
        if hold.status != HoldStatus::Open || !fits {
            return Err(HoldNotOpen(Some(hold.status)));
        }
        self.undo.push(Undo::Hold(Box::new(hold.clone())));
        (hold.status, hold.captured, hold.changed) = (status, captured, true);
        let (account, amount, lots) = (hold.account, hold.amount, hold.lots.clone());
        if let Some(of) = self.accounts.get_mut(&account) {
            self.undo.push(Undo::Account(Box::new(of.clone())));
            of.held -= amount;
            of.turn();
        }
        self.hold_lots(&lots, -1);
        let mut left = captured;
        let captured = lots.into_iter().map_while(|Drawn { lot, amount }| {
            let part = amount.min(left);
            left -= part;
            (part > 0).then_some(Drawn { lot, amount: part })
        });
        Ok(captured.collect())
    }

    fn hold_lots(&mut self, lots: &[Drawn], sign: i64) {
        for drawn in lots {
            if let Some(lot) = self.lots.get_mut(&drawn.lot) {
                self.undo.push(Undo::Lot(lot.clone()));
                lot.held += sign * drawn.amount;
                lot.changed = true;
            }
        }
    }

    /// The holds that the batch has to write back; new ones are on the tape.
    pub fn changed_holds(&self) -> impl Iterator<Item = &Hold> {
        self.holds.values().filter(|hold| hold.changed)
    }
}
