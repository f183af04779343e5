//! GET /v1/cash/ledger: what happened to a user's cash, newest first.

use jiff::Timestamp;
use serde::Serialize;
use zerosum_domain::{AccountId, LotId};
use zerosum_edge::{Call, Problem, Reply, cursor};
use zerosum_idempotency::read_problem;

use super::{State, caller::account_of_query, error};
use crate::store::{RowKind, RowOfLedger, Window};

/// As in the document, which also has the bounds.
const LIMIT_DEFAULT: usize = 50;

#[derive(Debug, Serialize)]
struct PageView<'a> {
    data: Vec<RowView<'a>>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct RowView<'a> {
    id: String,
    account_id: AccountId,
    grant_id: Option<LotId>,
    amount_cents: i64,
    #[serde(rename = "type")]
    kind: RowKind,
    reason: &'a str,
    memo: Option<&'a str>,
    created_at: Timestamp,
}

impl<'a> RowView<'a> {
    fn of(row: &'a RowOfLedger, account_id: AccountId) -> Self {
        Self {
            id: row.id.to_string(),
            account_id,
            grant_id: row.grant,
            amount_cents: row.amount,
            kind: row.kind,
            reason: &row.reason,
            memo: row.memo.as_deref(),
            created_at: row.posted_at,
        }
    }
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let (brand, user) = account_of_query(&call)?;
    // The cursor belongs to the account: another one's is refused.
    let list = format!("cash/{brand}/{}", user.as_str());
    let before = call.query_text("cursor").map(|text| cursor::open(&list, text)).transpose()?;
    let limit = call.query_integer("limit").and_then(|limit| usize::try_from(limit).ok());
    let window = Window { before: before.map(i64::from_be_bytes), limit: limit.unwrap_or(LIMIT_DEFAULT) };
    let found = app.store.ledger(&brand, &user, window).await.map_err(read_problem)?;
    let page = found.ok_or_else(error::no_account)?;
    Reply::ok(&PageView {
        data: page.rows.iter().map(|row| RowView::of(row, page.account)).collect(),
        next_cursor: page.next.map(|version| cursor::seal(&list, &version.to_be_bytes())),
    })
}
