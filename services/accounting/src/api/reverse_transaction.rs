//! POST /v1/transactions/{id}/reverse: the opposite of a transaction, once.

use serde::Deserialize;
use serde_json::{Map, Value};
use zerosum_edge::{Call, Problem, Reply};

use super::{
    State, error,
    run::run,
    transaction::{memo, reference},
};
use crate::command::{Command, Refused, Reverse, text::Metadata};

#[derive(Debug, Deserialize)]
struct ReverseRequest {
    external_ref: Option<String>,
    memo: Option<String>,
    metadata: Option<Map<String, Value>>,
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    // An id that cannot be one names no transaction either.
    let original = call.path("id")?.parse().map_err(|_| error::refused(&Refused::UnknownTransaction, ""))?;
    let request: ReverseRequest = call.parse()?;
    let reverse = Reverse {
        original,
        external_ref: reference(request.external_ref, "", "external_ref")?,
        memo: memo(request.memo, "")?,
        metadata: request.metadata.map(Metadata::of),
    };
    run(&app, &call, Command::Reverse(reverse)).await
}
