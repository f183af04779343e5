//! POST /services/wallet, /services/wallet/accounts, /wallet/{walletId}/identity,
//! /wallet/{walletId}/scheme/{schemeId}/account

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency as idempotency;

use super::{
    App, SERVICE, problem, resource,
    wire::{IdIn, map, valid, wallet_id},
};
use crate::{
    command::{Action, CreateWallet, NewAccount, NewIdentity, Refused},
    model::{Label, SchemeId, Status},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WalletIn {
    #[serde(rename = "type")]
    kind: String,
    state: Option<String>,
    status: Option<String>,
    friendly_name: Option<String>,
    meta: Option<Value>,
    identities: Vec<IdentityIn>,
    accounts: Option<AccountsIn>,
    consumer: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdentityIn {
    #[serde(rename = "type")]
    kind: String,
    value: String,
    friendly_name: Option<String>,
    safe_value: Option<String>,
    state: Option<String>,
    status: Option<String>,
    meta: Option<Value>,
}

#[derive(Deserialize)]
struct AccountsIn {
    scheme: Option<Vec<AccountIn>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountIn {
    scheme_id: Option<IdIn>,
    state: Option<String>,
    status: Option<String>,
    meta: Option<Value>,
}

pub(super) async fn wallet(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let mut create = read_wallet(call.parse()?)?;
    create.accounts = None;
    create.consumer = None;
    let key = idempotency::optional(&call, SERVICE)?;
    app.run(&call, key, "/services/wallet", Action::CreateWallet(Box::new(create))).await
}

pub(super) async fn wallet_accounts(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let mut create = read_wallet(call.parse()?)?;
    create.accounts.get_or_insert_default();
    let key = idempotency::optional(&call, SERVICE)?;
    app.run(&call, key, "/services/wallet/accounts", Action::CreateWallet(Box::new(create))).await
}

pub(super) async fn identity(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let identity = read_identity("", call.parse()?)?;
    let key = idempotency::optional(&call, SERVICE)?;
    let action = Action::AddIdentity { wallet: wallet_id(&call)?, identity };
    let resource = resource(&call).to_owned();
    app.run(&call, key, &resource, action).await
}

pub(super) async fn account(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let scheme = call.path("schemeId")?.parse().map_err(|_| problem(&Refused::SchemeNotFound))?;
    let account = read_account("", scheme, &call.parse()?)?;
    let key = idempotency::optional(&call, SERVICE)?;
    let action = Action::AddAccount { wallet: wallet_id(&call)?, account };
    let resource = resource(&call).to_owned();
    app.run(&call, key, &resource, action).await
}

fn read_wallet(wallet: WalletIn) -> Result<CreateWallet, Problem> {
    let mut identities = Vec::with_capacity(wallet.identities.len());
    for (at, identity) in wallet.identities.into_iter().enumerate() {
        identities.push(read_identity(&format!("/identities/{at}"), identity)?);
    }
    let accounts = match wallet.accounts {
        None => None,
        Some(accounts) => {
            let mut read = Vec::new();
            for (at, account) in accounts.scheme.unwrap_or_default().into_iter().enumerate() {
                let at = format!("/accounts/scheme/{at}");
                let scheme = account.scheme_id.as_ref().map_or("", |id| &id.0).parse();
                read.push(read_account(&at, valid(format_args!("{at}/schemeId"), scheme)?, &account)?);
            }
            Some(read)
        }
    };
    Ok(CreateWallet {
        kind: valid("/type", Label::parse(&wallet.kind))?,
        status: status("/status", wallet.status.as_deref())?,
        state: state("/state", wallet.state.as_deref())?,
        friendly_name: wallet.friendly_name,
        meta: map("/meta", wallet.meta.as_ref())?,
        identities,
        accounts,
        consumer: map("/consumer", wallet.consumer.as_ref())?,
    })
}

fn read_identity(at: &str, identity: IdentityIn) -> Result<NewIdentity, Problem> {
    Ok(NewIdentity {
        kind: valid(format_args!("{at}/type"), Label::parse(&identity.kind))?,
        value: identity.value,
        friendly_name: identity.friendly_name,
        safe_value: identity.safe_value,
        status: status(&format!("{at}/status"), identity.status.as_deref())?,
        state: state(&format!("{at}/state"), identity.state.as_deref())?,
        meta: map(&format!("{at}/meta"), identity.meta.as_ref())?,
    })
}

fn read_account(at: &str, scheme: SchemeId, account: &AccountIn) -> Result<NewAccount, Problem> {
    Ok(NewAccount {
        scheme,
        status: status(&format!("{at}/status"), account.status.as_deref())?,
        state: state(&format!("{at}/state"), account.state.as_deref())?,
        meta: map(&format!("{at}/meta"), account.meta.as_ref())?,
    })
}

fn status(field: &str, text: Option<&str>) -> Result<Status, Problem> {
    valid(field, text.map_or(Ok(Status::Active), Status::parse))
}

fn state(field: &str, text: Option<&str>) -> Result<Label, Problem> {
    valid(field, Label::parse(text.unwrap_or("DEFAULT")))
}
