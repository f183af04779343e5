//! GET of wallet transactions: a wallet's, one of them, and by reference

use std::sync::Arc;

use zerosum_edge::{Call, Problem, Reply};

use super::{
    App, brand,
    change::transaction_header,
    problem, read_problem,
    wire::{page, span, wallet_id},
};
use crate::{
    command::Refused,
    model::Reference,
    view::{LocationShown, WtxView},
};

pub(super) async fn list(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let span = span(&call);
    let found = app.store.transactions(&brand(&call)?, wallet_id(&call)?, span).await;
    let found = found.map_err(read_problem)?;
    Reply::ok(&page("walletTransactionId", "DESC", span, &found, |one| {
        WtxView::of(one, LocationShown::Stored)
    }))
}

pub(super) async fn one(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let named = call.path("transactionId")?;
    let id = named.parse().map_err(|_| not_found(named))?;
    let found = app.store.transaction(&brand(&call)?, wallet_id(&call)?, id).await.map_err(read_problem)?;
    Reply::ok(&WtxView::of(&found, LocationShown::Stored))
}

pub(super) async fn by_reference(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let named = call.query_text("reference").unwrap_or_default().to_owned();
    found(&app, &call, &named).await
}

pub(super) async fn by_header(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let named = transaction_header(&call)?;
    found(&app, &call, &named).await
}

async fn found(app: &App, call: &Call, named: &str) -> Result<Reply, Problem> {
    let reference = Reference::try_from(named.to_owned()).map_err(|_| not_found(named))?;
    let found = app.store.transaction_by_reference(&brand(call)?, &reference).await.map_err(read_problem)?;
    Reply::ok(&WtxView::of(&found, LocationShown::Stored))
}

fn not_found(named: &str) -> Problem {
    match Reference::try_from(named.to_owned()) {
        Ok(reference) => problem(&Refused::TransactionNotFound { reference }),
        Err(_) => Problem::invalid("reference: must be given"),
    }
}
