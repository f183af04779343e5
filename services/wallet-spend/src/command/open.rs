//! POST /connect/wallet/open: what a wallet has, and a purchase to hang spends on.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Open, Refused,
    case::Case,
    done::{Done, Opened, OpenedAccount},
    event::{self, Beside},
    ids::Kind,
};
use crate::model::{
    IdentityId, Location, Permission, Reference, Status, TransactionStatus, TransactionType, WalletId,
    WalletTransaction, WalletTransactionId, permission,
};

pub(super) fn decide(case: &mut Case<'_, '_>, open: &Open) -> Result<Done, Refused> {
    let identity = case.identity(&open.identity)?;
    let wallet = case.wallet(identity.wallet)?;
    let mut beside = Beside::default();
    match case.transaction_by_reference(&open.reference) {
        None => {}
        // A till that opens a purchase again means the new one.
        Some(old)
            if old.wallet == wallet.id
                && old.kind == TransactionType::Settle
                && old.status == TransactionStatus::Active =>
        {
            let mut old = Arc::unwrap_or_clone(old);
            old.reference = old.reference.deleted(old.id);
            old.status = TransactionStatus::Deleted;
            old.updated_at = case.now();
            beside.replaced = Some(case.save_transaction(old));
        }
        Some(_) => return Err(Refused::ReferenceNotUnique { reference: open.reference.clone() }),
    }
    let rows = case.accounts_of(wallet.id);
    let mut accounts = Vec::with_capacity(rows.len());
    let mut permission = Permission::default();
    for row in rows.iter().filter(|row| row.account.status == Status::Active) {
        let scheme = case.scheme(row.account.scheme)?;
        let granted = permission_of(case, &wallet, &identity, row);
        permission.spend |= granted.spend;
        permission.earn |= granted.earn;
        accounts.push(OpenedAccount {
            account: case.snapshot(row),
            scheme_reference: scheme.reference.to_string(),
            tiers: scheme.tiers.iter().map(|(unit, tiers)| (unit.clone(), tiers.clone())).collect(),
        });
    }
    let id = case.ids.next(Kind::WalletTransaction, WalletTransactionId::new);
    let mut transaction = purchase(id, wallet.id, Some(identity.id), open.reference.clone(), case.now());
    transaction.accounts = accounts.iter().map(|opened| (opened.account.account.id, None)).collect();
    let transaction = case.save_transaction(transaction);
    let done = Done::Opened(Box::new(Opened {
        wallet,
        identity,
        accounts,
        basket: open.basket.clone(),
        transaction: Some(transaction),
        may_spend: permission.spend,
        may_earn: permission.earn,
    }));
    event::tell(case, "POSCONNECT.WALLET.OPEN", &done, &beside);
    case.commit();
    Ok(done)
}

fn permission_of(
    case: &Case<'_, '_>,
    wallet: &crate::model::Wallet,
    identity: &crate::model::Identity,
    row: &super::rows::AccountRow,
) -> Permission {
    permission(
        &case.rows.rules,
        [
            ("wallet", wallet.status, &wallet.state),
            ("identity", identity.status, &identity.state),
            ("account", row.account.status, &row.account.state),
        ],
    )
}

/// An open purchase: what it was, and where, is said when it settles.
pub(super) fn purchase(
    id: WalletTransactionId,
    wallet: WalletId,
    identity: Option<IdentityId>,
    reference: Reference,
    now: Timestamp,
) -> WalletTransaction {
    WalletTransaction {
        id,
        parent: None,
        wallet,
        identity,
        reference,
        kind: TransactionType::Settle,
        status: TransactionStatus::Active,
        meta: None,
        accounts: Vec::new(),
        basket: None,
        adjudication: None,
        results: None,
        location: Location::default(),
        account: None,
        points: 0,
        money: 0,
        points_back: 0,
        settled_points: 0,
        settled_money: 0,
        refunded_points: 0,
        refunded_money: 0,
        details: None,
        hold: None,
        lock_expires_at: None,
        lock_transaction: None,
        closing_transaction: None,
        spend_posting: None,
        original: None,
        created_at: now,
        updated_at: now,
    }
}
