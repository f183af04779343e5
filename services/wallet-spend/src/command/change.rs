//! PATCH of a status or state of a wallet, an identity or an account; PATCH of a transaction's meta.

use std::sync::Arc;

use super::{
    Change, Changed, Refused,
    case::Case,
    done::Done,
    event::{Atomic, Told},
};
use crate::model::{Json, Reference};

pub(super) fn decide(case: &mut Case<'_, '_>, change: &Change) -> Result<Done, Refused> {
    let now = case.now();
    let wallet = case.wallet(change.wallet)?;
    let mut told = Told::new();
    let (done, event) = match change.what {
        Changed::Wallet => {
            let mut wallet = Arc::unwrap_or_clone(wallet);
            wallet.status = change.status.unwrap_or(wallet.status);
            wallet.state = change.state.clone().unwrap_or(wallet.state);
            wallet.updated_at = now;
            let wallet = case.save_wallet(wallet);
            told.wallet(&wallet, Atomic::Update);
            (Done::ChangedWallet(wallet), "WALLET.UPDATE")
        }
        Changed::Identity(id) => {
            let of_wallet = case.identity_by_id(id).filter(|identity| identity.wallet == change.wallet);
            let mut identity = Arc::unwrap_or_clone(of_wallet.ok_or(Refused::IdentityNotFound)?);
            identity.status = change.status.unwrap_or(identity.status);
            identity.state = change.state.clone().unwrap_or(identity.state);
            identity.updated_at = now;
            let identity = case.save_identity(identity);
            told.identity(&identity, Atomic::Update);
            (Done::ChangedIdentity(identity), "WALLET.IDENTITY.UPDATE")
        }
        Changed::Account(id) => {
            let mut row = case.account(change.wallet, id)?;
            let account = Arc::make_mut(&mut row.account);
            account.status = change.status.unwrap_or(account.status);
            if let Some(state) = &change.state {
                account.state = state.clone();
            }
            account.updated_at = now;
            row.changed = true;
            let account = case.snapshot(&row);
            case.save_account(row);
            told.account(&account, Atomic::Update);
            (Done::ChangedAccount(Box::new(account)), "WALLET.ACCOUNT.UPDATE")
        }
    };
    told.emit(case, event, &done);
    case.commit();
    Ok(done)
}

pub(super) fn annotate(case: &mut Case<'_, '_>, reference: &Reference, meta: &Json) -> Result<Done, Refused> {
    let not_found = || Refused::TransactionNotFound { reference: reference.clone() };
    let mut transaction =
        Arc::unwrap_or_clone(case.transaction_by_reference(reference).ok_or_else(not_found)?);
    transaction.meta = Some(meta.clone());
    transaction.updated_at = case.now();
    let transaction = case.save_transaction(transaction);
    let mut told = Told::new();
    told.transaction(&transaction, Atomic::Update);
    let done = Done::Annotated(transaction);
    told.emit(case, "POSCONNECT.WALLET.TRANSACTION.UPDATE", &done);
    case.commit();
    Ok(done)
}
