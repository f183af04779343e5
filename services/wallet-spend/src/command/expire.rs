//! What jobs do: locks that have run out are ended, points that have expired leave their accounts.

use std::sync::Arc;

use zerosum_ledger::book::{Drawn, HoldEnd, Leg, Posting};

use super::{
    Refused,
    case::Case,
    done::Done,
    event::{Atomic, Told},
    note::Note,
    points::amount,
    rows::AccountRow,
};
use crate::{
    model::{Event, SchemeRef, WalletAccountId, WalletId, WalletTransaction, WalletTransactionId},
    view::AccountShown,
};

/// The locks of a wallet that have run out, as many as a command ends at once.
pub(super) fn locks(case: &mut Case<'_, '_>, wallet: WalletId) -> Result<Done, Refused> {
    case.end_lapsed(wallet)?;
    case.commit();
    Ok(Done::Expired)
}

pub(super) fn lock(
    case: &mut Case<'_, '_>,
    wallet: WalletId,
    transaction: WalletTransactionId,
) -> Result<Done, Refused> {
    let spend = case.transaction(transaction).filter(|spend| spend.wallet == wallet);
    // Settled, voided or ended by another command since the job looked.
    let Some(spend) = spend.filter(|spend| spend.lapsed(case.now())) else { return Ok(Done::Expired) };
    end(case, spend)?;
    case.commit();
    Ok(Done::Expired)
}

/// Ends a lock that has run out and tells of it, whoever came first: the job, or what wants its points.
pub(super) fn end(case: &mut Case<'_, '_>, spend: Arc<WalletTransaction>) -> Result<(), Refused> {
    let (spend, moved) = case.release(spend, HoldEnd::Expired)?;
    let mut told = Told::new();
    told.account_transaction(&moved.transaction, &moved.account, AccountShown::EventAfter);
    told.transaction(&spend, Atomic::Update);
    told.emit(case, "POSCONNECT.WALLET.SPEND.EXPIRE", &Done::Expired);
    Ok(())
}

/// Posts what is left and not locked of the lots that have expired. At most what one transaction holds: the job comes
/// again for the rest.
pub(super) fn points(
    case: &mut Case<'_, '_>,
    wallet: WalletId,
    account: WalletAccountId,
) -> Result<Done, Refused> {
    let row = case.account(wallet, account)?;
    let scheme = case.scheme(row.account.scheme)?;
    let now = case.now();
    let lots = case.book.lots_of(row.ledger).into_iter().filter(|lot| lot.expired(now) && lot.free() > 0);
    let left: Vec<Drawn> =
        lots.take(Posting::LEGS_MAX - 1).map(|lot| Drawn { lot: lot.id, amount: lot.free() }).collect();
    leave(case, &row, &scheme, &left)?;
    case.commit();
    Ok(Done::Expired)
}

/// Posts what is left of lots that have expired out of their account, and tells of it.
pub(super) fn leave(
    case: &mut Case<'_, '_>,
    row: &AccountRow,
    scheme: &SchemeRef,
    left: &[Drawn],
) -> Result<(), Refused> {
    if left.is_empty() {
        return Ok(());
    }
    let mut legs = Vec::with_capacity(left.len() + 1);
    let mut total = 0;
    for drawn in left {
        legs.push(Leg::plain(row.ledger, amount(drawn.amount)?.negated()).of_lot(drawn.lot));
        total += drawn.amount;
    }
    legs.push(Leg::plain(scheme.expired, amount(total)?));
    let moved = case.expire(row, legs, total, Note::default())?;
    let mut told = Told::new();
    told.account_transaction(&moved.transaction, &moved.account, AccountShown::EventAfter);
    debug_assert_eq!(moved.transaction.event, Event::Expire);
    told.emit(case, "WALLET.ACCOUNT.EXPIRE", &Done::Expired);
    Ok(())
}
