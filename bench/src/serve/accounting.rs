//! Accounting with an engine whose batches can be bounded, and whose counters can be read.
//!
//! Made of the same public parts as the service makes itself, which takes no bound.

use std::sync::Arc;

use tokio_postgres::Config;
use zerosum_accounting::{
    api::{self, App},
    command::Accounting,
    service::READ_CONNECTIONS_DEFAULT,
    store::Store,
};
use zerosum_edge::{BearerTokens, Edge, ErrorMessage, Readiness, Settings};
use zerosum_ledger::{Engine, EngineConfig, reads::Reads};

use super::{Counted, Told};

pub(super) fn edge(
    database: Config,
    tokens: Arc<BearerTokens>,
    lanes: usize,
    batch_max: Option<usize>,
) -> anyhow::Result<(Edge, Counted)> {
    let store = Store::new(Reads::new(&database, READ_CONNECTIONS_DEFAULT)?);
    let mut config = EngineConfig { lanes, ..EngineConfig::new(database) };
    config.batch_max = batch_max.unwrap_or(config.batch_max);
    let engine = Engine::start(Accounting, config);
    let app = App { engine: engine.clone(), store: store.clone() };
    let readiness = Readiness::new(move || {
        let store = store.clone();
        async move { store.ready().await.map_err(|error| error.to_string()) }
    });
    let edge = api::edge(Arc::new(app), Settings::new(api::SERVICE, ErrorMessage, tokens, readiness))?;
    let counted = move || Told::of(engine.stats());
    Ok((edge, Box::new(counted)))
}
