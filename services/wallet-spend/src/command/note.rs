//! What an account transaction says beside its points.

use crate::model::{AccountTransactionId, Json, Location, WalletTransactionId, to_json};

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub(super) struct Note {
    pub parent: Option<AccountTransactionId>,
    pub wallet_transaction: Option<WalletTransactionId>,
    pub details: Option<Json>,
}

/// `details` of an account transaction: what the request gave, where it was, and what is said of the figures.
pub(super) fn details(given: Option<&Json>, location: &Location, balances: Option<String>) -> Option<Json> {
    let mut map: serde_json::Map<String, serde_json::Value> =
        given.and_then(|given| serde_json::from_str(given.get()).ok()).unwrap_or_default();
    let mut put = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            map.insert(name.to_owned(), text.into());
        }
    };
    put("merchant_store_id", location.store.clone());
    put("merchant_store_parent_id", location.store_parent.clone());
    put("balances", balances);
    if map.is_empty() { None } else { to_json(&map) }
}

/// The figures of a spend as the JSON text that its details carry.
pub(super) fn balances_text(points: i64, money: i64) -> String {
    format!(
        "{{\"CURRENT\":{points},\"LIFETIME_SPEND\":{points},\"LIFETIME_SPEND_VALUE\":{money},\"USABLE\":{points}}}"
    )
}
