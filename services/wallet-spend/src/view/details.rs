//! `transactionDetails` of an account transaction: what the request gave, where it was, and the figures of a spend.
//!
//! Where the request gave nothing, the rest is kept alone, in an array: with its names it was half of an account
//! transaction's row. Anything else is kept as it is shown, an object.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::MapShown;
use crate::model::{Json, Location, to_json};

const STORE: &str = "merchant_store_id";
const STORE_PARENT: &str = "merchant_store_parent_id";
const BALANCES: &str = "balances";

/// Points, and the money that they gave.
type Figures = (i64, i64);

/// Store and its parent, and the figures of a spend.
#[derive(Debug, Serialize, Deserialize)]
struct Usual<'a>(Option<Cow<'a, str>>, Option<Cow<'a, str>>, Option<Figures>);

/// Details as they are kept; `None` where there is nothing to say. `spent` is what is told of a spend.
pub fn keep(given: Option<&Json>, location: &Location, spent: Option<Figures>) -> Option<Json> {
    let Location { store, store_parent } = location;
    let Some(given) = given.filter(|given| given.get() != "{}") else {
        let says = store.is_some() || store_parent.is_some() || spent.is_some();
        let [store, store_parent] = [store, store_parent].map(|text| text.as_deref().map(Cow::Borrowed));
        return says.then(|| to_json(&Usual(store, store_parent, spent))).flatten();
    };
    let mut map: Map<String, Value> = serde_json::from_str(given.get()).unwrap_or_default();
    let balances = spent.map(|spent| Balances(spent).to_string());
    let told = [(STORE, store.clone()), (STORE_PARENT, store_parent.clone()), (BALANCES, balances)];
    map.extend(told.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))));
    if map.is_empty() { None } else { to_json(&map) }
}

/// The figures of a spend as a JSON text, which is a value among the details.
struct Balances(Figures);

impl std::fmt::Display for Balances {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self((points, money)) = self;
        write!(
            f,
            r#"{{"CURRENT":{points},"LIFETIME_SPEND":{points},"LIFETIME_SPEND_VALUE":{money},"USABLE":{points}}}"#
        )
    }
}

/// Kept details as an account transaction shows them.
#[derive(Debug)]
pub struct Details<'a>(pub Option<&'a Json>);

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // What is kept as it is shown is an object.
        let Some(usual) = self.0.filter(|kept| kept.get().starts_with('[')) else {
            return MapShown::or_empty_list(self.0).serialize(serializer);
        };
        let Usual(store, store_parent, spent) =
            serde_json::from_str(usual.get()).map_err(serde::ser::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        if let Some(store) = store {
            map.serialize_entry(STORE, &store)?;
        }
        if let Some(parent) = store_parent {
            map.serialize_entry(STORE_PARENT, &parent)?;
        }
        if let Some(spent) = spent {
            map.serialize_entry(BALANCES, &format_args!("{}", Balances(spent)))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(store: Option<&str>, store_parent: Option<&str>) -> Location {
        Location { store: store.map(str::to_owned), store_parent: store_parent.map(str::to_owned) }
    }

    fn given(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    fn shown(kept: Option<&Json>) -> String {
        serde_json::to_string(&Details(kept)).unwrap()
    }

    const SPENT: &str =
        r#""balances":"{\"CURRENT\":100,\"LIFETIME_SPEND\":100,\"LIFETIME_SPEND_VALUE\":10,\"USABLE\":100}""#;

    #[test]
    fn a_spend_without_details_of_its_own_is_kept_as_its_figures() {
        let kept = keep(None, &at(Some("111"), Some("brand")), Some((100, 10))).unwrap();
        assert_eq!(kept.get(), r#"["111","brand",[100,10]]"#);
        let text = format!(r#"{{"merchant_store_id":"111","merchant_store_parent_id":"brand",{SPENT}}}"#);
        assert_eq!(shown(Some(&kept)), text);
        // From a row or an outcome of before.
        assert_eq!(shown(given(&text).as_ref()), text);
    }

    /// Whatever is given, it is shown as if all of it had been kept under its names.
    #[test]
    fn details_are_shown_as_they_were_given_with_what_is_told_of_them() {
        let stores = [None, Some("111"), Some(""), Some("a\"b\\\u{e4}\n")];
        let mut told = 0;
        for (store, parent) in stores.iter().flat_map(|store| stores.map(|parent| (*store, parent))) {
            for spent in [None, Some((100, 10)), Some((0, 0)), Some((1 << 53, i64::MAX))] {
                for text in [
                    None,
                    Some("{}"),
                    Some(r#"{"a":"1"}"#),
                    Some(r#"{"balances":"x","merchant_store_id":"y"}"#),
                ] {
                    let mut expected: Map<String, Value> =
                        text.map_or_else(Map::new, |text| serde_json::from_str(text).unwrap());
                    for (name, value) in [(STORE, store), (STORE_PARENT, parent)] {
                        if let Some(value) = value {
                            expected.insert(name.to_owned(), value.into());
                        }
                    }
                    if let Some((points, money)) = spent {
                        let figures = format!(
                            "{{\"CURRENT\":{points},\"LIFETIME_SPEND\":{points},\"LIFETIME_SPEND_VALUE\":{money},\"USABLE\":{points}}}"
                        );
                        expected.insert(BALANCES.to_owned(), figures.into());
                    }
                    let expected = if expected.is_empty() {
                        "[]".to_owned()
                    } else {
                        Value::Object(expected).to_string()
                    };
                    let kept = keep(text.and_then(given).as_ref(), &at(store, parent), spent);
                    assert_eq!(shown(kept.as_ref()), expected);
                    assert_eq!(kept.is_none(), expected == "[]");
                    told += 1;
                }
            }
        }
        assert_eq!(told, 16 * 4 * 4);
    }
}
