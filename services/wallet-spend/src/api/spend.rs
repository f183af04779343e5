//! POST /connect/wallet/spend and /connect/wallet/spend/spend

use std::sync::Arc;

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
    transaction_details: Option<Value>,
    meta: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultsIn {
    points_value: i64,
    points_remainder: Option<Value>,
    monetary_value: i64,
    balance_after: Option<Value>,
    applied_tier: Option<Value>,
    operations: Vec<OperationIn>,
    analysed_date_time: Option<Value>,
    excluded_products: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OperationIn {
    resource_type: Option<Value>,
    resource_id: Option<IdIn>,
    account_id: IdIn,
    wallet_id: Option<IdIn>,
    operation_type: Option<Value>,
    details: Option<Value>,
    value: i64,
    balances: Option<Value>,
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
        claim: claim(request.spend_adjudication_results)?,
        details: short_map("/transactionDetails", request.transaction_details.as_ref())?,
        meta: short_map("/meta", request.meta.as_ref())?,
    };
    app.run(&call, Some(key), EVENT_RESOURCE, Action::Spend(Box::new(spend))).await
}

fn claim(results: ResultsIn) -> Result<Claim, Problem> {
    const AT: &str = "/spendAdjudicationResults";
    let mut operations = Vec::with_capacity(results.operations.len());
    for (at, operation) in results.operations.iter().enumerate() {
        let at = format!("{AT}/operations/{at}");
        operations.push(ClaimedOperation {
            scheme: id(&format!("{at}/resourceId"), operation.resource_id.as_ref())?,
            account: valid(&format!("{at}/accountId"), operation.account_id.0.parse())?,
            wallet: id(&format!("{at}/walletId"), operation.wallet_id.as_ref())?,
            points: operation.value,
        });
    }
    Ok(Claim {
        points: valid(&format!("{AT}/pointsValue"), PointCount::new(results.points_value))?,
        money: valid(&format!("{AT}/monetaryValue"), Money::new(results.monetary_value))?,
        operations,
        shown: keep_adjudication(&shown(results)).ok_or_else(Problem::internal)?,
    })
}

fn id<T: std::str::FromStr<Err = zerosum_domain::Invalid>>(
    field: &str,
    id: Option<&IdIn>,
) -> Result<Option<T>, Problem> {
    id.map(|id| valid(field, id.0.parse())).transpose()
}

/// As a transaction shows it again: the same figures in the transaction's order.
fn shown(results: ResultsIn) -> Value {
    let text = |id: Option<IdIn>| id.map_or(Value::Null, |id| id.0.into());
    let operation = |operation: OperationIn| {
        object([
            ("resourceType", operation.resource_type.unwrap_or_default()),
            ("resourceId", text(operation.resource_id)),
            ("accountId", operation.account_id.0.into()),
            ("walletId", text(operation.wallet_id)),
            ("operationType", operation.operation_type.unwrap_or_default()),
            ("value", operation.value.into()),
            ("details", operation.details.unwrap_or_default()),
            ("balances", operation.balances.unwrap_or_default()),
        ])
    };
    let operations: Vec<Value> = results.operations.into_iter().map(operation).collect();
    object([
        ("pointsValue", results.points_value.into()),
        ("pointsRemainder", results.points_remainder.unwrap_or_default()),
        ("monetaryValue", results.monetary_value.into()),
        ("balanceAfter", results.balance_after.unwrap_or_default()),
        ("appliedTier", results.applied_tier.unwrap_or_default()),
        ("operations", operations.into()),
        ("analysedDateTime", results.analysed_date_time.unwrap_or_default()),
        ("excludedProducts", results.excluded_products.unwrap_or_else(|| Value::Array(Vec::new()))),
    ])
}

/// An object of these fields, in this order. They are moved into it; the macro copies what it is given.
fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_shown_again_has_the_order_of_a_transaction() {
        let results: ResultsIn = serde_json::from_value(json!({
            "monetaryValue": 2000, "pointsValue": 20000, "unknown": 1,
            "operations": [{"accountId": "7", "details": null, "value": 20000}],
        }))
        .unwrap();
        let shown = serde_json::to_string(&shown(results)).unwrap();
        assert_eq!(
            shown,
            r#"{"pointsValue":20000,"pointsRemainder":null,"monetaryValue":2000,"balanceAfter":null,"appliedTier":null,"operations":[{"resourceType":null,"resourceId":null,"accountId":"7","walletId":null,"operationType":null,"value":20000,"details":null,"balances":null}],"analysedDateTime":null,"excludedProducts":[]}"#
        );
    }
}
