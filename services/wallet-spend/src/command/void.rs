//! POST /connect/wallet/spend/void: an ACTIVE spend gives its lock back.

use std::sync::Arc;

use zerosum_ledger::book::HoldEnd;

use super::{
    Refused, Void,
    case::Case,
    done::{Done, Moved, Voided},
    event::{self, Beside},
};
use crate::model::{TransactionStatus, TransactionType, WalletTransaction};

pub(super) fn decide(case: &mut Case<'_, '_>, void: &Void) -> Result<Done, Refused> {
    let (_, wallet) = case.identity_named(&void.identity)?;
    let spend = case.named(wallet, &void.reference, TransactionType::Spend)?;
    if spend.status == TransactionStatus::Voided {
        return again(case, spend);
    }
    if spend.lapsed(case.now()) {
        return Err(Refused::TransactionExpired { reference: void.reference.clone() });
    }
    if spend.status != TransactionStatus::Active {
        return Err(Refused::not_active(&void.reference, spend.status));
    }
    let (transaction, moved) = case.release(spend, HoldEnd::Voided)?;
    let done = Done::Voided(Box::new(Voided { transaction, moved }));
    event::tell(case, "POSCONNECT.WALLET.SPEND.VOID", &done, &Beside::default());
    case.commit();
    Ok(done)
}

/// The same again changes nothing. Its own answer is replayed by its key; this is for another caller of the
/// same void, and for a spend that was voided with the purchase that it belonged to.
fn again(case: &mut Case<'_, '_>, transaction: Arc<WalletTransaction>) -> Result<Done, Refused> {
    let gone = || Refused::not_active(&transaction.reference, transaction.status);
    let closing = transaction.closing_transaction.ok_or_else(gone)?;
    let made = case.rows.account_transactions.iter().chain(&case.rows.known_account_transactions);
    let told = made.into_iter().find(|known| known.id == closing).cloned().ok_or_else(gone)?;
    let row = case.account(transaction.wallet, told.account)?;
    let moved = Moved { transaction: told, account: case.snapshot(&row) };
    Ok(Done::Voided(Box::new(Voided { transaction, moved })))
}
