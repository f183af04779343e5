//! POST /connect/wallet/refund

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use zerosum_domain::Points;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency as idempotency;

use super::{
    App, SERVICE,
    settle::basket,
    wire::{LocationIn, reference, valid},
};
use crate::command::{Action, Refund};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    reference: String,
    original_transaction: OriginalIn,
    points_value: Option<i64>,
    location: Option<LocationIn>,
    basket: Option<Value>,
}

#[derive(Deserialize)]
struct OriginalIn {
    reference: String,
}

pub(super) async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    let key = idempotency::reference(&call, SERVICE, "refund", &request.reference);
    let refund = Refund {
        reference: reference("/reference", &request.reference)?,
        original: reference("/originalTransaction/reference", &request.original_transaction.reference)?,
        points: request.points_value.map(|points| valid("/pointsValue", Points::new(points))).transpose()?,
        location: request.location.into(),
        basket: basket(request.basket)?,
    };
    app.run(&call, Some(key), "/connect/wallet/refund", Action::Refund(Box::new(refund))).await
}
