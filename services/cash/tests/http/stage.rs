//! What a test stands on: the service over a database of its own, two brands, tokens, and a clock where it matters.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use zerosum_cash::service::{Parts, Service};
use zerosum_ledger::Clock;
use zerosum_testkit::{
    TestDatabase,
    http::{Issuer, Till},
};

pub use zerosum_testkit::http::{Answer, Ask};

pub const BRAND: &str = "demo";
pub const OTHER_BRAND: &str = "rival";

/// The first moment of a stage with a clock of its own.
pub const NOON: &str = "2026-06-01T12:00:00Z";

pub struct Stage {
    pub database: TestDatabase,
    pub service: Service,
    till: Till,
    issuer: Issuer,
    clock: Arc<Mutex<Timestamp>>,
    parts_clock: Clock,
}

impl Stage {
    /// With the database's clock.
    pub async fn new() -> Self {
        Self::with_clock(false).await
    }

    /// With a clock that stands at [`NOON`] until the test moves it.
    pub async fn at_noon() -> Self {
        Self::with_clock(true).await
    }

    async fn with_clock(own: bool) -> Self {
        let database = TestDatabase::new().await;
        let admin = database.admin().await;
        for (brand, currency) in [(BRAND, "USD"), (OTHER_BRAND, "EUR")] {
            let sql = "insert into ledger.brands (brand_id, name, currency) values ($1, $1, $2)";
            admin.execute(sql, &[&brand, &currency]).await.unwrap();
        }
        let issuer = Issuer::new();
        let clock = Arc::new(Mutex::new(NOON.parse().unwrap()));
        let parts_clock = if own { Clock::Set(clock.clone()) } else { Clock::Database };
        let parts = Parts {
            clock: parts_clock.clone(),
            ..Parts::new(database.app_url().parse().unwrap(), issuer.bearer_tokens())
        };
        let service = Service::start(parts).unwrap();
        let token = issuer.token(Some(BRAND), "till-1", "admin:*");
        let till = Till::new(service.edge().clone(), token);
        Self { database, service, till, issuer, clock, parts_clock }
    }

    /// A second process over the same database, with the same clock.
    pub fn another_process(&self) -> Service {
        let parts = Parts {
            clock: self.parts_clock.clone(),
            ..Parts::new(self.database.app_url().parse().unwrap(), self.issuer.bearer_tokens())
        };
        Service::start(parts).unwrap()
    }

    pub fn till(&self) -> &Till {
        &self.till
    }

    /// A client of a second process.
    pub fn other_till(&self) -> Till {
        let token = self.issuer.token(Some(BRAND), "till-1", "admin:*");
        Till::new(self.another_process().edge().clone(), token)
    }

    pub fn set_clock(&self, moment: &str) {
        *self.clock.lock().unwrap() = moment.parse().unwrap();
    }

    pub fn token(&self, brand: Option<&str>, subject: &str, scope: &str) -> String {
        self.issuer.token(brand, subject, scope)
    }

    pub async fn ask(&self, ask: Ask<'_>) -> Answer {
        self.till.ask(ask).await
    }

    pub async fn grant(&self, user: &str, amount: i64, more: Value) -> Answer {
        let mut body =
            json!({"user_id": user, "brand_id": BRAND, "amount_cents": amount, "source": "campaign"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask(Ask::post("grantCash", "/v1/cash/grants", &body)).await
    }

    pub async fn spend(&self, user: &str, amount: i64) -> Answer {
        self.ask(spend(user, amount)).await
    }

    pub async fn balance(&self, user: &str) -> i64 {
        let ask = Ask::get("getCashBalance", format!("/v1/cash/balance?user_id={user}&brand_id={BRAND}"));
        self.ask(ask).await.expect(200)["balance_cents"].as_i64().unwrap()
    }

    pub async fn ledger(&self, user: &str, more: &str) -> Value {
        let target = format!("/v1/cash/ledger?user_id={user}&brand_id={BRAND}{more}");
        self.ask(Ask::get("getCashLedger", target)).await.expect(200)
    }

    /// C1, C2, C4, C5 and C7, as the ledger proves them.
    pub async fn books_hold(&self) {
        let report = zerosum_ledger::verify::verify(self.database.app_url()).await.unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

pub fn spend(user: &str, amount: i64) -> Ask<'static> {
    let body = json!({"user_id": user, "brand_id": BRAND, "amount_cents": amount, "reason": "purchase"});
    Ask::post("spendCash", "/v1/cash/spend", &body)
}
