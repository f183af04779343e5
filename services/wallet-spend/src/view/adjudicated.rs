//! The adjudication of a spend, which its transaction shows again: kept small where it is the usual one.
//!
//! A till sends back what calculate gave it, some 600 bytes, of which four fifths are names. It is kept in the
//! transaction's row, in the answer of its spend and in that of its settle. So its figures are kept alone, in an array,
//! where they say all of it; anything else is kept as it is shown. Nothing is lost: [`Adjudicated`] makes the same text
//! of either.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Number, Value};

use crate::model::{Json, to_json};

/// An adjudication as it is kept, from what was sent. `None`: it is no JSON, which a value of ours always is.
pub fn keep(sent: &Value) -> Option<Json> {
    match Usual::of(sent) {
        Some(usual) => to_json(&usual),
        None => to_json(&in_order(sent)),
    }
}

/// What was sent in the transaction's order: nulls for what is not there, nothing that we do not know, and ids as texts.
fn in_order(sent: &Value) -> Value {
    let fields = |value: &Value, names: [&'static str; 8], show: fn(&str, &Value) -> Value| match value {
        Value::Object(object) => {
            let field = |name| (String::from(name), show(name, object.get(name).unwrap_or(&Value::Null)));
            Value::Object(names.into_iter().map(field).collect())
        }
        other => other.clone(),
    };
    let mut shown = fields(sent, RESULTS, |name, value| match (name, value) {
        ("excludedProducts", Value::Null) => Value::Array(Vec::new()),
        _ => value.clone(),
    });
    if let Some(Value::Array(operations)) = shown.get_mut("operations") {
        for operation in operations {
            *operation = fields(operation, OPERATION, |name, value| match value {
                Value::Number(id) if name.ends_with("Id") => id.to_string().into(),
                _ => value.clone(),
            });
        }
    }
    shown
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

/// In the order of a transaction. Calculate has an operation's details before its value, and excludes nothing.
const RESULTS: [&str; 8] = [
    "pointsValue",
    "pointsRemainder",
    "monetaryValue",
    "balanceAfter",
    "appliedTier",
    "operations",
    "analysedDateTime",
    "excludedProducts",
];
const OPERATION: [&str; 8] =
    ["resourceType", "resourceId", "accountId", "walletId", "operationType", "value", "details", "balances"];
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
    fn of(sent: &Value) -> Option<Self> {
        let [points, remainder, money, balance_after, tier, operations, at, excluded] = named(sent, RESULTS)?;
        let [operation] = operations.as_array()?.as_slice() else { return None };
        let [kind, scheme, account, wallet, event, value, details, balances] = named(operation, OPERATION)?;
        let moved = fields(balances, ["current", "lifetime_spend", "lifetime_spend_value"])?;
        let is_usual = kind == "SCHEME"
            && event == "spend"
            && details.is_null()
            && value == points
            && moved == [points, points, money]
            && (excluded.is_null() || excluded.as_array().is_some_and(Vec::is_empty));
        if !is_usual {
            return None;
        }
        let id = |value: &Value| match value {
            Value::Number(id) => Some(id.to_string()),
            other => other.as_str().map(str::to_owned),
        };
        let [scheme, account, wallet] = all([scheme, account, wallet], id)?;
        Some(Self(
            points.as_i64()?,
            remainder.as_i64()?,
            money.as_i64()?,
            all(fields(balance_after, BALANCES)?, Value::as_i64)?,
            all(fields(tier, TIER)?, |value| value.as_number().cloned())?,
            [scheme, account, wallet, at.as_str()?.to_owned()],
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

/// These fields of an object, null where one is not there. In their own order they are found without a look-up.
fn named<'a, const N: usize>(value: &'a Value, names: [&str; N]) -> Option<[&'a Value; N]> {
    let object = value.as_object()?;
    let mut next = object.iter();
    Some(names.map(|name| match next.next() {
        Some((key, value)) if key == name => value,
        _ => object.get(name).unwrap_or(&Value::Null),
    }))
}

/// The fields of an object that has these and no others, in this order.
fn fields<'a, const N: usize>(value: &'a Value, names: [&str; N]) -> Option<[&'a Value; N]> {
    if value.as_object()?.keys().eq(names) { named(value, names) } else { None }
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
    fn what_calculate_answered_is_usual_and_has_the_order_of_a_transaction() {
        let mut sent = usual();
        sent.as_object_mut().unwrap().shift_remove("excludedProducts");
        let operation = sent["operations"][0].as_object_mut().unwrap();
        let details = operation.shift_remove("details").unwrap();
        operation.shift_insert(5, "details".to_owned(), details);
        assert_ne!(sent.to_string(), usual().to_string());
        let mut numbers = usual();
        numbers["operations"][0]["accountId"] = json!(4_131_304_541_i64);
        for sent in [sent, usual(), numbers] {
            let kept = keep(&sent).unwrap();
            assert!(kept.get().starts_with('['), "{kept}");
            assert_eq!(shown(&kept), usual().to_string());
            assert_eq!(in_order(&sent).to_string(), usual().to_string());
        }
    }

    #[test]
    fn what_is_not_there_is_null_and_what_we_do_not_know_is_left_out() {
        let sent = json!({
            "monetaryValue": 2000, "pointsValue": 20000, "unknown": 1,
            "operations": [{"accountId": 7, "details": null, "value": 20000, "unknown": 1}],
        });
        assert_eq!(
            shown(&keep(&sent).unwrap()),
            r#"{"pointsValue":20000,"pointsRemainder":null,"monetaryValue":2000,"balanceAfter":null,"appliedTier":null,"operations":[{"resourceType":null,"resourceId":null,"accountId":"7","walletId":null,"operationType":null,"value":20000,"details":null,"balances":null}],"analysedDateTime":null,"excludedProducts":[]}"#
        );
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
        let (mut replaced, mut others) = (Vec::new(), Vec::new());
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
                *sent.pointer_mut(pointer).unwrap() = other.clone();
                let mut as_shown = sent.clone();
                match (pointer, other) {
                    ("/operations/0/resourceId" | "/operations/0/walletId", Value::Number(id)) => {
                        *as_shown.pointer_mut(pointer).unwrap() = id.to_string().into();
                    }
                    ("/operations/0", Value::Object(_)) => {
                        let nothing = OPERATION.map(|name| (name.to_owned(), Value::Null));
                        as_shown["operations"][0] = Value::Object(nothing.into_iter().collect());
                    }
                    ("/excludedProducts", Value::Null) => as_shown["excludedProducts"] = json!([]),
                    _ => {}
                }
                replaced.push((sent, as_shown));
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
            assert_eq!(shown(&keep(sent).unwrap()), in_order(sent).to_string());
        }
        for (sent, as_shown) in &replaced {
            assert_eq!(shown(&keep(sent).unwrap()), as_shown.to_string());
        }
        println!("{} other adjudications", replaced.len() + others.len());
    }
}
