//! GET /v1/idempotency/{key}: the stored answer of a key, for a caller that lost it.

use zerosum_edge::{Call, ErrorMessage, Problem, Reply};
use zerosum_idempotency as idempotency;

use super::{SERVICE, State, run::render};

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    idempotency::lookup(app.store.reads(), &call, SERVICE, &ErrorMessage, render).await
}
