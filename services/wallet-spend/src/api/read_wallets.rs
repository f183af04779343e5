//! GET /wallet, /wallet/{walletId}, /wallet/{walletId}/identities

use std::sync::Arc;

use zerosum_edge::{Call, Problem, Reply};

use super::{
    App, brand, read_problem,
    wire::{page, span, wallet_id},
};
use crate::view::{IdentityView, WalletView};

pub(super) async fn find(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let value = call.query_text("identity-value").unwrap_or_default();
    let wallet = app.store.wallet_by_identity(&brand(&call)?, value).await.map_err(read_problem)?;
    Reply::ok(&WalletView::of(&wallet))
}

pub(super) async fn one(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let wallet = app.store.wallet(&brand(&call)?, wallet_id(&call)?).await.map_err(read_problem)?;
    Reply::ok(&WalletView::of(&wallet))
}

pub(super) async fn identities(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let span = span(&call);
    let found = app.store.identities(&brand(&call)?, wallet_id(&call)?, span).await.map_err(read_problem)?;
    Reply::ok(&page("identityId", "ASC", span, &found, IdentityView::of))
}
