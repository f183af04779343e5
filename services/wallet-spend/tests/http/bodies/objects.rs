//! The page's objects, and how others are made of them.

use serde_json::{Value, json};

use crate::{
    flow::{CARD, gemma, page, with_ids},
    stage::{Holder, Stage},
};

pub const OPEN: &str = "20241103080000-111-01-1121";
pub const SPEND: &str = "20241103080000-111-01-1122";

/// A page's object with other values in these places.
pub fn with<P: AsRef<str>>(mut object: Value, changes: &[(P, Value)]) -> Value {
    for (at, value) in changes {
        let (parent, key) = at.as_ref().rsplit_once('/').unwrap();
        let parent = object.pointer_mut(parent).unwrap();
        match parent {
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value.clone(),
            _ => parent[key] = value.clone(),
        }
    }
    object
}

pub fn wallet() -> Value {
    page("calculate_response")["wallet"].clone()
}

pub fn identity() -> Value {
    page("calculate_response")["identity"].clone()
}

/// `[current, usable, locked, lifetime, lifetimeSpend, lifetimeSpendValue]` of the page's account, as a read shows it.
pub fn account(figures: [i64; 6]) -> Value {
    with(page("account_voided"), &balances("", figures))
}

pub fn balances(at: &str, figures: [i64; 6]) -> Vec<(String, Value)> {
    let names = ["current", "usable", "locked", "lifetime", "lifetimeSpend", "lifetimeSpendValue"];
    names.iter().zip(figures).map(|(name, points)| (format!("{at}/balances/{name}"), json!(points))).collect()
}

/// An account transaction with its account, as the page's void has it.
pub fn moved(
    event: &str,
    value: i64,
    before: [i64; 2],
    after: [i64; 2],
    details: Value,
    figures: [i64; 6],
) -> Value {
    let made = page("void_response")["accountTransactions"][0].clone();
    let made = with(made, &balances("/account", figures));
    with(
        made,
        &[
            ("/event", json!(event)),
            ("/value", json!(value)),
            ("/balancesBefore/current", json!(before[0])),
            ("/balancesBefore/lifetime", json!(before[1])),
            ("/balancesAfter/current", json!(after[0])),
            ("/balancesAfter/lifetime", json!(after[1])),
            ("/transactionDetails", details),
        ],
    )
}

/// `basket.summary` with every key of the page's, null but for these results.
pub fn summary(results: &[(&str, i64)]) -> Value {
    let mut summary = page("spend_transaction")["basket"]["summary"].clone();
    summary["spendAdjudicationResults"] = Value::Null;
    for points in summary["results"]["points"].as_object_mut().unwrap().values_mut() {
        *points = json!(0);
    }
    for (name, points) in results {
        summary["results"]["points"][*name] = json!(points);
    }
    summary
}

pub fn merchant() -> Value {
    json!({"merchant_store_id": "111", "merchant_store_parent_id": "AFabulousRetailer"})
}

pub fn shown_location() -> Value {
    json!({"storeId": "111", "storeParentId": "AFabulousRetailer"})
}

pub fn list(name: &str, order: &str, results: Vec<Value>) -> Value {
    json!({
        "total": results.len(), "orderBy": [{"name": name, "order": order}], "limit": 100, "offset": 0,
        "results": results,
    })
}

/// The page's purchase up to its spend: opened, and 20,000 of 25,000 points locked.
pub async fn purchase(stage: &Stage) -> (Holder, Value) {
    let holder = gemma(stage, CARD).await;
    let opened = stage.open(&holder, OPEN).await.expect(200);
    let spend = with_ids(page("spend_request"), &holder);
    stage.post("spend", "/connect/wallet/spend", &spend).await.expect(200);
    (holder, opened)
}
