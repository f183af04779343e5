//! What a request leaves behind: one line, and no secret in it.

use std::{cell::RefCell, io};

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::Full;
use serde_json::{Value, json};
use zerosum_edge::{ErrorMessage, Readiness, StatusCode, system_clock, tokens::DevKey};

use crate::fixture::{AUDIENCE, ISSUER, edge};

thread_local! {
    /// What this thread has logged: a test with its own runtime is one thread.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct ThisThread;

impl io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_request_is_one_line_without_secrets() {
    // For the whole process: a subscriber of one thread misses what others have looked at first.
    tracing_subscriber::fmt()
        .with_env_filter("zerosum_edge=trace,request=trace,hyper=trace")
        .json()
        .flatten_event(true)
        .with_writer(|| ThisThread)
        .init();
    let key = DevKey::ephemeral().unwrap();
    let edge = edge(&key, ErrorMessage, Readiness::always(), |_| {});
    let now = system_clock()();
    let token = key
        .sign(&json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "till-7", "brand_id": "acme", "exp": now + 60,
            "scope": "write:echo"}))
        .unwrap();
    let ask = |target: &'static str, token: String, body: &'static str| {
        let request = http::Request::post(target)
            .header("host", "h")
            .header("authorization", format!("Bearer {token}"))
            .header("x-request-id", "r-1")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        edge.respond(request)
    };
    let table = [
        (
            StatusCode::OK,
            "/v1/echo/canary-path?limit=7&canary=query",
            token.clone(),
            r#"{"amount":1,"x":"canary-body"}"#,
        ),
        (StatusCode::BAD_REQUEST, "/v1/echo/x?limit=canary-limit", token.clone(), r#"{"amount":1}"#),
        (StatusCode::BAD_REQUEST, "/v1/echo/x", token.clone(), r#"{"amount":"canary-amount"}"#),
        (StatusCode::BAD_REQUEST, "/v1/echo/x", token.clone(), r#"{"amount":1 canary-syntax"#),
        (StatusCode::UNAUTHORIZED, "/v1/echo/x", format!("{token}canary"), "{}"),
        (StatusCode::NOT_FOUND, "/canary-nowhere", token.clone(), "{}"),
    ];
    for (status, target, token, body) in table {
        LOG.take();
        let answer = ask(target, token.clone(), body).await;
        assert_eq!(answer.status(), status, "{target}");
        let log = String::from_utf8(LOG.take()).unwrap();
        let lines: Vec<Value> = log
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .filter(|l: &Value| l["target"] == "request")
            .collect();
        let [line] = &lines[..] else { panic!("{log}") };
        assert_eq!(line["status"], status.as_u16());
        assert_eq!(line["request_id"], "r-1");
        assert_eq!(line["method"], "POST");
        assert_eq!(line["service"], "fixture");
        assert!(line["duration_us"].is_u64());
        assert_eq!(line["route"], if status == StatusCode::NOT_FOUND { "" } else { "/v1/echo/{name}" });
        if status == StatusCode::OK || status == StatusCode::BAD_REQUEST {
            assert_eq!((&line["brand"], &line["subject"]), (&json!("acme"), &json!("till-7")));
        }
        assert_eq!(line.get("code").is_some(), status != StatusCode::OK);
        assert!(!log.contains("canary") && !log.contains(&token[..20]), "{log}");
    }
    // A caller that goes away is told of too.
    LOG.take();
    drop(Box::pin(ask("/v1/sleep", token, "9000")).now_or_never());
    let log = String::from_utf8(LOG.take()).unwrap();
    assert!(log.contains("\"status\":499") && log.contains("\"route\":\"/v1/sleep\""), "{log}");
}
