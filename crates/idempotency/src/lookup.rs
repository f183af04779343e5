//! The stored answer of a key, for a caller that lost it: `GET /v1/idempotency/{key}` of every service.
//!
//! A caller sees the keys of its own brand, its own service and its own subject; any other answers like a missing
//! one. The answer is rendered by the service's own pure function, so it is what the first request was told.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use zerosum_domain::BrandId;
use zerosum_edge::{Call, Dialect, Problem, Reply};
use zerosum_ledger::{
    KeyName,
    reads::{Query, ReadError, Reads},
};

use crate::{IdempotencyKey, read_problem, scope};

/// What was decided under a key, as the engine stored it.
struct Stored {
    refused: bool,
    /// JSON text.
    outcome: String,
}

#[derive(Serialize)]
struct AnswerView<'a> {
    key: &'a str,
    status: u16,
    body: &'a RawValue,
}

/// Answers with what was decided under the key that the call's path names: status and body of the first answer;
/// 404 if nothing was. `render` is the service's own, and `D` and `R` are its outcomes.
pub async fn lookup<D, R>(
    reads: &Reads,
    call: &Call,
    service: &str,
    dialect: &impl Dialect,
    render: impl Fn(&Result<D, R>) -> Result<Reply, Problem>,
) -> Result<Reply, Problem>
where
    D: DeserializeOwned,
    R: DeserializeOwned,
{
    let missing = || Problem::not_found("no answer is stored under this key");
    let key = IdempotencyKey::parse(call.path("key")?, "path parameter key")?;
    // A text that cannot be a brand has no keys.
    let brand = BrandId::parse(call.brand()).map_err(|_| missing())?;
    let scope = scope(service, &call.principal);
    let stored = read(reads, &brand, &scope, key.as_str()).await.map_err(read_problem)?;
    let (status, body) = answer(&stored.ok_or_else(missing)?, dialect, render)?;
    let body: &RawValue = serde_json::from_slice(&body).map_err(unreadable)?;
    Reply::ok(&AnswerView { key: key.as_str(), status, body })
}

async fn read(reads: &Reads, brand: &BrandId, scope: &str, key: &str) -> Result<Option<Stored>, ReadError> {
    let name = KeyName::of(scope, key).uuid();
    let query = Query { sql: include_str!("stored_outcome.sql"), params: &[&brand.key().get(), &name] };
    let rows = reads.query(brand, query).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Stored { refused: row.try_get("refused")?, outcome: row.try_get("outcome")? }))
}

/// Status and body exactly as the first request was answered.
fn answer<D, R>(
    stored: &Stored,
    dialect: &impl Dialect,
    render: impl Fn(&Result<D, R>) -> Result<Reply, Problem>,
) -> Result<(u16, Vec<u8>), Problem>
where
    D: DeserializeOwned,
    R: DeserializeOwned,
{
    let outcome = if stored.refused {
        Err(serde_json::from_str(&stored.outcome).map_err(unreadable)?)
    } else {
        Ok(serde_json::from_str(&stored.outcome).map_err(unreadable)?)
    };
    Ok(match render(&outcome) {
        Ok(reply) => (reply.status().as_u16(), reply.body().to_vec()),
        Err(problem) => {
            let (status, code) = dialect.status_and_code(&problem);
            (status.as_u16(), dialect.body(code, problem.message(), problem.details()))
        }
    })
}

fn unreadable(error: serde_json::Error) -> Problem {
    tracing::error!(error = &error as &dyn std::error::Error, "a stored answer cannot be read");
    Problem::internal()
}
