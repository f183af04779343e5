//! What a cash transaction keeps as its metadata: why it happened, in the caller's words.
//!
//! Written here and read by the ledger route; nothing else looks inside.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::text::{Reason, Source};

/// The reason that an expiry is given.
const EXPIRED: &str = "expired";

/// As stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Said {
    fn stored(&self) -> Arc<str> {
        // Two texts in a struct always serialize; what a reader makes of an empty object is an empty reason.
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned()).into()
    }
}

/// The reason of a grant without one is its source.
pub(super) fn of_grant(source: &Source, reason: Option<&Reason>) -> Arc<str> {
    let reason = reason.map_or(source.as_str(), Reason::as_str);
    Said { reason: reason.to_owned(), source: Some(source.as_str().to_owned()) }.stored()
}

pub(super) fn of_spend(reason: &Reason) -> Arc<str> {
    Said { reason: reason.as_str().to_owned(), source: None }.stored()
}

pub(super) fn of_expiry() -> Arc<str> {
    Said { reason: EXPIRED.to_owned(), source: None }.stored()
}
