//! POST /connect/wallet/unlock: the purchase is off. The open is cancelled and its ACTIVE spends are voided.

use std::sync::Arc;

use zerosum_ledger::book::HoldEnd;

use super::{
    Refused, Unlock,
    case::Case,
    done::{Done, Unlocked, Voided},
    event::{self, Beside},
};
use crate::model::{TransactionStatus, TransactionType, WalletTransaction};

/// Spends of one purchase that an unlock voids; a purchase has one or two. With more it does nothing rather than half.
pub(super) const CHILDREN_MAX: usize = 100;

pub(super) fn decide(case: &mut Case<'_, '_>, unlock: &Unlock) -> Result<Done, Refused> {
    let (_, wallet) = case.identity_named(&unlock.identity)?;
    let parent = case.named(wallet, &unlock.reference, TransactionType::Settle)?;
    if parent.status != TransactionStatus::Active {
        return Err(Refused::not_active(&unlock.reference, parent.status));
    }
    let now = case.now();
    let open = |child: &Arc<WalletTransaction>| {
        child.parent == Some(parent.id) && child.status == TransactionStatus::Active && !child.lapsed(now)
    };
    let open: Vec<_> = case.transactions_of(wallet).into_iter().filter(open).collect();
    if open.len() > CHILDREN_MAX {
        return Err(Refused::not_possible(format!(
            "purchase {} has {} ACTIVE spends, more than the {CHILDREN_MAX} that an unlock voids: void some first",
            unlock.reference,
            open.len()
        )));
    }
    let mut children = Vec::with_capacity(open.len());
    for child in open {
        let (transaction, moved) = case.release(child, HoldEnd::Voided)?;
        children.push(Voided { transaction, moved });
    }
    let mut parent = Arc::unwrap_or_clone(parent);
    parent.status = TransactionStatus::Cancelled;
    parent.updated_at = now;
    let parent = case.save_transaction(parent);
    let done = Done::Unlocked(Box::new(Unlocked { parent, children }));
    event::tell(case, "POSCONNECT.WALLET.UNLOCK", &done, &Beside::default());
    case.commit();
    Ok(done)
}
