//! Calling a service without a connection, as its clients do: with tokens, with keys, and with every answer
//! checked against its document.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use zerosum_edge::{
    BearerConfig, BearerTokens, Edge, TokenKeys,
    tokens::{DevKey, Grant},
};

/// Who the tokens of a test are of, and for.
const NAME: &str = "zerosum";
/// Longer than any test.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3_600);

/// Signs the tokens of a test.
#[derive(Debug)]
pub struct Issuer(DevKey);

impl Issuer {
    #[expect(clippy::new_without_default, reason = "it takes randomness")]
    pub fn new() -> Self {
        Self(DevKey::ephemeral().expect("make a key"))
    }

    /// What takes its tokens, and no others.
    pub fn bearer_tokens(&self) -> BearerTokens {
        let keys = TokenKeys::from_jwks(&self.0.jwks()).expect("read the key");
        BearerTokens::new(BearerConfig::new(NAME, NAME), keys)
    }

    /// `scope` may name several, separated by spaces. Without a brand it is a machine's token.
    pub fn token(&self, brand: Option<&str>, subject: &str, scope: &str) -> String {
        #[expect(clippy::disallowed_methods, reason = "tokens are of the wall clock")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        let grant = Grant { issuer: NAME, audience: NAME, subject, brand, scope };
        self.0.mint(&grant, now, TOKEN_LIFETIME).expect("mint a token")
    }
}

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    operation: &'a str,
    method: Method,
    target: String,
    body: Vec<u8>,
    key: Option<String>,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl<'a> Ask<'a> {
    pub fn get(operation: &'a str, target: impl Into<String>) -> Self {
        Self {
            operation,
            method: Method::GET,
            target: target.into(),
            body: Vec::new(),
            key: None,
            token: None,
            headers: Vec::new(),
        }
    }

    pub fn post(operation: &'a str, target: impl Into<String>, body: &Value) -> Self {
        Self::post_raw(operation, target, body.to_string())
    }

    pub fn post_raw(operation: &'a str, target: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { method: Method::POST, body: body.into(), ..Self::get(operation, target) }
    }

    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
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

    /// Asserts an `{error, message}` refusal, and that its message names what is wrong.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str, names: &str) {
        assert_eq!((self.status, self.body["error"].as_str()), (status, Some(code)), "{}", self.body);
        let message = self.body["message"].as_str().expect("a message");
        assert!(message.contains(names), "{message:?} does not name {names:?}");
    }
}

/// A client of one service.
pub struct Till {
    edge: Edge,
    /// Sent where a request brings none of its own.
    token: String,
    next_key: AtomicU32,
}

impl Till {
    pub fn new(edge: Edge, token: String) -> Self {
        Self { edge, token, next_key: AtomicU32::new(1) }
    }

    /// Sends the request; a POST without a key gets a fresh one.
    pub async fn ask(&self, ask: Ask<'_>) -> Answer {
        let token = ask.token.as_ref().unwrap_or(&self.token);
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
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        self.send(ask.operation, request.body(Full::from(ask.body)).expect("a request")).await
    }

    /// Sends a request as it is. Panics if the answer is not one of the document's.
    pub async fn send(&self, operation: &str, request: Request<Full<Bytes>>) -> Answer {
        let (parts, body) = self.edge.respond(request).await.into_parts();
        let Ok(body) = body.collect().await;
        let raw = body.to_bytes().to_vec();
        let content_type =
            parts.headers.get("content-type").map(|value| value.to_str().expect("a media type"));
        if let Err(why) = self.edge.contract().check_response(operation, parts.status, content_type, &raw) {
            panic!("{why}");
        }
        if matches!(parts.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            assert!(parts.headers.contains_key("retry-after"), "{} says not when to come back", parts.status);
        }
        Answer {
            status: parts.status.as_u16(),
            replayed: parts.headers.get("idempotent-replayed").is_some_and(|value| value == "true"),
            body: serde_json::from_slice(&raw).unwrap_or(Value::Null),
            raw,
        }
    }
}
