//! GET /v1/accounts: the brand's accounts, newest first.

use serde::Serialize;
use zerosum_domain::AccountId;
use zerosum_edge::{Call, Problem, Reply, cursor};
use zerosum_idempotency::read_problem;

use super::{State, account::AccountDetailView, caller};

#[derive(Debug, Serialize)]
struct PageView<'a> {
    data: Vec<AccountDetailView<'a>>,
    next_cursor: Option<String>,
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let brand = caller::brand(&call)?;
    let external_id = call.query_text("external_id");
    let list = format!("accounts/{brand}/{}", external_id.unwrap_or_default());
    let window = caller::window(&call, &list, |id| AccountId::new(uuid::Uuid::from_bytes(id)))?;
    let page = app.store.accounts(&brand, external_id, window).await.map_err(read_problem)?;
    Reply::ok(&PageView {
        data: page.rows.iter().map(AccountDetailView::of).collect::<Result<_, _>>()?,
        next_cursor: page.next.map(|id| cursor::seal(&list, id.uuid().as_bytes())),
    })
}
