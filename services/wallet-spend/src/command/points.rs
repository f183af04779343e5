//! Moving points: giving, taking, locking, and ending locks. Each is a posting or a hold of the ledger, an account
//! transaction, and new figures of the account.

use std::sync::Arc;

use jiff::SignedDuration;
use zerosum_domain::{AccountId, Amount, TransactionId, amount::AMOUNT_MAX};
use zerosum_ledger::book::{Drawn, HoldEnd, Leg, PostRefused, Posting};

use super::{
    Refused, case::Case, done::Moved, expire, ids::Kind, names::LAPSED_MAX, note::Note, rows::AccountRow,
};
use crate::model::{
    AccountTransaction, AccountTransactionId, Event, PointsResults, SchemeRef, TransactionStatus, WalletId,
    WalletTransaction,
};

/// How the lifetime figures of an account move with its points. They are counters, not balances: they stop at
/// 2^53 − 1 rather than refuse a purchase.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lifetime {
    pub given: i64,
    pub spent: i64,
    pub spent_value: i64,
}

/// A movement that is about to be told as an account transaction.
#[derive(Debug)]
struct Movement {
    event: Event,
    value: i64,
    current_before: i64,
    posting: Option<TransactionId>,
    lifetime: Lifetime,
    note: Note,
}

impl Case<'_, '_> {
    /// Gives points: scheme issue → account, into a lot of their own when the scheme's points expire.
    pub fn give(
        &mut self,
        row: &AccountRow,
        scheme: &SchemeRef,
        event: Event,
        points: i64,
        note: Note,
    ) -> Result<Moved, Refused> {
        let current_before = self.balances(row).current;
        let amount = amount(points)?;
        let into = Leg::plain(row.ledger, amount);
        let into = match scheme.points_expiry {
            None => into,
            Some(expiry) => into.new_lot(expiry.of(self.now())),
        };
        let legs = vec![into, Leg::plain(scheme.issue, amount.negated())];
        let posting = self.post("points.give", legs)?;
        let lifetime = Lifetime { given: points, ..Lifetime::default() };
        let movement =
            Movement { event, value: points, current_before, posting: Some(posting), lifetime, note };
        Ok(self.tell(row, movement))
    }

    /// Gives points back into the lots that a posting took them from; see [`Self::legs_back`].
    pub fn give_back(
        &mut self,
        row: &AccountRow,
        scheme: &SchemeRef,
        lots: Vec<Drawn>,
        points: i64,
        lifetime: Lifetime,
        note: Note,
    ) -> Result<Moved, Refused> {
        let mut legs = if lots.is_empty() {
            vec![Leg::plain(row.ledger, amount(points)?)]
        } else {
            self.legs_back(row, scheme, lots)?
        };
        let current_before = self.balances(row).current;
        legs.push(Leg::plain(scheme.redemption, amount(points)?.negated()));
        let posting = self.post("points.refund", legs)?;
        let movement = Movement {
            event: Event::Refund,
            value: points,
            current_before,
            posting: Some(posting),
            lifetime,
            note,
        };
        Ok(self.tell(row, movement))
    }

    /// Back into the same lots. One that has expired meanwhile lives again for the brand's grace time, with what is
    /// given back and nothing else: what was left of it leaves first. Where a lock still holds a part of it, that part
    /// keeps its end, and what is given back goes into a new lot.
    fn legs_back(
        &mut self,
        row: &AccountRow,
        scheme: &SchemeRef,
        lots: Vec<Drawn>,
    ) -> Result<Vec<Leg>, Refused> {
        let now = self.now();
        let grace = SignedDuration::from_hours(24 * i64::from(self.brand.refund_grace_days));
        let grace_ends = now.checked_add(grace).ok();
        let mut legs = Vec::with_capacity(lots.len());
        let (mut left, mut revived) = (Vec::new(), Vec::new());
        for drawn in lots {
            let into = Leg::plain(row.ledger, amount(drawn.amount)?);
            let expired = self.book.lot(drawn.lot).filter(|lot| lot.expired(now));
            legs.push(match expired {
                None => into.of_lot(drawn.lot),
                Some(lot) if lot.held > 0 => into.new_lot(grace_ends),
                Some(lot) => {
                    if lot.free() > 0 {
                        left.push(Drawn { lot: lot.id, amount: lot.free() });
                    }
                    revived.push(lot.id);
                    into.of_lot(lot.id)
                }
            });
        }
        expire::leave(self, row, scheme, &left)?;
        for lot in revived {
            self.book.set_lot_expiry(lot, grace_ends);
        }
        Ok(legs)
    }

    /// Takes usable points: account → scheme redemption.
    pub fn take(
        &mut self,
        row: &AccountRow,
        scheme: &SchemeRef,
        event: Event,
        points: i64,
        lifetime: Lifetime,
        note: Note,
    ) -> Result<Moved, Refused> {
        let before = self.balances(row);
        self.must_cover(row, points)?;
        let lots = self.draw(row, points)?;
        let posting = self.post("points.spend", take_legs(row.ledger, scheme.redemption, lots, points)?)?;
        let movement = Movement {
            event,
            value: points,
            current_before: before.current,
            posting: Some(posting),
            lifetime,
            note,
        };
        Ok(self.tell(row, movement))
    }

    /// Settles points of a lock: what was held of each lot goes, the rest of the lock is free again.
    pub fn settle_lock(
        &mut self,
        row: &AccountRow,
        scheme: &SchemeRef,
        spend: &WalletTransaction,
        points: i64,
        money: i64,
        note: Note,
    ) -> Result<Moved, Refused> {
        let before = self.balances(row);
        let lots = self.end_hold(spend, HoldEnd::Captured(points))?;
        let posting = self.post("points.settle", take_legs(row.ledger, scheme.redemption, lots, points)?)?;
        let lifetime = Lifetime { given: 0, spent: points, spent_value: money };
        let movement = Movement {
            event: Event::Spend,
            value: points,
            current_before: before.current,
            posting: Some(posting),
            lifetime,
            note,
        };
        Ok(self.tell(row, movement))
    }

    /// Tells of points that were locked: nothing is posted.
    pub fn tell_lock(&mut self, row: &AccountRow, points: i64, note: Note) -> Moved {
        let current_before = self.balances(row).current;
        let movement = Movement {
            event: Event::Lock,
            value: points,
            current_before,
            posting: None,
            lifetime: Lifetime::default(),
            note,
        };
        self.tell(row, movement)
    }

    /// Ends the lock of an ACTIVE spend without taking its points.
    pub fn release(
        &mut self,
        spend: Arc<WalletTransaction>,
        end: HoldEnd,
    ) -> Result<(Arc<WalletTransaction>, Moved), Refused> {
        let (event, status) = match end {
            HoldEnd::Expired => (Event::Unlock, TransactionStatus::Expired),
            HoldEnd::Voided | HoldEnd::Captured(_) => (Event::Void, TransactionStatus::Voided),
        };
        let account = spend.account.ok_or(Refused::AccountNotFound)?;
        let row = self.account(spend.wallet, account)?;
        let current_before = self.balances(&row).current;
        self.end_hold(&spend, end)?;
        let note = Note { parent: spend.lock_transaction, wallet_transaction: Some(spend.id), details: None };
        let movement = Movement {
            event,
            value: spend.points,
            current_before,
            posting: None,
            lifetime: Lifetime::default(),
            note,
        };
        // Out of the way of its own account's figures before they are told.
        let mut spend = Arc::unwrap_or_clone(spend);
        spend.status = status;
        self.save_transaction(spend.clone());
        let moved = self.tell(&row, movement);
        spend.accounts = vec![(account, Some(moved.transaction.id))];
        spend.results = Some(PointsResults::default());
        spend.closing_transaction = Some(moved.transaction.id);
        spend.updated_at = self.now();
        Ok((self.save_transaction(spend), moved))
    }

    /// Posts expired lots out of an account. Its figures counted them as gone already; what is told is the posting.
    pub fn expire(
        &mut self,
        row: &AccountRow,
        legs: Vec<Leg>,
        points: i64,
        note: Note,
    ) -> Result<Moved, Refused> {
        let current_before = self.balances(row).current + points;
        let posting = self.post("points.expire", legs)?;
        let lifetime = Lifetime::default();
        let movement = Movement {
            event: Event::Expire,
            value: points,
            current_before,
            posting: Some(posting),
            lifetime,
            note,
        };
        Ok(self.tell(row, movement))
    }

    /// Ends the locks of a wallet that have run out: their points are usable at once, whenever the job comes.
    pub fn lapse(&mut self, wallet: WalletId) -> Result<(), Refused> {
        // Found since this batch looked for holds, because another process has ended those before it.
        let unseen = |spend: &Arc<WalletTransaction>| {
            spend.hold.is_some_and(|hold| self.book.known_hold(hold).is_none())
        };
        if self.lapsed(wallet).iter().any(unseen) {
            return Err(Refused::LocksEnding { wallet });
        }
        self.end_lapsed(wallet)
    }

    /// Ends so many of the locks that have run out as a command may.
    pub fn end_lapsed(&mut self, wallet: WalletId) -> Result<(), Refused> {
        let mut lapsed = self.lapsed(wallet);
        lapsed.retain(|spend| spend.hold.is_some_and(|hold| self.book.known_hold(hold).is_some()));
        for spend in lapsed.into_iter().take(LAPSED_MAX) {
            expire::end(self, spend)?;
        }
        Ok(())
    }

    pub fn must_cover(&self, row: &AccountRow, points: i64) -> Result<(), Refused> {
        let usable = self.balances(row).usable;
        if points > usable {
            return Err(Refused::InsufficientPoints { usable, asked: points });
        }
        Ok(())
    }

    fn draw(&self, row: &AccountRow, points: i64) -> Result<Vec<Drawn>, Refused> {
        if !self.book.account(row.ledger).is_some_and(|account| account.keeps_lots) {
            return Ok(Vec::new());
        }
        self.book
            .draw(row.ledger, points, self.now())
            .map_err(|short| Refused::InsufficientPoints { usable: short.usable, asked: points })
    }

    fn end_hold(&mut self, spend: &WalletTransaction, end: HoldEnd) -> Result<Vec<Drawn>, Refused> {
        let gone = || Refused::TransactionExpired { reference: spend.reference.clone() };
        let hold = spend.hold.ok_or_else(gone)?;
        self.book.close_hold(hold, end).map_err(|_| gone())
    }

    pub fn post(&mut self, kind: &'static str, legs: Vec<Leg>) -> Result<TransactionId, Refused> {
        match self.book.post(self.context, Posting::of(kind, legs)) {
            Ok(posted) => Ok(posted.transaction),
            Err(PostRefused::LimitPassed { .. }) => {
                Err(Refused::not_possible("the account's balance would pass its limit"))
            }
            Err(PostRefused::Overflow { .. } | PostRefused::EntryCount) => {
                Err(Refused::not_possible("so many points cannot be counted"))
            }
            // Opened by another process after this batch resolved its names: the command came before it.
            Err(PostRefused::UnknownAccount { .. }) => Err(Refused::AccountNotFound),
            Err(
                refused @ (PostRefused::Unbalanced { .. }
                | PostRefused::LotMismatch { .. }
                | PostRefused::DuplicateExternalRef(_)
                | PostRefused::AlreadyReversed(_)),
            ) => unreachable!("a posting of ours is balanced and fits its lots: {refused}"),
        }
    }

    /// Writes the account transaction and the account's new figures.
    fn tell(&mut self, row: &AccountRow, movement: Movement) -> Moved {
        let mut row = row.clone();
        let lifetime_before = row.account.lifetime;
        let moved = |before: i64, by: i64| before.saturating_add(by).clamp(0, AMOUNT_MAX);
        let figures = Arc::make_mut(&mut row.account);
        figures.lifetime = moved(lifetime_before, movement.lifetime.given);
        figures.lifetime_spend = moved(figures.lifetime_spend, movement.lifetime.spent);
        figures.lifetime_spend_value = moved(figures.lifetime_spend_value, movement.lifetime.spent_value);
        figures.updated_at = self.now();
        let account = self.snapshot(&row);
        // Lifetime is told by the events that move it.
        let tells_lifetime = movement.lifetime.given != 0;
        let transaction = AccountTransaction {
            id: self.ids.next(Kind::AccountTransaction, AccountTransactionId::new),
            parent: movement.note.parent,
            wallet: row.account.wallet,
            account: row.account.id,
            wallet_transaction: movement.note.wallet_transaction,
            event: movement.event,
            value: movement.value,
            current_before: movement.current_before,
            current_after: account.balances.current,
            lifetime_before: if tells_lifetime { lifetime_before } else { 0 },
            lifetime_after: if tells_lifetime { row.account.lifetime } else { 0 },
            details: movement.note.details,
            posting: movement.posting,
            at: self.now(),
        };
        self.save_account(row);
        self.add_account_transaction(transaction.clone());
        Moved { transaction, account }
    }
}

pub(super) fn amount(points: i64) -> Result<Amount, Refused> {
    Amount::new(points).map_err(|invalid| Refused::not_possible(format!("points {}", invalid.rule())))
}

/// Account → `to`, from these lots, or from an account that keeps none.
pub(super) fn take_legs(
    from: AccountId,
    to: AccountId,
    lots: Vec<Drawn>,
    points: i64,
) -> Result<Vec<Leg>, Refused> {
    let total = amount(points)?;
    let mut legs = Vec::with_capacity(lots.len() + 1);
    if lots.is_empty() {
        legs.push(Leg::plain(from, total.negated()));
    }
    for drawn in lots {
        legs.push(Leg::plain(from, amount(drawn.amount)?.negated()).of_lot(drawn.lot));
    }
    legs.push(Leg::plain(to, total));
    Ok(legs)
}
