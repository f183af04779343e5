//! GET /v1/accounts/{id}/ledger: the entries of an account, newest first.

use jiff::Timestamp;
use serde::Serialize;
use zerosum_domain::{AccountId, EntryId, TransactionId};
use zerosum_edge::{Call, Problem, Reply, cursor};
use zerosum_idempotency::read_problem;

use super::{
    State, caller,
    get_account::{account_id, missing},
    transaction::as_text,
};
use crate::store::LedgerRow;

#[derive(Debug, Serialize)]
struct PageView<'a> {
    data: Vec<RowView<'a>>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
struct RowView<'a> {
    #[serde(serialize_with = "as_text")]
    id: EntryId,
    transaction_id: TransactionId,
    account_id: AccountId,
    #[serde(serialize_with = "as_text")]
    amount_cents: i64,
    memo: Option<&'a str>,
    created_at: Timestamp,
}

impl<'a> RowView<'a> {
    fn of(row: &'a LedgerRow, account_id: AccountId) -> Self {
        Self {
            id: row.id,
            transaction_id: row.id.transaction,
            account_id,
            amount_cents: row.amount,
            memo: row.memo.as_deref(),
            created_at: row.posted_at,
        }
    }
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let brand = caller::brand(&call)?;
    let account = account_id(&call)?;
    // The cursor belongs to the account: another one's is refused.
    let list = format!("ledger/{brand}/{account}");
    let window = caller::window(&call, &list, i64::from_be_bytes)?;
    let page = app.store.ledger(&brand, account, window).await.map_err(read_problem)?;
    let page = page.ok_or_else(missing)?;
    Reply::ok(&PageView {
        data: page.rows.iter().map(|row| RowView::of(row, account)).collect(),
        next_cursor: page.next.map(|version| cursor::seal(&list, &version.to_be_bytes())),
    })
}
