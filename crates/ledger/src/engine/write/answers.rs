//! What a batch answers and tells: the answers of its keys, and its events.

use jiff::Timestamp;
use tokio_postgres::Error;
use uuid::Uuid;
use zerosum_domain::BrandKey;

use super::{Books, array_literal, brands, column};
use crate::{
    book::OutboxRow,
    engine::{
        StateMachine,
        batch::NewAnswer,
        fault_points::{FaultPoint, reach},
        session::Session,
    },
};

pub(super) async fn keys<M: StateMachine>(
    session: &Session<M>,
    answers: &[NewAnswer],
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingKeys);
    if answers.is_empty() {
        return Ok(());
    }
    let brands: Vec<i64> = answers.iter().map(|answer| answer.brand.get()).collect();
    let names: Vec<Uuid> = answers.iter().map(|answer| answer.key.name().uuid()).collect();
    let scopes: Vec<&str> = answers.iter().map(|answer| &**answer.key.scope()).collect();
    let keys: Vec<&str> = answers.iter().map(|answer| &**answer.key.key()).collect();
    let fingerprints: Vec<&[u8]> = answers.iter().map(|answer| answer.key.stored_fingerprint()).collect();
    let refused: Vec<bool> = answers.iter().map(|answer| answer.refused).collect();
    let outcomes: Vec<&str> = answers.iter().map(|answer| &*answer.outcome).collect();
    let expires: Vec<Option<Timestamp>> = answers.iter().map(|answer| answer.expires_at).collect();
    session
        .db()
        .execute(
            &session.statements.insert_keys,
            &[&brands, &names, &scopes, &keys, &fingerprints, &refused, &outcomes, &expires, &now],
        )
        .await
        .map(drop)
}

pub(super) async fn outbox<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingOutbox);
    let rows: Vec<(BrandKey, &OutboxRow)> = books.rows(|book| &book.tape().outbox);
    if rows.is_empty() {
        return Ok(());
    }
    let brands = brands(&rows);
    let ids = column(&rows, |row| row.id.uuid());
    let kinds = column(&rows, |row| row.kind);
    let subjects = column(&rows, |row| array_literal(row.subjects.iter().map(|id| id.uuid())));
    let payloads = column(&rows, |row| row.payload.as_deref());
    session
        .db()
        .execute(&session.statements.insert_outbox, &[&brands, &ids, &kinds, &subjects, &payloads, &now])
        .await
        .map(drop)
}
