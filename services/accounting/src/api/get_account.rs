//! GET /v1/accounts/{id}: one account.

use zerosum_domain::AccountId;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency::read_problem;

use super::{State, account::AccountView, caller};

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let brand = caller::brand(&call)?;
    let id = account_id(&call)?;
    let found = app.store.account(&brand, id).await.map_err(read_problem)?;
    Reply::ok(&AccountView::of(&found.ok_or_else(missing)?)?)
}

/// An id that cannot be one names no account either.
pub(super) fn account_id(call: &Call) -> Result<AccountId, Problem> {
    call.path("id")?.parse().map_err(|_| missing())
}

pub(super) fn missing() -> Problem {
    Problem::not_found("no account has this id")
}
