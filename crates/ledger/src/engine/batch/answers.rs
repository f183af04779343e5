//! The answers that the batch's keys already have, and the new ones.

use std::{collections::BTreeMap, sync::Arc};

use ahash::{HashMap, RandomState};
use jiff::Timestamp;
use serde::Serialize;
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
    /// As its row has it.
    pub outcome: Arc<str>,
    pub expires_at: Option<Timestamp>,
}

/// Outcomes of a brand that share a row.
pub(in crate::engine) struct SharedOutcomes {
    pub brand: BrandKey,
    pub id: Uuid,
    pub outcomes: Vec<Arc<str>>,
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
    let text = match outcome {
        Ok(done) => text_of(done, buffer),
        Err(refused) => text_of(refused, buffer),
    };
    text.inspect_err(|error| {
        tracing::error!(error = error as &dyn std::error::Error, "cannot store an answer")
    })
    .ok()
}

fn text_of(outcome: &impl Serialize, buffer: &mut Vec<u8>) -> serde_json::Result<Arc<str>> {
    buffer.clear();
    serde_json::to_writer(&mut *buffer, outcome)?;
    let text = std::str::from_utf8(buffer).map_err(serde::ser::Error::custom)?;
    if text.starts_with('[') {
        return Err(serde::ser::Error::custom("an array would be taken for the place of a shared outcome"));
    }
    Ok(text.into())
}

/// Most bytes of outcomes that share a row. More are smaller together, and take longer to take apart; of wallet-spend's, two
/// rows fill a page.
const SHARED_BYTES_MAX: usize = 16 << 10;

/// Puts together what is kept for ever, each brand's. What is put there leaves an array behind, of that row and of its place
/// in it, counted from 1. What expires goes with its key, and stays there; so does what would be alone.
pub(super) fn share(answers: &mut [NewAnswer], mut id: impl FnMut() -> Uuid) -> Vec<SharedOutcomes> {
    let mut by_brand: BTreeMap<BrandKey, Vec<&mut NewAnswer>> = BTreeMap::new();
    for answer in answers.iter_mut().filter(|answer| answer.expires_at.is_none()) {
        by_brand.entry(answer.brand).or_default().push(answer);
    }
    let mut shared = Vec::new();
    for (brand, answers) in by_brand {
        let mut answers = answers.into_iter().peekable();
        while let Some(first) = answers.next() {
            let mut bytes = first.outcome.len();
            let mut row = vec![first];
            while let Some(next) = answers.next_if(|next| bytes + next.outcome.len() <= SHARED_BYTES_MAX) {
                bytes += next.outcome.len();
                row.push(next);
            }
            if row.len() == 1 {
                continue;
            }
            let id = id();
            let outcomes = (1..).zip(row).map(|(place, answer)| {
                std::mem::replace(&mut answer.outcome, format!("[\"{id}\",{place}]").into())
            });
            shared.push(SharedOutcomes { brand, id, outcomes: outcomes.collect() });
        }
    }
    shared
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

#[cfg(test)]
mod tests {
    use super::*;

    /// With an outcome of so many bytes.
    fn answer(brand: i64, n: usize, bytes: usize, expires_at: Option<Timestamp>) -> NewAnswer {
        let outcome = format!("{{\"{brand}\":{n:0width$}}}", width = bytes - 6).into();
        let key = Key::new("scope", format!("{brand}-{n}"), [0; 32]);
        NewAnswer { brand: BrandKey::new(brand), key, refused: false, outcome, expires_at }
    }

    /// The rows that these share, checked against where each of them was put.
    fn rows(answers: &mut [NewAnswer]) -> Vec<SharedOutcomes> {
        let before: Vec<Arc<str>> = answers.iter().map(|answer| answer.outcome.clone()).collect();
        let mut last = 0_u128;
        let shared = share(answers, || {
            last += 1;
            Uuid::from_u128(last)
        });
        let mut places = Vec::new();
        for (answer, before) in answers.iter().zip(&before) {
            if answer.outcome == *before {
                continue;
            }
            let (id, place): (Uuid, usize) = serde_json::from_str(&answer.outcome).unwrap();
            let row = shared.iter().find(|row| row.id == id).unwrap();
            assert_eq!((row.brand, &row.outcomes[place - 1]), (answer.brand, before));
            assert!(answer.expires_at.is_none());
            places.push((id, place));
        }
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), shared.iter().map(|row| row.outcomes.len()).sum::<usize>(), "each once");
        shared
    }

    #[test]
    fn an_outcome_that_is_an_array_is_not_stored() {
        let mut buffer = b"of another".to_vec();
        assert!(text_of(&[1], &mut buffer).is_err());
        assert_eq!(&*text_of(&Some("[1]"), &mut buffer).unwrap(), r#""[1]""#);
    }

    const TENTH: usize = SHARED_BYTES_MAX / 10;

    #[test]
    fn each_brands_outcomes_that_are_kept_for_ever_share_rows_as_long_as_they_fit() {
        for (of_one, of_other) in (0..40).flat_map(|n| [(n, 0), (n, 1), (n, 9)]) {
            let kept = (0..of_one).map(|n| (1, n)).chain((0..of_other).map(|n| (2, n)));
            let mut answers: Vec<_> = kept
                .flat_map(|(brand, n)| {
                    let expiring = answer(brand, n + 100, TENTH, Some(Timestamp::MAX));
                    [answer(brand, n, TENTH, None), expiring]
                })
                .collect();
            let lengths: Vec<usize> = rows(&mut answers).iter().map(|row| row.outcomes.len()).collect();
            let expected = |count: usize| {
                let rest = [count % 10].into_iter().filter(|rest| *rest > 1);
                std::iter::repeat_n(10, count / 10).chain(rest)
            };
            assert_eq!(lengths, expected(of_one).chain(expected(of_other)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_fills_a_row_by_itself_stays_with_its_key() {
        let mut answers: Vec<_> = [TENTH, TENTH, SHARED_BYTES_MAX, TENTH, TENTH, SHARED_BYTES_MAX + 1, TENTH]
            .into_iter()
            .enumerate()
            .map(|(n, bytes)| answer(1, n, bytes, None))
            .collect();
        let lengths: Vec<usize> = rows(&mut answers).iter().map(|row| row.outcomes.len()).collect();
        assert_eq!(lengths, [2, 2]);
    }
}
