//! Events that hold what the stored answer of their call does not say, and are rendered from both.
//!
//! The answer of a reference is kept for ever and never changes, so what is rendered is always the same.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    envelope::Facts,
    operations::{Beside, operations},
};
use crate::{
    command::{case::Case, done::Done},
    model::text_of,
};

/// What is stored of such an event. `answer` tells it from an event that is stored as it is sent: `page.sql` of the events
/// crate finds the answer by it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<'a> {
    answer: AnswerOf<'a>,
    facts: Facts<'a>,
    beside: Cow<'a, Beside>,
}

/// The key of the answer in its brand.
#[derive(Debug, Serialize, Deserialize)]
struct AnswerOf<'a> {
    scope: Cow<'a, str>,
    key: Cow<'a, str>,
}

/// Puts the event of a call into the outbox: without its answer, if that is kept under a reference.
pub(in crate::command) fn tell(case: &mut Case<'_, '_>, name: &'static str, done: &Done, beside: &Beside) {
    let call = case.call;
    let facts = Facts::of(case);
    let payload = match &call.answer {
        Some((scope, key)) => {
            let answer = AnswerOf { scope: (&**scope).into(), key: (&**key).into() };
            to_text(&Kept { answer, facts, beside: Cow::Borrowed(beside) })
        }
        None => match operations(done, beside) {
            Some(told) => facts.envelope(name, done, told),
            None => unreachable!("it is told by its own rule: {done:?}"),
        },
    };
    case.book.emit(name, payload);
}

fn to_text(kept: &Kept<'_>) -> String {
    match text_of(kept) {
        Ok(text) => text,
        Err(error) => unreachable!("what is kept of an event is JSON: {error}"),
    }
}

/// The envelope of an event of this name, from what its row holds and the outcome that its call's key holds.
///
/// # Errors
/// When one of them is not what this service stores.
pub fn rendered(name: &str, kept: &str, outcome: &str) -> Result<serde_json::Value, serde_json::Error> {
    let kept: Kept<'_> = serde_json::from_str(kept)?;
    let done: Done = serde_json::from_str(outcome)?;
    let told = operations(&done, &kept.beside)
        .ok_or_else(|| serde::de::Error::custom("the outcome is not one that events are rendered from"))?;
    serde_json::from_str(&kept.facts.envelope(name, &done, told))
}
