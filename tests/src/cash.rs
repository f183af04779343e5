//! Cash in a test's words.

use jiff::Timestamp;
use serde_json::json;

use crate::{Answer, Ask, BRAND, Client};

pub fn grant(user: &str, amount: i64, expires_at: Option<Timestamp>) -> Ask {
    let mut body =
        json!({"user_id": user, "brand_id": BRAND, "amount_cents": amount, "source": "campaign-1"});
    if let Some(expires_at) = expires_at {
        body["expires_at"] = json!(expires_at.to_string());
    }
    Ask::post("grantCash", "/v1/cash/grants", &body)
}

pub fn spend(user: &str, amount: i64) -> Ask {
    let body = json!({"user_id": user, "brand_id": BRAND, "amount_cents": amount, "reason": "groceries"});
    Ask::post("spendCash", "/v1/cash/spend", &body)
}

/// The usable balance of a user that a grant, a spend or a balance tells.
pub fn told_balance(answer: &Answer) -> i64 {
    answer.body["balance_cents"].as_i64().expect("an integer")
}

impl Client {
    /// The usable balance of a user.
    pub async fn cash_balance(&self, user: &str) -> i64 {
        let target = format!("/v1/cash/balance?user_id={user}&brand_id={BRAND}");
        let (answer, _) = self.until_decided(Ask::get("getCashBalance", target)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        told_balance(&answer)
    }
}
