//! Whether an answer has the shape of a published one: the same keys in the same order, the same types, the same
//! nulls and empty lists, the same figures and words. Ids, times, links and names of ours may differ.

use serde_json::Value;

/// Texts that name something: they differ from run to run.
const NAMES: &[&str] = &[
    "walletId",
    "identityId",
    "walletTransactionId",
    "parentWalletTransactionId",
    "accountId",
    "accountTransactionId",
    "parentAccountTransactionId",
    "resourceId",
    "campaignId",
    "mobileWallet",
    "dateCreated",
    "lastUpdated",
    "transactionDateTime",
    "analysedDateTime",
    "start",
    "eventDate",
    "eesEnvironmentType",
    "eesSubsystemId",
    "callerIp",
    "unitId",
    "unitFriendlyName",
    "clientId",
    "clientIdFriendlyName",
    "eesEventId",
    "eesMasterEventId",
    "body",
];

/// Every difference, each with its place.
pub fn differences(published: &Value, ours: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", "", published, ours, &mut found);
    found
}

fn compare(at: &str, key: &str, published: &Value, ours: &Value, found: &mut Vec<String>) {
    match (published, ours) {
        (Value::Object(published), Value::Object(ours)) => {
            let (theirs, mine): (Vec<_>, Vec<_>) = (published.keys().collect(), ours.keys().collect());
            if theirs != mine {
                found.push(format!("{at}: keys {mine:?}, published {theirs:?}"));
                return;
            }
            for (key, value) in published {
                compare(&format!("{at}/{key}"), key, value, &ours[key], found);
            }
        }
        (Value::Array(published), Value::Array(ours)) => {
            if published.len() != ours.len() {
                found.push(format!("{at}: {} items, published {}", ours.len(), published.len()));
                return;
            }
            for (index, (published, ours)) in published.iter().zip(ours).enumerate() {
                compare(&format!("{at}/{index}"), key, published, ours, found);
            }
        }
        (Value::String(published), Value::String(ours)) => {
            // None is told apart from some, whatever their names.
            let kind = |text: &str| (text.is_empty(), text == "0");
            let same = if NAMES.contains(&key) { kind(published) == kind(ours) } else { published == ours };
            if !same {
                found.push(format!("{at}: {ours:?}, published {published:?}"));
            }
        }
        (published, ours) if published == ours => {}
        (published, ours) => found.push(format!("{at}: {ours}, published {published}")),
    }
}

#[test]
fn every_kind_of_difference_is_found() {
    use serde_json::json;
    let published = json!({"walletId": "1", "n": 1, "m": [], "x": null, "w": "ACTIVE", "p": "0"});
    assert!(differences(&published, &published).is_empty());
    for ours in [
        json!({"n": 1, "walletId": "1", "m": [], "x": null, "w": "ACTIVE", "p": "0"}),
        json!({"walletId": 1, "n": 1, "m": [], "x": null, "w": "ACTIVE", "p": "0"}),
        json!({"walletId": "1", "n": 2, "m": [], "x": null, "w": "ACTIVE", "p": "0"}),
        json!({"walletId": "1", "n": 1, "m": {}, "x": null, "w": "ACTIVE", "p": "0"}),
        json!({"walletId": "1", "n": 1, "m": [], "x": [], "w": "ACTIVE", "p": "0"}),
        json!({"walletId": "1", "n": 1, "m": [], "x": null, "w": "VOIDED", "p": "0"}),
        json!({"walletId": "1", "n": 1, "m": [1], "x": null, "w": "ACTIVE", "p": "0"}),
    ] {
        assert_eq!(differences(&published, &ours).len(), 1, "{ours}");
    }
    let other_name = json!({"walletId": "2", "n": 1, "m": [], "x": null, "w": "ACTIVE", "p": "0"});
    assert!(differences(&published, &other_name).is_empty());
    let none = json!({"parentWalletTransactionId": "0"});
    assert_eq!(differences(&none, &json!({"parentWalletTransactionId": "7"})).len(), 1);
}
