//! What a test stands on: the service over a database of its own, two brands, and tokens.

use serde_json::{Value, json};
use zerosum_accounting::service::{Parts, Service};
use zerosum_testkit::{
    TestDatabase,
    http::{Issuer, Till},
};

pub use zerosum_testkit::http::{Answer, Ask};

pub const BRAND: &str = "demo";
pub const OTHER_BRAND: &str = "rival";

pub struct Stage {
    pub database: TestDatabase,
    till: Till,
    issuer: Issuer,
}

impl Stage {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let admin = database.admin().await;
        for brand in [BRAND, OTHER_BRAND] {
            let sql = "insert into ledger.brands (brand_id, name, currency) values ($1, $1, 'USD')";
            admin.execute(sql, &[&brand]).await.unwrap();
        }
        let issuer = Issuer::new();
        let parts = Parts::new(database.app_url().parse().unwrap(), issuer.bearer_tokens());
        let service = Service::start(parts).unwrap();
        let token = issuer.token(Some(BRAND), "till-1", "write:ledger read:ledger");
        Self { database, till: Till::new(service.edge().clone(), token), issuer }
    }

    pub fn token(&self, brand: &str, subject: &str, scope: &str) -> String {
        self.issuer.token(Some(brand), subject, scope)
    }

    /// The cash service over the same database.
    pub fn cash(&self) -> Till {
        let parts = zerosum_cash::service::Parts::new(
            self.database.app_url().parse().unwrap(),
            self.issuer.bearer_tokens(),
        );
        let service = zerosum_cash::service::Service::start(parts).unwrap();
        Till::new(service.edge().clone(), self.token(BRAND, "till-1", "admin:*"))
    }

    pub async fn ask(&self, ask: Ask<'_>) -> Answer {
        self.till.ask(ask).await
    }

    /// Sends a request as it is.
    pub async fn send(
        &self,
        operation: &str,
        request: http::Request<http_body_util::Full<bytes::Bytes>>,
    ) -> Answer {
        self.till.send(operation, request).await
    }

    /// Opens a USD account and answers its id.
    pub async fn account(&self, name: &str) -> String {
        self.account_with(name, json!({})).await
    }

    pub async fn account_with(&self, name: &str, more: Value) -> String {
        let mut body = json!({"name": name, "type": "asset", "currency": "USD"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let opened = self.ask(Ask::post("createAccount", "/v1/accounts", &body)).await.expect(201);
        opened["id"].as_str().unwrap().to_owned()
    }

    pub async fn post(&self, body: &Value) -> Answer {
        self.ask(Ask::post("postTransaction", "/v1/transactions", body)).await
    }

    pub async fn balance(&self, account: &str) -> String {
        let ask = Ask::get("getAccountBalance", format!("/v1/accounts/{account}/balance"));
        self.ask(ask).await.expect(200)["balance_cents"].as_str().unwrap().to_owned()
    }

    /// C1, C2, C4 and C7 as the ledger proves them, and the trial balance as a caller sees it.
    pub async fn books_hold(&self) {
        let ask = Ask::get("getTrialBalance", "/v1/trial-balance");
        assert_eq!(self.ask(ask).await.expect(200)["balanced"], true);
        let report = zerosum_ledger::verify::verify(self.database.app_url()).await.unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

/// A transaction between accounts.
pub fn transaction(entries: &[(&str, i64)]) -> Value {
    let entries: Vec<Value> = entries
        .iter()
        .map(|(account, amount)| json!({"account_id": account, "amount_cents": amount}))
        .collect();
    json!({"type": "payout", "entries": entries})
}
