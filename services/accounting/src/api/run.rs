//! Running a command and rendering what was decided.

use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency as idempotency;
use zerosum_ledger::Submission;

use super::{
    App, SERVICE, account::AccountDetailView, caller, error, post_transaction_batch,
    transaction::TransactionView,
};
use crate::command::{Command, Done, Refused};

/// Hands the command to the engine under the call's key and renders its outcome.
pub(super) async fn run(app: &App, call: &Call, command: Command) -> Result<Reply, Problem> {
    let brand = caller::brand(call)?;
    let key = idempotency::required(call, SERVICE)?;
    let submission = Submission { brand, key: Some(key), command, deadline: call.deadline };
    let answer = app.engine.submit(submission).await.map_err(idempotency::problem)?;
    idempotency::mark(render(&answer.outcome), answer.replayed)
}

/// The answer of an outcome: pure, so that a replay is equal to the first answer by construction.
pub(super) fn render(outcome: &Result<Done, Refused>) -> Result<Reply, Problem> {
    match outcome {
        Ok(Done::Posted(posted)) => Reply::created(&TransactionView::from(posted)),
        Ok(Done::Batch(batch)) => post_transaction_batch::render(batch),
        Ok(Done::Opened(opened)) => Reply::created(&AccountDetailView::opened(opened)?),
        Err(refused) => Err(error::refused(refused, "")),
    }
}
