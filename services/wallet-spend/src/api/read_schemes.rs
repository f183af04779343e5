//! GET /schemes/points, /schemes/points/{schemeId}

use std::sync::Arc;

use zerosum_edge::{Call, Problem, Reply};

use super::{
    App, brand, problem, read_problem,
    wire::{page, span},
};
use crate::{command::Refused, view::SchemeView};

pub(super) async fn list(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let span = span(&call);
    let found = app.store.schemes(&brand(&call)?, span).await.map_err(read_problem)?;
    Reply::ok(&page("id", "ASC", span, &found, SchemeView::of))
}

pub(super) async fn one(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let id = call.path("schemeId")?.parse().map_err(|_| problem(&Refused::SchemeNotFound))?;
    let scheme = app.store.scheme(&brand(&call)?, id).await.map_err(read_problem)?;
    Reply::ok(&SchemeView::of(&scheme))
}
