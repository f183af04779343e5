//! GET /v1/transactions: the brand's transactions, newest first.

use serde::Serialize;
use zerosum_domain::TransactionId;
use zerosum_edge::{Call, Problem, Reply, cursor};
use zerosum_idempotency::read_problem;

use super::{State, caller, transaction::TransactionView};

#[derive(Debug, Serialize)]
struct PageView<'a> {
    data: Vec<TransactionView<'a>>,
    next_cursor: Option<String>,
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let brand = caller::brand(&call)?;
    let external_ref = call.query_text("external_ref");
    let list = format!("transactions/{brand}/{}", external_ref.unwrap_or_default());
    let window = caller::window(&call, &list, |id| TransactionId::new(uuid::Uuid::from_bytes(id)))?;
    let page = app.store.transactions(&brand, external_ref, window).await.map_err(read_problem)?;
    Reply::ok(&PageView {
        data: page.rows.iter().map(TransactionView::from).collect(),
        next_cursor: page.next.map(|id| cursor::seal(&list, id.uuid().as_bytes())),
    })
}
