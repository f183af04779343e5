//! GET /wallet, /wallet/{walletId}, /wallet/{walletId}/identities

use std::sync::Arc;

use zerosum_edge::{Call, Problem, Reply};

use super::{App, brand, read_problem, wire::wallet_id};
use crate::view::{IdentityView, Order, Page, WalletShown, WalletView};

pub(super) async fn find(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let value = call.query_text("identity-value").unwrap_or_default();
    let wallet = app.store.wallet_by_identity(&brand(&call)?, value).await.map_err(read_problem)?;
    Reply::ok(&WalletView::of(&wallet, WalletShown::Read))
}

pub(super) async fn one(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let wallet = app.store.wallet(&brand(&call)?, wallet_id(&call)?).await.map_err(read_problem)?;
    Reply::ok(&WalletView::of(&wallet, WalletShown::Read))
}

pub(super) async fn identities(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let identities = app.store.identities(&brand(&call)?, wallet_id(&call)?).await.map_err(read_problem)?;
    Reply::ok(&whole("identityId", identities.iter().map(IdentityView::of).collect()))
}

/// A list that is short by nature, given whole.
pub(super) fn whole<T>(name: &'static str, results: Vec<T>) -> Page<T> {
    let total = i64::try_from(results.len()).unwrap_or(i64::MAX);
    Page { total, order_by: vec![Order { name, order: "ASC" }], limit: total, offset: 0, results }
}
