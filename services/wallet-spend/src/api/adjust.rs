//! PATCH /wallet/{walletId}/account/{accountId}/credit, debit, earn, spend

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use zerosum_domain::{Points, spend::Money};
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency as idempotency;

use super::{
    App, SERVICE, resource,
    wire::{LocationIn, account_id, short_map, valid, wallet_id},
};
use crate::command::{Action, Adjust, AdjustKind};

#[derive(Deserialize)]
struct Request {
    balances: BalancesIn,
    location: Option<LocationIn>,
    details: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BalancesIn {
    current: i64,
    lifetime_spend_value: Option<i64>,
}

pub(super) async fn credit(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    adjust(&app, call, AdjustKind::Credit).await
}

pub(super) async fn debit(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    adjust(&app, call, AdjustKind::Debit).await
}

pub(super) async fn earn(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    adjust(&app, call, AdjustKind::Earn).await
}

pub(super) async fn spend(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    adjust(&app, call, AdjustKind::Spend).await
}

async fn adjust(app: &App, call: Call, kind: AdjustKind) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    let key = idempotency::optional(&call, SERVICE)?;
    let money = request.balances.lifetime_spend_value.unwrap_or(0);
    let adjust = Adjust {
        wallet: wallet_id(&call)?,
        account: account_id(&call)?,
        kind,
        points: valid("/balances/current", Points::new(request.balances.current))?,
        money: valid("/balances/lifetimeSpendValue", Money::new(money))?,
        location: request.location.into(),
        details: short_map("/details", request.details.as_ref())?,
    };
    let resource = resource(&call).to_owned();
    app.run(&call, key, &resource, Action::Adjust(Box::new(adjust))).await
}
