//! PATCH of a status or state of a wallet, an identity or an account; PATCH of a transaction's meta.

use super::{
    Change, Changed, Refused,
    case::Case,
    done::Done,
    event::{Atomic, Told},
};
use crate::model::{Json, Reference};

pub(super) fn decide(case: &mut Case<'_, '_>, change: &Change) -> Result<Done, Refused> {
    let now = case.now();
    let mut wallet = case.wallet(change.wallet)?;
    let mut told = Told::new();
    let (done, event) = match change.what {
        Changed::Wallet => {
            wallet.status = change.status.unwrap_or(wallet.status);
            wallet.state = change.state.clone().unwrap_or(wallet.state);
            wallet.updated_at = now;
            case.save_wallet(wallet.clone());
            told.wallet(&wallet, Atomic::Update);
            (Done::ChangedWallet(Box::new(wallet)), "WALLET.UPDATE")
        }
        Changed::Identity(id) => {
            let of_wallet = case.identity_by_id(id).filter(|identity| identity.wallet == change.wallet);
            let mut identity = of_wallet.ok_or(Refused::IdentityNotFound)?;
            identity.status = change.status.unwrap_or(identity.status);
            identity.state = change.state.clone().unwrap_or(identity.state);
            identity.updated_at = now;
            case.save_identity(identity.clone());
            told.identity(&identity, Atomic::Update);
            (Done::ChangedIdentity(Box::new(identity)), "WALLET.IDENTITY.UPDATE")
        }
        Changed::Account(id) => {
            let mut row = case.account(change.wallet, id)?;
            row.account.status = change.status.unwrap_or(row.account.status);
            row.account.state = change.state.clone().unwrap_or(row.account.state);
            row.account.updated_at = now;
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
    let mut transaction = case.transaction_by_reference(reference).ok_or_else(not_found)?;
    transaction.meta = Some(meta.clone());
    transaction.updated_at = case.now();
    case.save_transaction(transaction.clone());
    let mut told = Told::new();
    told.transaction(&transaction, Atomic::Update);
    let done = Done::Annotated(Box::new(transaction));
    told.emit(case, "POSCONNECT.WALLET.TRANSACTION.UPDATE", &done);
    case.commit();
    Ok(done)
}
