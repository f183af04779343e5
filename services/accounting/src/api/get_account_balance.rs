//! GET /v1/accounts/{id}/balance: one account and its posted balance, now or at a past moment.

use serde::Serialize;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency::read_problem;

use super::{
    State,
    account::AccountView,
    caller,
    get_account::{account_id, missing},
};

#[derive(Debug, Serialize)]
struct BalanceView<'a> {
    #[serde(flatten)]
    account: AccountView<'a>,
    balance_cents: String,
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let brand = caller::brand(&call)?;
    let id = account_id(&call)?;
    let found = match caller::at(&call)? {
        None => app.store.account(&brand, id).await,
        Some(at) => app.store.account_at(&brand, id, at).await,
    };
    let account = found.map_err(read_problem)?.ok_or_else(missing)?;
    Reply::ok(&BalanceView { account: AccountView::of(&account)?, balance_cents: account.posted.to_string() })
}
