//! GET /wallet/{walletId}/accounts, /wallet/{walletId}/account/{accountId} and its transactions

use std::sync::Arc;

use zerosum_edge::{Call, Problem, Reply};

use super::{
    App, brand, read_problem,
    read_wallets::whole,
    wire::{account_id, span, wallet_id},
};
use crate::{
    store::AccountPage,
    view::{AccountShown, AccountView, AtxShown, AtxView, Order, Page},
};

pub(super) async fn list(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let accounts = app.store.accounts(&brand(&call)?, wallet_id(&call)?).await.map_err(read_problem)?;
    let views = accounts.iter().map(|account| AccountView::of(account, AccountShown::Read)).collect();
    Reply::ok(&whole("accountId", views))
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
    let AccountPage { total, transactions } = found.map_err(read_problem)?;
    Reply::ok(&Page {
        total,
        order_by: vec![Order { name: "accountTransactionId", order: "DESC" }],
        limit: span.limit,
        offset: span.offset,
        results: transactions.iter().map(|made| AtxView::of(made, AtxShown::Answer)).collect(),
    })
}
