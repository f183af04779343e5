//! POST /v1/transactions: an atomic multi-entry transaction.

use zerosum_edge::{Call, Problem, Reply};

use super::{State, run::run, transaction::TransactionRequest};
use crate::command::Command;

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let request: TransactionRequest = call.parse()?;
    run(&app, &call, Command::Post(request.parse("")?)).await
}
