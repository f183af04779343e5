//! POST /v1/cash/spend: take cash from a user.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zerosum_domain::{AccountId, EntryId};
use zerosum_edge::{Call, Problem, Reply};

use super::{
    State,
    caller::{brand, cents, field},
    run::run,
};
use crate::command::{
    Command, Spend, Spent,
    text::{Memo, Reason, UserId},
};

#[derive(Debug, Deserialize)]
struct SpendRequest {
    user_id: String,
    brand_id: String,
    amount_cents: i64,
    reason: String,
    memo: Option<String>,
}

impl SpendRequest {
    fn parse(self) -> Result<Spend, Problem> {
        Ok(Spend {
            user: UserId::parse(&self.user_id).map_err(field("user_id"))?,
            amount: cents(self.amount_cents)?,
            reason: Reason::parse(&self.reason).map_err(field("reason"))?,
            memo: self.memo.map(|text| Memo::parse(&text).map_err(field("memo"))).transpose()?,
        })
    }
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let request: SpendRequest = call.parse()?;
    let brand = brand(&call, &request.brand_id)?;
    run(&app, &call, brand, Command::Spend(request.parse()?)).await
}

#[derive(Debug, Serialize)]
pub(super) struct SpendView {
    entry_id: String,
    account_id: AccountId,
    /// As it was sent: positive. Its row in the ledger is negative.
    amount_cents: i64,
    balance_cents: i64,
    created_at: Timestamp,
}

impl From<&Spent> for SpendView {
    fn from(spent: &Spent) -> Self {
        Self {
            // A row is named by its first entry, and the user's come first.
            entry_id: EntryId { transaction: spent.transaction, line: 0 }.to_string(),
            account_id: spent.account,
            amount_cents: spent.amount.get(),
            balance_cents: spent.balance,
            created_at: spent.at,
        }
    }
}
