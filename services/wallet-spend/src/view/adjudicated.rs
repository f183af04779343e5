//! The adjudication of a spend, which its transaction shows again: kept small where it is the usual one.
//!
//! A till sends back what calculate gave it, some 600 bytes, of which four fifths are names. It is kept in the
//! transaction's row, in the answer of its spend and in that of its settle. So its figures are kept alone, in an array,
//! where they say all of it; anything else is kept as it is shown. Nothing is lost: [`Adjudicated`] makes the same text
//! of either.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Number, Value};

use crate::model::{Json, to_json};

/// An adjudication in the transaction's order as it is kept. `None`: it is no JSON, which a value of ours always is.
pub fn keep(shown: &Value) -> Option<Json> {
    match Usual::of(shown) {
        Some(usual) => to_json(&usual),
        None => to_json(shown),
    }
}

/// A kept adjudication as a transaction shows it.
#[derive(Debug)]
pub struct Adjudicated<'a>(pub &'a Json);

impl Serialize for Adjudicated<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = self.0.get();
        // What is kept as it is shown is an object.
        if !kept.starts_with('[') {
            return self.0.serialize(serializer);
        }
        let usual: Usual = serde_json::from_str(kept).map_err(serde::ser::Error::custom)?;
        usual.show(serializer)
    }
}

const BALANCES: [&str; 7] =
    ["current", "usable", "locked", "lifetime", "lifetimeSpend", "lifetimeSpendValue", "pending"];
const TIER: [&str; 6] = ["bonus", "ceiling", "floor", "pointsBack", "rate", "step"];

/// The figures of an adjudication as calculate makes it: one operation, which takes all of it, and nothing that is null
/// but its details. An array in JSON: points, remainder, money, the balance after, the tier (whose rate is a fraction),
/// and the ids of scheme, account and wallet with the moment, as they were sent.
#[derive(Debug, Serialize, Deserialize)]
struct Usual(i64, i64, i64, [i64; BALANCES.len()], [Number; TIER.len()], [String; 4]);

impl Usual {
    /// `None` where that would not say all of it.
    fn of(shown: &Value) -> Option<Self> {
        let [points, remainder, money, balance_after, tier, operations, at, excluded] = fields(
            shown,
            [
                "pointsValue",
                "pointsRemainder",
                "monetaryValue",
                "balanceAfter",
                "appliedTier",
                "operations",
                "analysedDateTime",
                "excludedProducts",
            ],
        )?;
        let [operation] = operations.as_array()?.as_slice() else { return None };
        let [kind, scheme, account, wallet, event, value, details, balances] = fields(
            operation,
            [
                "resourceType",
                "resourceId",
                "accountId",
                "walletId",
                "operationType",
                "value",
                "details",
                "balances",
            ],
        )?;
        let moved = fields(balances, ["current", "lifetime_spend", "lifetime_spend_value"])?;
        let is_usual = kind == "SCHEME"
            && event == "spend"
            && details.is_null()
            && value == points
            && moved == [points, points, money]
            && excluded.as_array().is_some_and(Vec::is_empty);
        if !is_usual {
            return None;
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(Self(
            points.as_i64()?,
            remainder.as_i64()?,
            money.as_i64()?,
            all(fields(balance_after, BALANCES)?, Value::as_i64)?,
            all(fields(tier, TIER)?, |value| value.as_number().cloned())?,
            all([scheme, account, wallet, at], text)?,
        ))
    }

    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(points, remainder, money, balance_after, tier, [scheme, account, wallet, at]) = self;
        let mut map = serializer.serialize_map(Some(8))?;
        map.serialize_entry("pointsValue", points)?;
        map.serialize_entry("pointsRemainder", remainder)?;
        map.serialize_entry("monetaryValue", money)?;
        map.serialize_entry("balanceAfter", &Named(&BALANCES, balance_after))?;
        map.serialize_entry("appliedTier", &Named(&TIER, tier))?;
        let operation = Operation {
            resource_type: "SCHEME",
            resource_id: scheme,
            account_id: account,
            wallet_id: wallet,
            operation_type: "spend",
            value: *points,
            details: None,
            balances: Moved { current: *points, lifetime_spend: *points, lifetime_spend_value: *money },
        };
        map.serialize_entry("operations", &[operation])?;
        map.serialize_entry("analysedDateTime", at)?;
        map.serialize_entry("excludedProducts", &super::EmptyMap)?;
        map.end()
    }
}

/// The fields of an object that has these and no others, in this order.
fn fields<'a, const N: usize>(value: &'a Value, names: [&str; N]) -> Option<[&'a Value; N]> {
    let object: &Map<String, Value> = value.as_object()?;
    if !object.keys().eq(names) {
        return None;
    }
    object.values().collect::<Vec<_>>().try_into().ok()
}

fn all<T, const N: usize>(values: [&Value; N], read: impl Fn(&Value) -> Option<T>) -> Option<[T; N]> {
    let read: Option<Vec<T>> = values.into_iter().map(read).collect();
    read?.try_into().ok()
}

/// Values under their names.
struct Named<'a, T>(&'a [&'a str], &'a [T]);

impl<T: Serialize> Serialize for Named<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().zip(self.1))
    }
}

/// In the order of a transaction; calculate has the details before the value.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Operation<'a> {
    resource_type: &'static str,
    resource_id: &'a str,
    account_id: &'a str,
    wallet_id: &'a str,
    operation_type: &'static str,
    value: i64,
    details: Option<()>,
    balances: Moved,
}

#[derive(Serialize)]
struct Moved {
    current: i64,
    lifetime_spend: i64,
    lifetime_spend_value: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn usual() -> Value {
        json!({
            "pointsValue": 100, "pointsRemainder": 0, "monetaryValue": 10,
            "balanceAfter": {
                "current": 900, "usable": 800, "locked": 100, "lifetime": 1000, "lifetimeSpend": 100,
                "lifetimeSpendValue": 10, "pending": 0
            },
            "appliedTier": {"bonus": 0, "ceiling": 500000, "floor": 10, "pointsBack": 0, "rate": 0.1, "step": 10},
            "operations": [{
                "resourceType": "SCHEME", "resourceId": "1743001", "accountId": "4131304541",
                "walletId": "217190541", "operationType": "spend", "value": 100, "details": null,
                "balances": {"current": 100, "lifetime_spend": 100, "lifetime_spend_value": 10}
            }],
            "analysedDateTime": "2026-11-20T19:46:10+00:00",
            "excludedProducts": []
        })
    }

    fn shown(kept: &Json) -> String {
        serde_json::to_string(&Adjudicated(kept)).unwrap()
    }

    #[test]
    fn the_usual_one_is_kept_in_a_quarter_of_its_text_and_shown_as_it_was() {
        let kept = keep(&usual()).unwrap();
        assert!(kept.get().starts_with("[100,0,10,["), "{kept}");
        assert!(kept.get().len() * 3 < usual().to_string().len(), "{kept}");
        assert_eq!(shown(&kept), usual().to_string());
        // From an outcome that was read again, too.
        let again: Json = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
        assert_eq!(shown(&again), usual().to_string());
    }

    #[test]
    fn a_rate_is_shown_with_its_digits() {
        for rate in ["0.1", "0.123456789", "1", "2.5", "0.000000001", "999999.999999999", "1e-7"] {
            let text = usual().to_string().replace("\"rate\":0.1", &format!("\"rate\":{rate}"));
            let sent: Value = serde_json::from_str(&text).unwrap();
            let kept = keep(&sent).unwrap();
            assert!(kept.get().starts_with('['), "{kept}");
            assert_eq!(shown(&kept), sent.to_string());
        }
    }

    /// Every value replaced by every other kind of value, every field left out, a field added, two changed places.
    #[test]
    fn any_other_one_is_shown_as_it_was_sent() {
        let mut others = Vec::new();
        let pointers = [
            "/pointsValue",
            "/pointsRemainder",
            "/monetaryValue",
            "/balanceAfter",
            "/balanceAfter/usable",
            "/appliedTier",
            "/appliedTier/rate",
            "/operations",
            "/operations/0",
            "/operations/0/resourceType",
            "/operations/0/resourceId",
            "/operations/0/walletId",
            "/operations/0/operationType",
            "/operations/0/value",
            "/operations/0/details",
            "/operations/0/balances",
            "/operations/0/balances/current",
            "/operations/0/balances/lifetime_spend_value",
            "/analysedDateTime",
            "/excludedProducts",
        ];
        for pointer in pointers {
            for other in [
                json!(null),
                json!(7),
                json!(-0.5),
                json!("a\"b"),
                json!([1]),
                json!({"a": 1}),
                json!(u64::MAX),
            ] {
                let mut sent = usual();
                *sent.pointer_mut(pointer).unwrap() = other;
                others.push(sent);
            }
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let mut sent = usual();
            if let Some(object) = sent.pointer_mut(parent).unwrap().as_object_mut() {
                object.shift_remove(name);
                others.push(sent.clone());
                let object = sent.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                let value = usual().pointer(pointer).unwrap().clone();
                object.shift_insert(0, name.to_owned(), value);
                others.push(sent.clone());
                sent.pointer_mut(parent)
                    .unwrap()
                    .as_object_mut()
                    .unwrap()
                    .insert("more".to_owned(), json!(1));
                others.push(sent);
            }
        }
        let mut twice = usual();
        let operation = twice["operations"][0].clone();
        twice["operations"].as_array_mut().unwrap().push(operation);
        others.push(twice);
        for sent in &others {
            assert_eq!(shown(&keep(sent).unwrap()), sent.to_string());
        }
        println!("{} other adjudications", others.len());
    }
}
