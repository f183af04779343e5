//! Keys of real calls: what the header may be, and what makes two calls the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use zerosum_edge::{
    Api, Authenticate, BoxFuture, Call, Contract, Credentials, Edge, ErrorMessage, Principal, Problem,
    Readiness, Reply, Scopes, Settings,
};
use zerosum_idempotency as idempotency;

const DOCUMENT: &str = "
openapi: 3.1.0
info: { title: keys, version: 1.0.0 }
paths:
  /v1/things/{id}:
    post:
      operationId: make
      x-scope: key:own
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { application/json: { schema: { type: object } } } }
      responses: {}
  /v1/others/{id}:
    post:
      operationId: other
      x-scope: key:own
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
      requestBody: { content: { application/json: { schema: { type: object } } } }
      responses: {}
";

/// Everybody is who they say they are.
struct Trusting;

impl Authenticate for Trusting {
    fn challenge(&self) -> &'static str {
        "Trust"
    }

    fn authenticate<'a>(&'a self, request: Credentials<'a>) -> BoxFuture<'a, Result<Principal, Problem>> {
        let subject = request.headers.get("x-me").map_or("till-7", |value| value.to_str().unwrap()).into();
        let principal = Principal { brand: "acme".into(), subject, scopes: Scopes::default() };
        Box::pin(async { Ok(principal) })
    }
}

async fn make(_: (), call: Call) -> Result<Reply, Problem> {
    let key = idempotency::required(&call, "things")?;
    assert_eq!(idempotency::optional(&call, "things")?.as_ref(), Some(&key));
    Reply::ok(&json!({ "scope": &**key.scope(), "key": &**key.key(), "fingerprint": key.fingerprint }))
}

fn edge() -> Edge {
    let mut settings = Settings::new("things", ErrorMessage, Trusting, Readiness::always());
    settings.prefix = Some("/2.0");
    Api::new(Contract::parse(DOCUMENT).unwrap(), (), settings)
        .on("make", make)
        .on("other", make)
        .build()
        .unwrap()
}

async fn ask(
    target: &str,
    headers: &[(&'static str, HeaderValue)],
    body: &'static str,
) -> (StatusCode, Value) {
    let mut request = Request::post(target).header("host", "h");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let answer = edge().respond(request.body(Full::new(Bytes::from_static(body.as_bytes()))).unwrap()).await;
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

fn key(value: &'static str) -> (&'static str, HeaderValue) {
    ("idempotency-key", HeaderValue::from_static(value))
}

#[tokio::test]
async fn a_key_is_required_once_and_printable() {
    let (status, body) = ask("/v1/things/1", &[], "{}").await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("idempotency_key_required")));
    let long = HeaderValue::from_str(&"k".repeat(256)).unwrap();
    for headers in [
        vec![key("")],
        vec![key("   ")],
        vec![key("a"), key("a")],
        vec![key("a"), key("b")],
        vec![key("a\tb")],
        vec![("idempotency-key", long)],
        vec![("idempotency-key", HeaderValue::from_bytes("é".as_bytes()).unwrap())],
    ] {
        let (status, body) = ask("/v1/things/1", &headers, "{}").await;
        assert_eq!(
            (status, &body["error"]),
            (StatusCode::BAD_REQUEST, &json!("validation_error")),
            "{headers:?}"
        );
        assert!(body["message"].as_str().unwrap().to_lowercase().contains("idempotency-key"), "{body}");
    }
}

#[tokio::test]
async fn the_same_request_is_the_same_and_any_other_is_not() {
    let body = r#"{"a":1,"b":[true,"x"]}"#;
    let (_, first) = ask("/v1/things/1", &[key("k")], body).await;
    assert_eq!((&first["scope"], &first["key"]), (&json!("things:till-7"), &json!("k")));
    for (target, same) in [
        ("/v1/things/1", body),
        ("/2.0/v1/things/1", body),
        ("/v1/things/%31?x=1", r#"{"b":[true,"x"], "a":1.0}"#),
    ] {
        assert_eq!(ask(target, &[key("k")], same).await.1, first, "{target} {same}");
    }
    for (target, other) in [
        ("/v1/things/2", body),
        ("/v1/others/1", body),
        ("/v1/things/1", r#"{"a":2,"b":[true,"x"]}"#),
        ("/v1/things/1", r#"{"a":1,"b":[true,"x"],"c":null}"#),
        ("/v1/things/1", ""),
    ] {
        let (_, answer) = ask(target, &[key("k")], other).await;
        assert_ne!(answer["fingerprint"], first["fingerprint"], "{target} {other}");
    }
    let (_, stranger) =
        ask("/v1/things/1", &[key("k"), ("x-me", HeaderValue::from_static("till-8"))], body).await;
    assert_eq!(stranger["scope"], "things:till-8");
}
