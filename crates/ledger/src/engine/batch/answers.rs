//! The answers that the batch's keys already have, and the new ones.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use tokio_postgres::{Error, Row};
use zerosum_domain::BrandId;

use crate::engine::{
    Answer, Fault, Key, Outcome, StateMachine,
    fault_points::{FaultPoint, reach},
    session::Session,
};

/// A stored answer.
pub(super) struct Stored {
    pub fingerprint: Vec<u8>,
    pub refused: bool,
    pub outcome: String,
}

/// A new answer, to be stored with its effect.
pub(in crate::engine) struct NewAnswer {
    pub brand: BrandId,
    pub key: Key,
    pub refused: bool,
    pub outcome: String,
    pub expires_at: Option<Timestamp>,
}

/// By brand, scope and key.
pub(super) type StoredAnswers = HashMap<(BrandId, Arc<str>, Arc<str>), Stored>;

pub(super) fn stored(rows: &[Row]) -> Result<StoredAnswers, Error> {
    let mut keys = HashMap::with_capacity(rows.len());
    for row in rows {
        let Ok(brand) = BrandId::parse(row.try_get(0)?) else { continue };
        let (scope, key): (&str, &str) = (row.try_get(1)?, row.try_get(2)?);
        let stored =
            Stored { fingerprint: row.try_get(3)?, refused: row.try_get(4)?, outcome: row.try_get(5)? };
        keys.insert((brand, scope.into(), key.into()), stored);
    }
    Ok(keys)
}

pub(super) async fn known_keys<M: StateMachine>(
    session: &Session<M>,
    keys: &[(&str, &Key)],
) -> Result<Vec<Row>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let brands: Vec<&str> = keys.iter().map(|(brand, _)| *brand).collect();
    let scopes: Vec<&str> = keys.iter().map(|(_, key)| &*key.scope).collect();
    let names: Vec<&str> = keys.iter().map(|(_, key)| &*key.key).collect();
    let known = session.db().query(&session.statements.read_keys, &[&brands, &scopes, &names]).await;
    reach(FaultPoint::KeysRead);
    known
}

pub(super) fn outcome_text<M: StateMachine>(outcome: &Result<M::Done, M::Refused>) -> Option<String> {
    let text = match outcome {
        Ok(done) => serde_json::to_string(done),
        Err(refused) => serde_json::to_string(refused),
    };
    text.inspect_err(|error| {
        tracing::error!(error = error as &dyn std::error::Error, "cannot store an answer")
    })
    .ok()
}

/// The answer that a key already has.
pub(super) fn replay<M: StateMachine>(stored: &Stored, key: &Key) -> Outcome<M> {
    if stored.fingerprint != key.fingerprint {
        return Err(Fault::KeyReused);
    }
    let outcome = if stored.refused {
        serde_json::from_str(&stored.outcome).map(Err)
    } else {
        serde_json::from_str(&stored.outcome).map(Ok)
    };
    outcome.map(|outcome| Answer { outcome, replayed: true }).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a stored answer cannot be read");
        Fault::Broken
    })
}
