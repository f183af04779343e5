//! Accounting over HTTP: one file for each endpoint of openapi/accounting.yaml.
//!
//! A handler parses, runs, renders. It may name `command`, `store` and `domain`; nothing names it.
//! An answer to a command is rendered from the stored outcome alone, the first time and every later time.

mod account;
mod caller;
pub mod error;
mod run;
mod transaction;

mod create_account;
mod get_account;
mod get_account_balance;
mod get_account_ledger;
mod get_idempotent_answer;
mod get_transaction;
mod get_trial_balance;
mod list_accounts;
mod list_transactions;
mod post_transaction;
mod post_transaction_batch;
mod reverse_transaction;

use std::sync::Arc;

use zerosum_edge::{Api, Contract, Edge, Settings};
use zerosum_host::StartError;
use zerosum_ledger::Engine;

use crate::{command::Accounting, store::Store};

/// The contract, as it is served.
pub const DOCUMENT: &str = include_str!("../../../openapi/accounting.yaml");

/// The service's name in metrics, logs and idempotency scopes.
pub const SERVICE: &str = "accounting";

/// What the handlers work with.
#[derive(Debug)]
pub struct App {
    pub engine: Engine<Accounting>,
    pub store: Store,
}

type State = Arc<App>;

/// Every operation of the document with its handler.
pub fn edge(app: Arc<App>, settings: Settings) -> Result<Edge, StartError> {
    let edge = Api::new(Contract::parse(DOCUMENT)?, app, settings)
        .on("postTransaction", post_transaction::handle)
        .on("postTransactionBatch", post_transaction_batch::handle)
        .on("reverseTransaction", reverse_transaction::handle)
        .on("getTransaction", get_transaction::handle)
        .on("listTransactions", list_transactions::handle)
        .on("createAccount", create_account::handle)
        .on("listAccounts", list_accounts::handle)
        .on("getAccount", get_account::handle)
        .on("getAccountBalance", get_account_balance::handle)
        .on("getAccountLedger", get_account_ledger::handle)
        .on("getTrialBalance", get_trial_balance::handle)
        .on("getIdempotentAnswer", get_idempotent_answer::handle)
        .build()?;
    Ok(edge)
}
