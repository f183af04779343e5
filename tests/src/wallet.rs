//! Wallet-spend in a test's words: one consumer with one points account, a point is worth a cent.

use serde_json::{Value, json};

use crate::{Answer, Ask, BRAND, Client};

/// A consumer, and what its requests name.
#[derive(Clone)]
pub struct Wallet {
    client: Client,
    identity: String,
    wallet_id: String,
    account_id: String,
    /// What calculate answered for one point.
    quote: Value,
}

/// The points of an account as they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    pub current: i64,
    pub usable: i64,
    pub locked: i64,
}

/// A scheme whose points are spent one by one; `more` are further fields of it.
pub fn scheme(reference: &str, more: &Value) -> Ask {
    let tier = json!({"floor": 1, "ceiling": 1_000_000, "step": 1, "rate": 1, "bonus": 0, "pointsBack": 0});
    let mut body = json!({
        "reference": reference, "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE",
        "details": {"name": "Points"}, "rates": {"redemption": {BRAND: [tier]}},
    });
    let fields = body.as_object_mut().expect("an object");
    fields.extend(more.as_object().cloned().unwrap_or_default());
    Ask::post("createScheme", "/schemes/points", &body)
}

impl Wallet {
    /// A consumer of a scheme that this makes, with points to begin with.
    pub async fn open(client: &Client, identity: &str, scheme_fields: &Value, points: i64) -> Self {
        let reference = format!("scheme-of-{identity}");
        let scheme = client.need(scheme(&reference, scheme_fields), 201).await;
        let body = json!({
            "type": "CONSUMER", "state": "DEFAULT", "status": "ACTIVE",
            "identities": [{"type": "CUSTOMER_ID", "value": identity, "state": "DEFAULT", "status": "ACTIVE"}],
            "accounts": {"scheme": [{"schemeId": scheme["id"], "status": "ACTIVE", "state": "LOADED"}]},
        });
        let made = client
            .ask(Ask::post("createWalletAccounts", "/services/wallet/accounts", &body))
            .await
            .expect(201);
        let wallet_id = made["walletId"].as_str().expect("a wallet").to_owned();
        let listed =
            client.need(Ask::get("listAccounts", format!("/wallet/{wallet_id}/accounts")), 200).await;
        let account_id = listed["results"][0]["accountId"].as_str().expect("an account").to_owned();
        let mut wallet = Self {
            client: client.clone(),
            identity: identity.to_owned(),
            wallet_id,
            account_id,
            quote: Value::Null,
        };
        wallet.client.need(wallet.credit(points), 200).await;
        let body = json!({
            "identity": wallet.identity(), "location": location(), "scheme": {"reference": reference},
            "pointsValue": 1,
        });
        let calculate = Ask::post("spendCalculate", "/connect/wallet/spend/calculate", &body);
        wallet.quote = client.need(calculate, 200).await["spendAdjudicationResults"].take();
        wallet
    }

    /// The same consumer at another instance.
    #[must_use]
    pub fn at(&self, client: &Client) -> Self {
        Self { client: client.clone(), ..self.clone() }
    }

    /// Gives points.
    pub fn credit(&self, points: i64) -> Ask {
        let target = format!("/wallet/{}/account/{}/credit", self.wallet_id, self.account_id);
        Ask::patch("creditAccount", target, &json!({"balances": {"current": points}}))
    }

    /// Spends points: at once, or locked until they are settled or voided.
    pub fn spend(&self, reference: &str, points: i64, lock: bool) -> Ask {
        let mut quote = self.quote.clone();
        quote["pointsValue"] = json!(points);
        quote["monetaryValue"] = json!(points);
        let operation = &mut quote["operations"][0];
        operation["value"] = json!(points);
        for balance in ["current", "lifetime_spend", "lifetime_spend_value"] {
            operation["balances"][balance] = json!(points);
        }
        let body = json!({
            "identity": self.identity(), "location": location(), "reference": reference, "lock": lock,
            "spendAdjudicationResults": quote,
        });
        Ask::post("spend", "/connect/wallet/spend", &body).keyless()
    }

    pub fn void(&self, reference: &str) -> Ask {
        let body = json!({"identity": self.identity(), "reference": reference});
        Ask::post("spendVoid", "/connect/wallet/spend/void", &body).keyless()
    }

    /// Settles a locked spend, whole or so many points of it, under a purchase of its own.
    pub fn settle(&self, purchase: &str, spend: &str, points: Option<i64>) -> Ask {
        let mut child = json!({
            "link": true, "reference": spend, "walletId": self.wallet_id, "operationType": "SETTLE",
        });
        if let Some(points) = points {
            child["pointsValue"] = json!(points);
        }
        let body = json!({
            "identity": self.identity(), "reference": purchase, "mode": "ACTIVE", "walletTransactions": [child],
        });
        Ask::post("settle", "/connect/wallet/settle", &body).keyless()
    }

    /// Gives spent points back: all that are left to give, or so many.
    pub fn refund(&self, reference: &str, spend: &str, points: Option<i64>) -> Ask {
        let mut body = json!({
            "reference": reference, "originalTransaction": {"reference": spend}, "location": location(),
        });
        if let Some(points) = points {
            body["pointsValue"] = json!(points);
        }
        Ask::post("refund", "/connect/wallet/refund", &body).keyless()
    }

    pub async fn ask(&self, ask: Ask) -> Answer {
        self.client.ask(ask).await
    }

    pub async fn until_decided(&self, ask: Ask) -> Answer {
        self.client.until_decided(ask).await.0
    }

    pub async fn points(&self) -> Points {
        let target = format!("/wallet/{}/account/{}", self.wallet_id, self.account_id);
        let body = self.client.need(Ask::get("getAccount", target), 200).await;
        let points = |name: &str| body["balances"][name].as_i64().expect("points");
        Points { current: points("current"), usable: points("usable"), locked: points("locked") }
    }

    fn identity(&self) -> Value {
        json!({"identityValue": self.identity})
    }
}

fn location() -> Value {
    json!({"incomingIdentifier": "till-1", "parentIncomingIdentifier": BRAND})
}
