//! GET /v1/transactions/{id}: one transaction with its entries and metadata.

use serde::Serialize;
use serde_json::value::RawValue;
use zerosum_domain::TransactionId;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency::read_problem;

use super::{
    State, caller, error,
    transaction::{TransactionView, stored_json},
};
use crate::{command::Refused, store::TransactionDetail};

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let missing = || error::refused(&Refused::UnknownTransaction, "");
    let brand = caller::brand(&call)?;
    let id: TransactionId = call.path("id")?.parse().map_err(|_| missing())?;
    let found = app.store.transaction(&brand, id).await.map_err(read_problem)?;
    Reply::ok(&DetailView::of(&found.ok_or_else(missing)?)?)
}

#[derive(Debug, Serialize)]
struct DetailView<'a> {
    #[serde(flatten)]
    transaction: TransactionView<'a>,
    metadata: Option<&'a RawValue>,
    reverses: Option<TransactionId>,
    reversed_by: Option<TransactionId>,
}

impl<'a> DetailView<'a> {
    fn of(detail: &'a TransactionDetail) -> Result<Self, Problem> {
        Ok(Self {
            transaction: TransactionView::from(&detail.transaction),
            metadata: stored_json(detail.metadata.as_deref())?,
            reverses: detail.reverses,
            reversed_by: detail.reversed_by,
        })
    }
}
