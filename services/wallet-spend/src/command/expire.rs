//! What jobs do: locks that have run out are ended, points that have expired leave their accounts.

use zerosum_ledger::book::{HoldEnd, Leg, Posting};

use super::{
    Refused,
    case::Case,
    done::Done,
    event::{Atomic, Told},
    points::{Note, amount},
};
use crate::{
    model::{Event, WalletAccountId, WalletId, WalletTransaction, WalletTransactionId},
    view::AccountShown,
};

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
pub(super) fn end(case: &mut Case<'_, '_>, spend: WalletTransaction) -> Result<(), Refused> {
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
    let mut legs = Vec::new();
    let mut total = 0;
    let lots = case.book.lots_of(row.ledger).into_iter().filter(|lot| lot.expired(now) && lot.free() > 0);
    for lot in lots.take(Posting::LEGS_MAX - 1) {
        legs.push(Leg::plain(row.ledger, amount(lot.free())?.negated()).of_lot(lot.id));
        total += lot.free();
    }
    if legs.is_empty() {
        return Ok(Done::Expired);
    }
    legs.push(Leg::plain(scheme.expired, amount(total)?));
    let moved = case.expire(&row, legs, total, Note::default())?;
    let mut told = Told::new();
    told.account_transaction(&moved.transaction, &moved.account, AccountShown::EventAfter);
    debug_assert_eq!(moved.transaction.event, Event::Expire);
    told.emit(case, "WALLET.ACCOUNT.EXPIRE", &Done::Expired);
    case.commit();
    Ok(Done::Expired)
}
