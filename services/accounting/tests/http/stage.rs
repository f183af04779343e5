//! What a test stands on: the service over a database of its own, a brand, and tokens.

use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zerosum_accounting::service::{Parts, Service};
use zerosum_edge::{
    BearerConfig, BearerTokens, TokenKeys,
    tokens::{DevKey, Grant},
};
use zerosum_testkit::TestDatabase;

pub const BRAND: &str = "demo";
pub const OTHER_BRAND: &str = "rival";

pub struct Stage {
    pub database: TestDatabase,
    service: Service,
    key: DevKey,
    next_key: AtomicU32,
}

/// An answer that keeps to the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub replayed: bool,
    pub raw: Vec<u8>,
    pub body: Value,
}

impl Answer {
    /// The body, if this is the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Asserts a refusal, and that its message names what is wrong.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str, names: &str) {
        assert_eq!((self.status, self.body["error"].as_str()), (status, Some(code)), "{}", self.body);
        let message = self.body["message"].as_str().unwrap();
        assert!(message.contains(names), "{message:?} does not name {names:?}");
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    operation: &'a str,
    method: Method,
    target: String,
    body: Option<Vec<u8>>,
    key: Option<String>,
    token: Option<String>,
}

impl<'a> Ask<'a> {
    pub fn get(operation: &'a str, target: impl Into<String>) -> Self {
        Self { operation, method: Method::GET, target: target.into(), body: None, key: None, token: None }
    }

    pub fn post(operation: &'a str, target: impl Into<String>, body: &Value) -> Self {
        Self::post_raw(operation, target, body.to_string())
    }

    pub fn post_raw(operation: &'a str, target: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { method: Method::POST, body: Some(body.into()), ..Self::get(operation, target) }
    }

    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }
}

impl Stage {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let admin = database.admin().await;
        for brand in [BRAND, OTHER_BRAND] {
            let sql = "insert into ledger.brands (brand_id, name, currency) values ($1, $1, 'USD')";
            admin.execute(sql, &[&brand]).await.unwrap();
        }
        let key = DevKey::ephemeral().unwrap();
        let keys = TokenKeys::from_jwks(&key.jwks()).unwrap();
        let tokens = BearerTokens::new(BearerConfig::new("zerosum", "zerosum"), keys);
        let service = Service::start(Parts::new(database.app_url().parse().unwrap(), tokens)).unwrap();
        Self { database, service, key, next_key: AtomicU32::new(1) }
    }

    pub fn token(&self, brand: &str, subject: &str, scope: &str) -> String {
        #[expect(clippy::disallowed_methods, reason = "tokens are of the wall clock")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let grant = Grant { issuer: "zerosum", audience: "zerosum", subject, brand: Some(brand), scope };
        self.key.mint(&grant, now, Duration::from_secs(600)).unwrap()
    }

    /// Sends the request; a POST without a key gets a fresh one.
    pub async fn ask(&self, ask: Ask<'_>) -> Answer {
        let token = ask.token.unwrap_or_else(|| self.token(BRAND, "till-1", "write:ledger read:ledger"));
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(&ask.target)
            .header("host", "localhost")
            .header("authorization", format!("Bearer {token}"));
        if ask.method == Method::POST {
            let fresh = || format!("key-{}", self.next_key.fetch_add(1, Ordering::Relaxed));
            request = request
                .header("idempotency-key", ask.key.unwrap_or_else(fresh))
                .header("content-type", "application/json");
        }
        let request = request.body(Full::from(ask.body.unwrap_or_default())).unwrap();
        self.send(ask.operation, request).await
    }

    /// Sends a request as it is.
    pub async fn send(&self, operation: &str, request: Request<Full<bytes::Bytes>>) -> Answer {
        let edge = self.service.edge();
        let response = edge.respond(request).await;
        let (parts, body) = response.into_parts();
        let raw = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes().to_vec();
        let content_type = parts.headers.get("content-type").map(|value| value.to_str().unwrap());
        edge.contract().check_response(operation, parts.status, content_type, &raw).unwrap();
        if parts.status == StatusCode::SERVICE_UNAVAILABLE || parts.status == StatusCode::TOO_MANY_REQUESTS {
            assert!(parts.headers.contains_key("retry-after"));
        }
        Answer {
            status: parts.status.as_u16(),
            replayed: parts.headers.get("idempotent-replayed").is_some_and(|value| value == "true"),
            body: serde_json::from_slice(&raw).unwrap_or(Value::Null),
            raw,
        }
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
