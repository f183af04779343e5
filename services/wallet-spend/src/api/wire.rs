//! What several requests have in common, and how their parts become values.

use std::fmt::{self, Display};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use serde_json::{Map, Value};
use zerosum_domain::Invalid;
use zerosum_edge::{Call, Problem};

use crate::{
    command::Refused,
    model::{Json, Location, Reference, WalletAccountId, WalletId, to_json},
    store::{Listed, Span},
    view::{Order, Page},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdentityIn {
    pub identity_value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LocationIn {
    pub incoming_identifier: Option<String>,
    pub parent_incoming_identifier: Option<String>,
}

impl From<Option<LocationIn>> for Location {
    fn from(location: Option<LocationIn>) -> Self {
        let location = location.unwrap_or_default();
        Self { store: location.incoming_identifier, store_parent: location.parent_incoming_identifier }
    }
}

/// An id: a decimal string, as published, or the same as an integer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IdIn(pub String);

impl<'de> Deserialize<'de> for IdIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = String;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id as a text or an integer")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
                Ok(text.to_owned())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
                Ok(number.to_string())
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
                Ok(number.to_string())
            }
        }

        deserializer.deserialize_any(Either).map(Self)
    }
}

/// A value of ours from a part of a request; `field` is its JSON pointer.
pub(super) fn valid<T>(field: impl Display, value: Result<T, Invalid>) -> Result<T, Problem> {
    value.map_err(|invalid| Problem::invalid(format!("{field}: {invalid}")))
}

pub(super) fn reference(field: impl Display, text: &str) -> Result<Reference, Problem> {
    valid(field, Reference::parse(text))
}

/// An id of the path. What is no id names nothing.
pub(super) fn wallet_id(call: &Call) -> Result<WalletId, Problem> {
    call.path("walletId")?.parse().map_err(|_| super::problem(&Refused::WalletNotFound))
}

pub(super) fn account_id(call: &Call) -> Result<WalletAccountId, Problem> {
    call.path("accountId")?.parse().map_err(|_| super::problem(&Refused::AccountNotFound))
}

/// Where a list begins and how long it is; the document bounds both.
pub(super) fn span(call: &Call) -> Span {
    const LIMIT_DEFAULT: i64 = 100;
    Span {
        limit: call.query_integer("limit").unwrap_or(LIMIT_DEFAULT),
        offset: call.query_integer("offset").unwrap_or(0),
    }
}

/// A list as it is answered, in the order of one name.
pub(super) fn page<'a, T, V>(
    name: &'static str,
    order: &'static str,
    span: Span,
    found: &'a Listed<T>,
    view: impl Fn(&'a T) -> V,
) -> Page<V> {
    Page {
        total: found.total,
        order_by: vec![Order { name, order }],
        limit: span.limit,
        offset: span.offset,
        results: found.results.iter().map(view).collect(),
    }
}

/// A map of the request, kept as it came; nothing for an empty one (or for `[]`, which stands for one).
pub(super) fn map(field: &str, value: Option<&Value>) -> Result<Option<Json>, Problem> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(none)) if none.is_empty() => Ok(None),
        Some(Value::Object(map)) if map.is_empty() => Ok(None),
        Some(Value::Object(map)) => kept(map).map(Some),
        Some(_) => Err(Problem::invalid(format!("{field}: must be an object"))),
    }
}

/// A map whose keys and values are shorter than 255 characters, as `transactionDetails` and `meta` are.
pub(super) fn short_map(field: &str, value: Option<&Value>) -> Result<Option<Json>, Problem> {
    const CHARS_END: usize = 255;
    if let Some(Value::Object(map)) = value {
        for (key, value) in map {
            let text = value.as_str().map_or(0, |text| text.chars().count());
            if key.chars().count() >= CHARS_END || text >= CHARS_END {
                return Err(Problem::invalid(format!(
                    "{field}: keys and values must be shorter than 255 characters"
                )));
            }
        }
    }
    map(field, value)
}

fn kept(map: &Map<String, Value>) -> Result<Json, Problem> {
    to_json(map).ok_or_else(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_is_a_text_or_the_same_as_a_number() {
        for id in [json!("4131304699"), json!(4_131_304_699_i64)] {
            assert_eq!(serde_json::from_value::<IdIn>(id).unwrap(), IdIn("4131304699".to_owned()));
        }
    }

    #[test]
    fn an_empty_map_is_none() {
        for none in [json!({}), json!([]), json!(null)] {
            assert!(map("/meta", Some(&none)).unwrap().is_none());
        }
        assert!(map("/meta", Some(&json!({"a": 1}))).unwrap().is_some());
        assert!(map("/meta", Some(&json!([1]))).is_err());
        assert!(short_map("/meta", Some(&json!({"a": "x".repeat(255)}))).is_err());
        assert!(short_map("/meta", Some(&json!({"a": "x".repeat(254)}))).is_ok());
    }
}
