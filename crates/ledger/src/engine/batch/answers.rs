//! The answers that the batch's keys already have, and the new ones.

use std::sync::Arc;

use ahash::{HashMap, RandomState};
use jiff::Timestamp;
use tokio_postgres::{Error, Row};
use uuid::Uuid;
use zerosum_domain::BrandKey;

use crate::engine::{
    Answer, Fault, Key, KeyName, Outcome, StateMachine,
    fault_points::{FaultPoint, reach},
    session::Session,
};

/// A stored answer.
pub(in crate::engine) struct Stored {
    pub fingerprint: Vec<u8>,
    pub refused: bool,
    pub outcome: Arc<str>,
}

/// A new answer, to be stored with its effect.
pub(in crate::engine) struct NewAnswer {
    pub brand: BrandKey,
    pub key: Key,
    pub refused: bool,
    pub outcome: Arc<str>,
    pub expires_at: Option<Timestamp>,
}

pub(in crate::engine) type StoredAnswers = HashMap<(BrandKey, KeyName), Stored>;

pub(super) fn stored(rows: &[Row]) -> Result<StoredAnswers, Error> {
    let mut keys = HashMap::with_capacity_and_hasher(rows.len(), RandomState::new());
    for row in rows {
        let name = (BrandKey::new(row.try_get(0)?), KeyName::new(row.try_get(1)?));
        let outcome = row.try_get::<_, &str>(4)?.into();
        keys.insert(name, Stored { fingerprint: row.try_get(2)?, refused: row.try_get(3)?, outcome });
    }
    Ok(keys)
}

pub(super) async fn known_keys<M: StateMachine>(
    session: &Session<M>,
    keys: &[(BrandKey, &Key)],
) -> Result<Vec<Row>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let brands: Vec<i64> = keys.iter().map(|(brand, _)| brand.get()).collect();
    let names: Vec<Uuid> = keys.iter().map(|(_, key)| key.name().uuid()).collect();
    let known = session.db().query(&session.statements.read_keys, &[&brands, &names]).await;
    reach(FaultPoint::KeysRead);
    known
}

/// The text of an outcome, made in a buffer that serves a whole batch: it has grown with the first.
pub(super) fn outcome_text<M: StateMachine>(
    outcome: &Result<M::Done, M::Refused>,
    buffer: &mut Vec<u8>,
) -> Option<Arc<str>> {
    buffer.clear();
    let written = match outcome {
        Ok(done) => serde_json::to_writer(&mut *buffer, done),
        Err(refused) => serde_json::to_writer(&mut *buffer, refused),
    };
    written
        .inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "cannot store an answer")
        })
        .ok()?;
    // JSON is UTF-8.
    std::str::from_utf8(buffer).ok().map(Arc::from)
}

/// The answer that a key already has.
pub(in crate::engine) fn replay<M: StateMachine>(stored: &Stored, key: &Key) -> Outcome<M> {
    if stored.fingerprint != key.stored_fingerprint() {
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
