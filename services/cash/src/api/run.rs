//! Running a command and rendering what was decided.

use zerosum_domain::BrandId;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency as idempotency;
use zerosum_ledger::Submission;

use super::{App, SERVICE, error, grant_cash::GrantView, spend_cash::SpendView};
use crate::command::{Command, Done, Refused};

/// Hands the command to the engine under the call's key and renders its outcome.
pub(super) async fn run(app: &App, call: &Call, brand: BrandId, command: Command) -> Result<Reply, Problem> {
    let key = idempotency::required(call, SERVICE)?;
    let submission = Submission { brand, key: Some(key), command, deadline: call.deadline };
    let answer = app.engine.submit(submission).await.map_err(idempotency::problem)?;
    idempotency::mark(render(&answer.outcome), answer.replayed)
}

/// The answer of an outcome: pure, so that a replay is equal to the first answer by construction.
pub(super) fn render(outcome: &Result<Done, Refused>) -> Result<Reply, Problem> {
    match outcome {
        Ok(Done::Granted(granted)) => Reply::created(&GrantView::from(granted)),
        Ok(Done::Spent(spent)) => Reply::created(&SpendView::from(spent)),
        // The job's commands carry no key, so no caller's key has this outcome.
        Ok(Done::Expired(_)) => Err(Problem::internal()),
        Err(refused) => Err(error::refused(refused)),
    }
}
