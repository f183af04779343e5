//! Cash over HTTP: one file for each endpoint of openapi/cash.yaml.
//!
//! A handler parses, runs, renders. It may name `command`, `store` and `domain`; nothing names it.
//! An answer to a command is rendered from the stored outcome alone, the first time and every later time.

mod caller;
pub mod error;
mod run;

mod get_cash_balance;
mod get_cash_ledger;
mod get_idempotent_answer;
mod grant_cash;
mod spend_cash;

use std::sync::Arc;

use zerosum_edge::{Api, Contract, Edge, Settings};
use zerosum_host::StartError;
use zerosum_ledger::Engine;

use crate::{command::Cash, store::Store};

/// The contract, as it is served.
pub const DOCUMENT: &str = include_str!("../../../openapi/cash.yaml");

/// The service's name in metrics, logs and idempotency scopes.
pub const SERVICE: &str = "cash";

/// What the handlers work with.
#[derive(Debug)]
pub struct App {
    pub engine: Engine<Cash>,
    pub store: Store,
}

type State = Arc<App>;

/// Every operation of the document with its handler.
pub fn edge(app: Arc<App>, settings: Settings) -> Result<Edge, StartError> {
    let edge = Api::new(Contract::parse(DOCUMENT)?, app, settings)
        .on("grantCash", grant_cash::handle)
        .on("spendCash", spend_cash::handle)
        .on("getCashBalance", get_cash_balance::handle)
        .on("getCashLedger", get_cash_ledger::handle)
        .on("getIdempotentAnswer", get_idempotent_answer::handle)
        .build()?;
    Ok(edge)
}
