//! GET /wallet/{walletId}/accounts, /wallet/{walletId}/account/{accountId} and its transactions

use std::sync::Arc;

use zerosum_edge::{Call, Problem, Reply};

use super::{
    App, brand, read_problem,
    wire::{account_id, page, span, wallet_id},
};
use crate::view::{AccountShown, AccountView, AtxShown, AtxView};

pub(super) async fn list(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let span = span(&call);
    let found = app.store.accounts(&brand(&call)?, wallet_id(&call)?, span).await.map_err(read_problem)?;
    Reply::ok(&page("accountId", "ASC", span, &found, |account| AccountView::of(account, AccountShown::Read)))
}

pub(super) async fn one(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let (wallet, account) = (wallet_id(&call)?, account_id(&call)?);
    let account = app.store.account(&brand(&call)?, wallet, account).await.map_err(read_problem)?;
    Reply::ok(&AccountView::of(&account, AccountShown::Read))
}

pub(super) async fn transactions(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let span = span(&call);
    let (wallet, account) = (wallet_id(&call)?, account_id(&call)?);
    let found = app.store.account_transactions(&brand(&call)?, wallet, account, span).await;
    let found = found.map_err(read_problem)?;
    Reply::ok(&page("accountTransactionId", "DESC", span, &found, |made| AtxView::of(made, AtxShown::Answer)))
}
