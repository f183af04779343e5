//! A caller: sends requests over the network, checks every answer against the document, and retries as a till does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Method;
use serde_json::Value;
use zerosum_edge::Contract;

/// A till gives up on an answer after this; deadlines nest below it.
const CLIENT_TIME_MAX: Duration = Duration::from_secs(5);

/// A test that needs more resends than this has found a service that does not come back.
const RESENDS_MAX: usize = 200;

/// A request in the making. A POST or PATCH that is given no key gets a fresh one.
#[derive(Debug, Clone)]
pub struct Ask {
    operation: &'static str,
    method: Method,
    target: String,
    body: Option<Bytes>,
    key: Option<String>,
    token: Option<String>,
}

impl Ask {
    pub fn get(operation: &'static str, target: impl Into<String>) -> Self {
        Self { operation, method: Method::GET, target: target.into(), body: None, key: None, token: None }
    }

    pub fn post(operation: &'static str, target: impl Into<String>, body: &Value) -> Self {
        Self::post_raw(operation, target, body.to_string())
    }

    pub fn patch(operation: &'static str, target: impl Into<String>, body: &Value) -> Self {
        Self { method: Method::PATCH, ..Self::post(operation, target, body) }
    }

    pub fn post_raw(operation: &'static str, target: impl Into<String>, body: impl Into<Bytes>) -> Self {
        let body = Some(body.into());
        // A key that no other test of this process uses.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let key = Some(format!("fresh-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
        Self { method: Method::POST, body, key, ..Self::get(operation, target) }
    }

    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Without a key: the request's own reference is one.
    #[must_use]
    pub fn keyless(mut self) -> Self {
        self.key = None;
        self
    }

    /// As another caller.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }
}

/// An answer that keeps to the document.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// Whether the answer says that it was given before.
    pub replayed: bool,
    pub raw: Bytes,
    pub body: Value,
}

impl Answer {
    /// The body, if this is the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The stable code of a refusal, in either dialect.
    pub fn code(&self) -> &str {
        let code = self.body["error"].as_str().or_else(|| self.body["errorCode"].as_str());
        code.unwrap_or_default()
    }

    /// Whether sending the same request again, with its key, may end otherwise.
    pub fn is_retryable(&self) -> bool {
        matches!(self.status, 408 | 429 | 503) || self.code() == "idempotency_in_progress"
    }
}

/// How a caller proves who it is.
#[derive(Debug, Clone)]
pub enum Proof {
    Token(String),
    /// The published signature of wallet-spend.
    Signature {
        client_id: String,
        secret: String,
    },
}

/// One caller of one instance of a service. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    address: String,
    contract: Arc<Contract>,
    proof: Proof,
}

impl Client {
    pub fn new(address: String, contract: Arc<Contract>, proof: Proof) -> Self {
        let http =
            reqwest::Client::builder().timeout(CLIENT_TIME_MAX).no_proxy().build().expect("an HTTP client");
        Self { http, address, contract, proof }
    }

    /// As another caller.
    #[must_use]
    pub fn with_token(&self, token: String) -> Self {
        Self { proof: Proof::Token(token), ..self.clone() }
    }

    /// Sends a request and waits for its answer, whatever it is.
    pub async fn ask(&self, ask: Ask) -> Answer {
        self.try_ask(&ask).await.expect("an answer")
    }

    /// For what a test needs before it begins: sends a request until it is decided, and answers the body if the
    /// status is this one.
    pub async fn need(&self, ask: Ask, status: u16) -> Value {
        self.until_decided(ask).await.0.expect(status)
    }

    /// Sends a request until it is decided, always with the same key, as a till does; answers how often it was
    /// resent too.
    pub async fn until_decided(&self, ask: Ask) -> (Answer, usize) {
        for resends in 0..RESENDS_MAX {
            match self.try_ask(&ask).await {
                Ok(answer) if !answer.is_retryable() => return (answer, resends),
                // Sooner than a till, which would heed Retry-After.
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
        panic!("no decision after {RESENDS_MAX} resends: {ask:?}");
    }

    /// Sends a request; an error is one of the connection.
    pub async fn try_ask(&self, ask: &Ask) -> Result<Answer, reqwest::Error> {
        let url = format!("{}{}", self.address, ask.target);
        let mut request = self.http.request(ask.method.clone(), url);
        request = match (&ask.token, &self.proof) {
            (Some(token), _) | (None, Proof::Token(token)) => request.bearer_auth(token),
            (None, Proof::Signature { client_id, secret }) => {
                let body = ask.body.as_deref().unwrap_or_default();
                request
                    .header(zerosum_edge::CLIENT_ID_HEADER, client_id)
                    .header(zerosum_edge::HASH_HEADER, zerosum_edge::signature(&ask.target, body, secret))
            }
        };
        if let Some(key) = &ask.key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = &ask.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let response = request.send().await?;
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header("content-type").map(str::to_owned);
        let replayed = header("idempotent-replayed") == Some("true");
        let told_when = header("retry-after").is_some();
        let raw = response.bytes().await?;
        let kept = self.contract.check_response(ask.operation, status, content_type.as_deref(), &raw);
        if let Err(broken) = kept {
            panic!("{broken}\n{}", String::from_utf8_lossy(&raw));
        }
        assert!(told_when || !matches!(status.as_u16(), 429 | 503), "{status} without Retry-After");
        let body = serde_json::from_slice(&raw).unwrap_or(Value::Null);
        Ok(Answer { status: status.as_u16(), replayed, raw, body })
    }
}
