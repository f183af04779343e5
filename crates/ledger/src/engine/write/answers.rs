//! What a batch answers and tells: the answers of its keys, and its events.

use jiff::Timestamp;
use tokio_postgres::Error;
use uuid::Uuid;

use super::{Books, Params, array_literal, brands, column, place};
use crate::{
    book::OutboxRow,
    engine::{
        StateMachine,
        batch::{NewAnswer, SharedOutcomes},
        fault_points::{FaultPoint, reach},
        session::Session,
    },
};

/// The columns of the new answers.
#[derive(Default)]
pub(super) struct Keys<'a> {
    brands: Vec<i64>,
    names: Vec<Uuid>,
    scopes: Vec<&'a str>,
    keys: Vec<&'a str>,
    fingerprints: Vec<&'a [u8]>,
    refused: Vec<bool>,
    outcomes: Vec<&'a str>,
    expires: Vec<Option<Timestamp>>,
}

impl<'a> Keys<'a> {
    pub fn of(answers: &'a [NewAnswer]) -> Self {
        Self {
            brands: answers.iter().map(|answer| answer.brand.get()).collect(),
            names: answers.iter().map(|answer| answer.key.name().uuid()).collect(),
            scopes: answers.iter().map(|answer| &**answer.key.scope()).collect(),
            keys: answers.iter().map(|answer| &**answer.key.key()).collect(),
            fingerprints: answers.iter().map(|answer| answer.key.stored_fingerprint()).collect(),
            refused: answers.iter().map(|answer| answer.refused).collect(),
            outcomes: answers.iter().map(|answer| &*answer.outcome).collect(),
            expires: answers.iter().map(|answer| answer.expires_at).collect(),
        }
    }

    pub fn params(&self) -> Params<'_, 8> {
        [
            &self.brands,
            &self.names,
            &self.scopes,
            &self.keys,
            &self.fingerprints,
            &self.refused,
            &self.outcomes,
            &self.expires,
        ]
    }

    /// By a statement of their own.
    pub async fn insert<M: StateMachine>(&self, session: &Session<M>) -> Result<(), Error> {
        if self.names.is_empty() {
            return Ok(());
        }
        session.db().execute(&session.statements.insert_keys, &self.params()).await.map(drop)
    }
}

/// Writes the outcomes that answers share.
pub(super) async fn shared<M: StateMachine>(
    session: &Session<M>,
    shared: &[SharedOutcomes],
) -> Result<(), Error> {
    reach(FaultPoint::WritingShared);
    if shared.is_empty() {
        return Ok(());
    }
    let brands: Vec<i64> = shared.iter().map(|row| row.brand.get()).collect();
    let ids: Vec<Uuid> = shared.iter().map(|row| row.id).collect();
    let outcomes: Vec<&str> = shared.iter().flat_map(|row| &row.outcomes).map(|outcome| &**outcome).collect();
    let (mut first, mut last) = (Vec::with_capacity(ids.len()), Vec::with_capacity(ids.len()));
    let mut count = 0;
    for row in shared {
        first.push(place(count + 1));
        count += row.outcomes.len();
        last.push(place(count));
    }
    let params: Params<'_, 5> = [&brands, &ids, &first, &last, &outcomes];
    session.db().execute(&session.statements.insert_shared_outcomes, &params).await.map(drop)
}

/// The columns of the new events.
pub(super) struct Outbox<'a> {
    brands: Vec<i64>,
    ids: Vec<Uuid>,
    kinds: Vec<&'static str>,
    subjects: Vec<String>,
    payloads: Vec<Option<&'a str>>,
}

impl<'a> Outbox<'a> {
    pub fn of(books: &Books<'a>) -> Self {
        let rows = books.rows(|book| &book.tape().outbox);
        Self {
            brands: brands(&rows),
            ids: column(&rows, |row: &&OutboxRow| row.id.uuid()),
            kinds: column(&rows, |row| row.kind),
            subjects: column(&rows, |row| array_literal(row.subjects.iter().map(|id| id.uuid()))),
            payloads: column(&rows, |row| row.payload.as_deref()),
        }
    }

    pub fn params(&self) -> Params<'_, 5> {
        [&self.brands, &self.ids, &self.kinds, &self.subjects, &self.payloads]
    }
}
