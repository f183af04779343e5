//! POST /v1/cash/grants: give cash to a user.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zerosum_domain::{AccountId, LotId};
use zerosum_edge::{Call, Problem, Reply, date_time};

use super::{
    State,
    caller::{brand, cents, field},
    run::run,
};
use crate::command::{
    Command, Grant, Granted,
    text::{Memo, Reason, Source, UserId},
};

#[derive(Debug, Deserialize)]
struct GrantRequest {
    user_id: String,
    brand_id: String,
    amount_cents: i64,
    source: String,
    reason: Option<String>,
    expires_at: Option<String>,
    memo: Option<String>,
}

impl GrantRequest {
    fn parse(self) -> Result<Grant, Problem> {
        Ok(Grant {
            user: UserId::parse(&self.user_id).map_err(field("user_id"))?,
            amount: cents(self.amount_cents)?,
            source: Source::parse(&self.source).map_err(field("source"))?,
            // An empty reason says as little as none.
            reason: self
                .reason
                .filter(|text| !text.is_empty())
                .map(|text| Reason::parse(&text).map_err(field("reason")))
                .transpose()?,
            expires_at: self.expires_at.map(|text| date_time::parse(&text, "/expires_at")).transpose()?,
            memo: self.memo.map(|text| Memo::parse(&text).map_err(field("memo"))).transpose()?,
        })
    }
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let request: GrantRequest = call.parse()?;
    let brand = brand(&call, &request.brand_id)?;
    run(&app, &call, brand, Command::Grant(request.parse()?)).await
}

#[derive(Debug, Serialize)]
pub(super) struct GrantView {
    grant_id: LotId,
    account_id: AccountId,
    amount_cents: i64,
    balance_cents: i64,
    created_at: Timestamp,
}

impl From<&Granted> for GrantView {
    fn from(granted: &Granted) -> Self {
        Self {
            grant_id: granted.grant,
            account_id: granted.account,
            amount_cents: granted.amount.get(),
            balance_cents: granted.balance,
            created_at: granted.at,
        }
    }
}
