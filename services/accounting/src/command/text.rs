//! The texts of a command, bounded as the contract says.

use std::sync::Arc;

use serde_json::{Map, Value};
use zerosum_domain::bounded_text;

bounded_text! {
    /// What kind of business event a transaction is.
    TransactionType, 1..=64
}
bounded_text! {
    /// A caller's name for something of its own: an external reference, an external id, a party's id.
    Reference, 1..=255
}
bounded_text! {
    /// A remark on a transaction or an entry.
    Memo, 0..=1024
}
bounded_text! {
    /// An account's name.
    AccountName, 1..=255
}
bounded_text! {
    /// What kind of party an account belongs to.
    PartyType, 1..=64
}

/// A JSON object as text, its fields in the order that they were sent in. Bounded by the body that it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata(Arc<str>);

impl Metadata {
    pub fn of(object: Map<String, Value>) -> Self {
        Self(Value::Object(object).to_string().into())
    }

    /// The same text, shared.
    pub fn shared(&self) -> Arc<str> {
        self.0.clone()
    }
}
