//! Accounting in a test's words.

use serde_json::{Value, json};

use crate::{Ask, Client};

/// A transaction of these entries: (account, amount).
pub fn transaction(entries: &[(&str, i64)]) -> Value {
    let entries: Vec<Value> = entries
        .iter()
        .map(|(account, amount)| json!({"account_id": account, "amount_cents": amount}))
        .collect();
    json!({"type": "payout", "entries": entries})
}

pub fn post(body: &Value) -> Ask {
    Ask::post("postTransaction", "/v1/transactions", body)
}

/// Moves an amount from one account to another.
pub fn transfer(from: &str, to: &str, amount: i64) -> Ask {
    post(&transaction(&[(from, -amount), (to, amount)]))
}

pub fn reverse(transaction: &str) -> Ask {
    Ask::post("reverseTransaction", format!("/v1/transactions/{transaction}/reverse"), &json!({}))
}

/// A USD account with these further fields.
pub fn open(name: &str, more: &Value) -> Ask {
    let mut body = json!({"name": name, "type": "asset", "currency": "USD"});
    let fields = body.as_object_mut().expect("an object");
    fields.extend(more.as_object().cloned().unwrap_or_default());
    Ask::post("createAccount", "/v1/accounts", &body)
}

/// The id of what was made.
pub fn id(body: &Value) -> String {
    body["id"].as_str().expect("an id").to_owned()
}

impl Client {
    /// Opens a USD account without limits.
    pub async fn account(&self, name: &str) -> String {
        self.account_with(name, &json!({})).await
    }

    pub async fn account_with(&self, name: &str, more: &Value) -> String {
        id(&self.need(open(name, more), 201).await)
    }

    /// The balance as it is told: a decimal of up to 64 bits.
    pub async fn balance(&self, account: &str) -> i64 {
        let ask = Ask::get("getAccountBalance", format!("/v1/accounts/{account}/balance"));
        let body = self.need(ask, 200).await;
        body["balance_cents"].as_str().and_then(|cents| cents.parse().ok()).expect("a decimal")
    }

    /// What the whole ledger of the brand sums to, as a caller sees it.
    pub async fn is_balanced(&self) -> bool {
        let body = self.need(Ask::get("getTrialBalance", "/v1/trial-balance"), 200).await;
        body["balanced"] == true
    }
}
