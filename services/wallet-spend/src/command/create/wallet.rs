//! POST /services/wallet, /services/wallet/accounts, /wallet/{w}/identity, /wallet/{w}/scheme/{s}/account.

use std::sync::Arc;

use zerosum_domain::{AccountType, Limits, Steward, amount::AMOUNT_MAX};
use zerosum_ledger::book::OpenAccount;

use super::scheme::currency;
use crate::{
    command::{
        CreateWallet, NewAccount, NewIdentity, Refused,
        case::Case,
        done::{Done, FailedAccount, NewAccounts, NewWallet},
        event::{Atomic, Told},
        ids::Kind,
        rows::AccountRow,
    },
    model::{Account, AccountSnapshot, Identity, IdentityId, Status, Wallet, WalletAccountId, WalletId},
    view,
};

/// With accounts, an existing first identity continues on its wallet and no other is made.
pub(in crate::command) fn wallet(case: &mut Case<'_, '_>, create: &CreateWallet) -> Result<Done, Refused> {
    let mut told = Told::new();
    let known =
        create.identities.first().and_then(|first| case.rows.identity_by_value(&first.value)).cloned();
    let (wallet, identities) = match known {
        Some(identity) if create.accounts.is_some() => (case.wallet(identity.wallet)?, vec![identity]),
        Some(identity) => return Err(taken(&identity.value)),
        None => new_wallet(case, create, &mut told)?,
    };
    let accounts = match &create.accounts {
        None => None,
        Some(accounts) => Some(new_accounts(case, &wallet, accounts, create, &mut told)?),
    };
    let event = if accounts.is_some() { "SERVICE.WALLET.ACCOUNTS.CREATE" } else { "SERVICE.WALLET.CREATE" };
    let done = Done::Wallet(Box::new(NewWallet { wallet, identities, accounts }));
    told.emit(case, event, &done);
    case.commit();
    Ok(done)
}

fn taken(value: &str) -> Refused {
    Refused::not_possible(format!("identities: the value {value:?} is an identity already"))
}

fn new_wallet(
    case: &mut Case<'_, '_>,
    create: &CreateWallet,
    told: &mut Told,
) -> Result<(Arc<Wallet>, Vec<Arc<Identity>>), Refused> {
    for (at, identity) in create.identities.iter().enumerate() {
        let twice = create.identities[..at].iter().any(|other| other.value == identity.value);
        if twice || case.rows.identity_by_value(&identity.value).is_some() {
            return Err(taken(&identity.value));
        }
    }
    let now = case.now();
    let wallet = Wallet {
        id: case.ids.next(Kind::Wallet, WalletId::new),
        kind: create.kind.clone(),
        status: create.status,
        state: create.state.clone(),
        friendly_name: create.friendly_name.clone(),
        meta: create.meta.clone(),
        created_at: now,
        updated_at: now,
    };
    let wallet = case.save_wallet(wallet);
    told.wallet(&wallet, Atomic::Create);
    let identities =
        create.identities.iter().map(|identity| new_identity(case, wallet.id, identity, told)).collect();
    Ok((wallet, identities))
}

fn new_identity(
    case: &mut Case<'_, '_>,
    wallet: WalletId,
    new: &NewIdentity,
    told: &mut Told,
) -> Arc<Identity> {
    let now = case.now();
    let id = case.ids.next(Kind::Identity, IdentityId::new);
    let identity = Identity {
        id,
        wallet,
        kind: new.kind.clone(),
        value: new.value.as_str().into(),
        friendly_name: new.friendly_name.clone(),
        safe_value: new.safe_value.clone(),
        status: new.status,
        state: new.state.clone(),
        meta: new.meta.clone(),
        starts_at: Some(now),
        ends_at: None,
        created_at: now,
        updated_at: now,
        mobile_wallet: view::identity_link(&case.brand, wallet, id),
    };
    let identity = case.save_identity(identity);
    told.identity(&identity, Atomic::Create);
    identity
}

/// Each account for itself: what cannot be done is told of, the rest is done.
fn new_accounts(
    case: &mut Case<'_, '_>,
    wallet: &Wallet,
    accounts: &[NewAccount],
    create: &CreateWallet,
    told: &mut Told,
) -> Result<NewAccounts, Refused> {
    let mut made =
        NewAccounts { successful: Vec::new(), failed: Vec::new(), consumer: create.consumer.clone() };
    for new in accounts {
        match new_account(case, wallet.id, new, told) {
            Ok(account) => made.successful.push(account),
            Err(refused) => {
                let refusal = super::super::answer::refusal(&refused);
                made.failed.push(FailedAccount {
                    scheme_id: new.scheme,
                    error_code: refusal.code.to_owned(),
                    error_message: refused.to_string(),
                });
            }
        }
    }
    if let Some(consumer) = &create.consumer {
        case.rows.consumers.insert(wallet.id, consumer.clone());
    }
    Ok(made)
}

fn new_account(
    case: &mut Case<'_, '_>,
    wallet: WalletId,
    new: &NewAccount,
    told: &mut Told,
) -> Result<AccountSnapshot, Refused> {
    let scheme = case.scheme(new.scheme)?;
    if scheme.status != Status::Active {
        return Err(Refused::not_possible("the scheme is not ACTIVE"));
    }
    if case.accounts_of(wallet).iter().any(|row| row.account.scheme == scheme.id)
        || case.made_account(wallet, scheme.id)
    {
        return Err(Refused::not_possible("the wallet has an account of this scheme already"));
    }
    let now = case.now();
    let id = case.ids.next(Kind::Account, WalletAccountId::new);
    let ledger =
        case.book.account_or_open(case.context, &format!("points:account:{id}"), |code| OpenAccount {
            name: format!("points account {id}").into(),
            kind: AccountType::Asset,
            steward: Steward::Points,
            currency: currency(scheme.id),
            // What every JSON reader can be told.
            limits: Limits { floor: Some(0), ceiling: Some(AMOUNT_MAX) },
            keeps_lots: scheme.points_expiry.is_some(),
            code: Some(code),
            external_id: None,
            party: None,
            metadata: None,
        });
    let account = Account {
        id,
        wallet,
        scheme: scheme.id,
        client_type: scheme.client_type.as_ref().map(ToString::to_string),
        status: new.status,
        state: new.state.clone(),
        starts_at: Some(scheme.starts_at.map_or(now, |starts_at| starts_at.max(now))),
        ends_at: scheme.ends_at,
        meta: new.meta.clone(),
        lifetime: 0,
        lifetime_spend: 0,
        lifetime_spend_value: 0,
        created_at: now,
        updated_at: now,
    };
    let row = AccountRow::read(account, ledger);
    let snapshot = case.snapshot(&row);
    case.save_account(row);
    told.account(&snapshot, Atomic::Create);
    Ok(snapshot)
}

pub(in crate::command) fn identity(
    case: &mut Case<'_, '_>,
    wallet: WalletId,
    new: &NewIdentity,
) -> Result<Done, Refused> {
    case.wallet(wallet)?;
    if case.rows.identity_by_value(&new.value).is_some() {
        return Err(taken(&new.value));
    }
    let mut told = Told::new();
    let identity = new_identity(case, wallet, new, &mut told);
    let done = Done::Identity(identity);
    told.emit(case, "WALLET.IDENTITY.CREATE", &done);
    case.commit();
    Ok(done)
}

pub(in crate::command) fn account(
    case: &mut Case<'_, '_>,
    wallet: WalletId,
    new: &NewAccount,
) -> Result<Done, Refused> {
    case.wallet(wallet)?;
    let mut told = Told::new();
    let account = new_account(case, wallet, new, &mut told)?;
    let done = Done::Account(Box::new(account));
    told.emit(case, "WALLET.ACCOUNT.CREATE.SCHEME", &done);
    case.commit();
    Ok(done)
}
