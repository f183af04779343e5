//! POST /connect/wallet/spend and /connect/wallet/spend/spend

use std::{fmt::Display, sync::Arc};

use serde::Deserialize;
use serde_json::Value;
use zerosum_domain::spend::{Money, PointCount};
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency::{self as idempotency, Fingerprint};

use super::{
    App, SERVICE,
    wire::{IdIn, IdentityIn, LocationIn, reference, short_map, valid},
};
use crate::{
    command::{Action, Claim, ClaimedOperation, Spend},
    view::keep_adjudication,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    identity: IdentityIn,
    location: Option<LocationIn>,
    reference: String,
    #[serde(default)]
    lock: Option<bool>,
    parent_wallet_transaction_reference: Option<String>,
    spend_adjudication_results: ResultsIn,
}

/// What is decided by; the rest is only shown again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResultsIn {
    points_value: i64,
    monetary_value: i64,
    operations: Vec<OperationIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OperationIn {
    resource_id: Option<IdIn>,
    account_id: IdIn,
    wallet_id: Option<IdIn>,
    value: i64,
}

/// The name that events use.
const EVENT_RESOURCE: &str = "/connect/wallet/spend/spend";

pub(super) async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    // Under either of its names it is the same request.
    let fingerprint = Fingerprint::new("POST", EVENT_RESOURCE, [].into_iter(), call.body());
    let key = idempotency::reference_of(SERVICE, "spend", &request.reference, fingerprint);
    let parent = request.parent_wallet_transaction_reference.as_deref().filter(|parent| !parent.is_empty());
    let spend = Spend {
        identity: request.identity.identity_value,
        location: request.location.into(),
        reference: reference("/reference", &request.reference)?,
        lock: request.lock.unwrap_or(false),
        parent: parent.map(|parent| reference("/parentWalletTransactionReference", parent)).transpose()?,
        claim: claim(&request.spend_adjudication_results, &call.body()["spendAdjudicationResults"])?,
        details: short_map("/transactionDetails", call.body().get("transactionDetails"))?,
        meta: short_map("/meta", call.body().get("meta"))?,
    };
    app.run(&call, Some(key), EVENT_RESOURCE, Action::Spend(Box::new(spend))).await
}

fn claim(results: &ResultsIn, sent: &Value) -> Result<Claim, Problem> {
    const AT: &str = "/spendAdjudicationResults";
    let operation = |(at, operation): (usize, &OperationIn)| {
        let at = format_args!("{AT}/operations/{at}");
        Ok(ClaimedOperation {
            scheme: id(format_args!("{at}/resourceId"), operation.resource_id.as_ref())?,
            account: valid(format_args!("{at}/accountId"), operation.account_id.0.parse())?,
            wallet: id(format_args!("{at}/walletId"), operation.wallet_id.as_ref())?,
            points: operation.value,
        })
    };
    Ok(Claim {
        points: valid(format_args!("{AT}/pointsValue"), PointCount::new(results.points_value))?,
        money: valid(format_args!("{AT}/monetaryValue"), Money::new(results.monetary_value))?,
        operations: results.operations.iter().enumerate().map(operation).collect::<Result<_, Problem>>()?,
        shown: keep_adjudication(sent).ok_or_else(Problem::internal)?,
    })
}

fn id<T: std::str::FromStr<Err = zerosum_domain::Invalid>>(
    field: impl Display,
    id: Option<&IdIn>,
) -> Result<Option<T>, Problem> {
    id.map(|id| valid(field, id.0.parse())).transpose()
}
