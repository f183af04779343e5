//! PATCH of a status (activate, suspend, terminate) or a state of a wallet, an identity or an account;
//! PATCH /connect/wallet/transaction.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency as idempotency;

use super::{
    App, SERVICE, problem, resource,
    wire::{account_id, reference, short_map, valid, wallet_id},
};
use crate::{
    command::{Action, Change, Changed, Refused},
    model::{Label, Status},
};

#[derive(Deserialize)]
struct StateIn {
    state: String,
}

/// The operation's id says what is changed to what: `suspendAccount`.
pub(super) async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let operation = call.operation().id.to_string();
    let key = idempotency::optional(&call, SERVICE)?;
    let status = if operation.starts_with("activate") {
        Some(Status::Active)
    } else if operation.starts_with("suspend") {
        Some(Status::Suspended)
    } else if operation.starts_with("terminate") {
        Some(Status::Terminated)
    } else {
        None
    };
    let state = match status {
        Some(_) => None,
        None => Some(valid("/state", Label::parse(&call.parse::<StateIn>()?.state))?),
    };
    let what = if operation.ends_with("Account") {
        Changed::Account(account_id(&call)?)
    } else if operation.ends_with("Identity") {
        let id = call.path("identityId")?.parse();
        Changed::Identity(id.map_err(|_| problem(&Refused::IdentityNotFound))?)
    } else {
        Changed::Wallet
    };
    let change = Change { wallet: wallet_id(&call)?, what, status, state };
    let resource = resource(&call).to_owned();
    app.run(&call, key, &resource, Action::Change(change)).await
}

#[derive(Deserialize)]
struct AnnotateIn {
    meta: Value,
}

pub(super) const TRANSACTION_HEADER: &str = "x-ees-transaction-id";

pub(super) async fn annotate(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: AnnotateIn = call.parse()?;
    let key = idempotency::optional(&call, SERVICE)?;
    let named = transaction_header(&call)?;
    let meta = short_map("/meta", Some(&request.meta))?;
    let meta = meta.ok_or_else(|| Problem::invalid("/meta: must have something in it"))?;
    let action = Action::Annotate { reference: reference("header X-EES-TRANSACTION-ID", &named)?, meta };
    app.run(&call, key, "/connect/wallet/transaction", action).await
}

pub(super) fn transaction_header(call: &Call) -> Result<String, Problem> {
    let named = call.header(TRANSACTION_HEADER)?;
    named.map(str::to_owned).ok_or_else(|| Problem::invalid("header X-EES-TRANSACTION-ID: is required"))
}
