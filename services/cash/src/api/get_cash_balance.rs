//! GET /v1/cash/balance: what a user can use now.

use serde::Serialize;
use zerosum_domain::AccountId;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency::read_problem;

use super::{State, caller::account_of_query, error};

#[derive(Debug, Serialize)]
struct BalanceView<'a> {
    account_id: AccountId,
    user_id: &'a str,
    brand_id: &'a str,
    balance_cents: i64,
    currency: &'a str,
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let (brand, user) = account_of_query(&call)?;
    let found = app.store.balance(&brand, &user).await.map_err(read_problem)?;
    let balance = found.ok_or_else(error::no_account)?;
    Reply::ok(&BalanceView {
        account_id: balance.account,
        user_id: user.as_str(),
        brand_id: brand.as_str(),
        balance_cents: balance.usable,
        currency: &balance.currency,
    })
}
