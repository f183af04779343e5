//! GET /v1/idempotency/{key}: the stored answer of a key, for a caller that lost it.

use serde::Serialize;
use serde_json::value::RawValue;
use zerosum_edge::{Call, Dialect, ErrorMessage, Problem, Reply};
use zerosum_idempotency::{self as idempotency, IdempotencyKey};

use super::{SERVICE, State, caller, error, run::render};
use crate::{
    command::{Done, Refused},
    store::StoredAnswer,
};

#[derive(Debug, Serialize)]
struct AnswerView<'a> {
    key: &'a str,
    status: u16,
    body: &'a RawValue,
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let brand = caller::brand(&call)?;
    let key = IdempotencyKey::parse(call.path("key")?, "path parameter key")?;
    let scope = idempotency::scope(SERVICE, &call.principal);
    let stored = app
        .store
        .stored_answer(&brand, &scope, key.as_str())
        .await
        .map_err(|failed| error::read(&failed))?
        .ok_or_else(|| Problem::not_found("no answer is stored under this key"))?;
    let (status, body) = answer(&stored)?;
    let body: &RawValue = serde_json::from_slice(&body).map_err(unreadable)?;
    Reply::ok(&AnswerView { key: key.as_str(), status, body })
}

/// Status and body exactly as the first request was answered.
fn answer(stored: &StoredAnswer) -> Result<(u16, Vec<u8>), Problem> {
    let outcome: Result<Done, Refused> = if stored.refused {
        Err(serde_json::from_str(&stored.outcome).map_err(unreadable)?)
    } else {
        Ok(serde_json::from_str(&stored.outcome).map_err(unreadable)?)
    };
    Ok(match render(&outcome) {
        Ok(reply) => (reply.status().as_u16(), reply.body().to_vec()),
        Err(problem) => {
            let (status, code) = ErrorMessage.status_and_code(&problem);
            (status.as_u16(), ErrorMessage.body(code, problem.message(), problem.details()))
        }
    })
}

fn unreadable(error: serde_json::Error) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "a stored answer cannot be read");
    Problem::internal()
}
