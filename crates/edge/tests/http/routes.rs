//! Routing, request ids, health, metrics, the document, compression, timeouts of handlers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use zerosum_edge::{
    Api, ApiError, Contract, ErrorMessage, Readiness, Reply, StatusCode, telemetry, tokens::DevKey,
};

use crate::fixture::{DOCUMENT, Server, edge, quick};

fn get(target: &str, lines: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n{lines}\r\n").into_bytes()
}

#[tokio::test]
async fn what_is_not_in_the_document_does_not_exist() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    for target in
        ["/", "/v1", "/v1/echo", "/v1/echo/", "/v1/echo/x/y", "/v1/open/", "//v1/open", "/2.0/v1/open"]
    {
        let answer = client.ask(&get(target, "")).await;
        assert_eq!((answer.status, &*answer.error()), (StatusCode::NOT_FOUND, "not_found"), "{target}");
    }
    for (method, target, allow) in [
        ("DELETE", "/v1/echo/x", "GET, HEAD, POST"),
        ("GET", "/v1/large", "POST"),
        ("POST", "/v1/open", "GET, HEAD"),
        ("OPTIONS", "/v1/open", "GET, HEAD"),
        ("BREW", "/v1/open", "GET, HEAD"),
        ("POST", "/livez", "GET, HEAD"),
    ] {
        let answer = client.ask(format!("{method} {target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).await;
        assert_eq!((answer.status, &*answer.error()), (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"));
        let mut allowed: Vec<&str> = answer.header("allow").unwrap().split(", ").collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(", "), allow, "{method} {target}");
    }
    client.send(b"HEAD /v1/open HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let mut head = vec![0; 4096];
    let n = tokio::io::AsyncReadExt::read(&mut client.0, &mut head).await.unwrap();
    assert!(head[..n].starts_with(b"HTTP/1.1 200") && head[..n].ends_with(b"\r\n\r\n"));
}

#[tokio::test]
async fn document_and_handlers_match_one_to_one() {
    let settings =
        || edge(&DevKey::ephemeral().unwrap(), ErrorMessage, Readiness::always(), |_| {}).settings().clone();
    let contract = || Contract::parse(DOCUMENT).unwrap();
    let open = |(), _call| async { Reply::ok(&1) };
    let missing = Api::new(contract(), (), settings()).on("open", open).build();
    assert!(matches!(missing, Err(ApiError::NoHandler(_))));
    let unknown = Api::new(contract(), (), settings()).on("closed", open).build();
    assert!(matches!(unknown, Err(ApiError::UnknownOperation(id)) if id == "closed"));
    let twice = Api::new(contract(), (), settings()).on("open", open).on("open", open).build();
    assert!(matches!(twice, Err(ApiError::TwoHandlers(id)) if id == "open"));
}

#[tokio::test]
async fn a_request_has_one_id_which_the_caller_may_choose() {
    let server = Server::start().await;
    let mut client = server.connect().await;
    let chosen =
        client.ask(&server.post_to("/v1/echo/x", "X-Request-Id: till-7/0001\r\n", br#"{"amount":1}"#)).await;
    assert_eq!(chosen.header("x-request-id"), Some("till-7/0001"));
    assert_eq!(chosen.json()["request_id"], "till-7/0001");
    let mut seen = std::collections::HashSet::new();
    let long = format!("X-Request-Id: {}\r\n", "x".repeat(129));
    for lines in ["", "", "X-Request-Id: \r\n", "X-Request-Id: a b\r\n", "X-Request-Id: a\"b\r\n", &long] {
        let answer = client.ask(&get("/v1/open", lines)).await;
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert_eq!(id.len(), 32, "{lines} is answered with {id}");
        assert!(seen.insert(id));
    }
}

#[tokio::test]
async fn health_metrics_and_document_are_there_without_a_token() {
    telemetry::start_metrics().unwrap();
    let ready = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&ready);
    let readiness = Readiness::new(move || {
        let is_ready = asked.load(Ordering::SeqCst);
        async move { if is_ready { Ok(()) } else { Err("no database".to_owned()) } }
    });
    let key = DevKey::ephemeral().unwrap();
    let edge = edge(&key, ErrorMessage, readiness, |_| {});
    let server = Server::of(key, edge, quick()).await;
    let mut client = server.connect().await;
    assert_eq!(client.ask(&get("/livez", "")).await.status, StatusCode::OK);
    assert_eq!(client.ask(&get("/readyz", "")).await.status, StatusCode::OK);
    ready.store(false, Ordering::SeqCst);
    assert_eq!(client.ask(&get("/livez", "")).await.status, StatusCode::OK);
    assert_eq!(client.ask(&get("/readyz", "")).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(client.ask(&get("/openapi.yaml", "")).await.body, DOCUMENT.as_bytes());
    let json = client.ask(&get("/openapi.json", "")).await.json();
    assert_eq!(json["paths"]["/v1/open"]["get"]["operationId"], "open");
    client.ask(&server.post(br#"{"amount":1}"#)).await;
    client.ask(&server.post(br#"{"amount":0}"#)).await;
    metrics::histogram!("a_count_of_ours").record(3.0);
    let metrics = client.ask(&get("/metrics", "")).await;
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = String::from_utf8(metrics.body).unwrap();
    for line in [
        r#"http_requests_total{service="fixture",operation="echo",status="200"} "#,
        r#"http_requests_total{service="fixture",operation="echo",status="400"} "#,
        r#"http_requests_in_flight{service="fixture"} "#,
        r#"http_connections{service="fixture"} "#,
        r#"http_request_duration_seconds_bucket{service="fixture",operation="echo",status="200",le="0.001"}"#,
        r#"a_count_of_ours_bucket{le="5"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!text.contains(" summary\n"), "instances cannot add up what is in {text}");
}

#[tokio::test]
async fn answers_are_compressed_where_it_is_on_and_asked_for() {
    let server = Server::with(|settings| settings.compress = true, quick()).await;
    let mut client = server.connect().await;
    let body = format!(r#"{{"amount":1,"user":"{}"}}"#, "long ".repeat(200));
    for (asked, given) in
        [("gzip", Some("gzip")), ("deflate", Some("deflate")), ("gzip;q=0", None), ("br", None)]
    {
        let lines = format!("Accept-Encoding: {asked}\r\n");
        let answer = client.ask(&server.post_to("/v1/echo/x", &lines, body.as_bytes())).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-encoding"), given, "{asked}");
        assert_eq!(answer.body.len() < 500, given.is_some(), "{asked}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    assert!(client.ask(&server.post(body.as_bytes())).await.header("content-encoding").is_none());
    let off = Server::start().await;
    let mut client = off.connect().await;
    let answer = client.ask(&off.post_to("/v1/echo/x", "Accept-Encoding: gzip\r\n", body.as_bytes())).await;
    assert!(answer.header("content-encoding").is_none());
}

#[tokio::test]
async fn a_late_or_panicking_handler_costs_one_answer_and_not_the_connection() {
    let server = Server::with(|s| s.request_time_max = std::time::Duration::from_millis(100), quick()).await;
    let mut client = server.connect().await;
    let late = client.ask(&server.post_to("/v1/sleep", "", b"5000")).await;
    assert_eq!((late.status, &*late.error()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert_eq!(late.header("retry-after"), Some("1"));
    let token = format!("Authorization: Bearer {}\r\n", server.token());
    let panicked = client.ask(&get("/v1/panic", &token)).await;
    assert_eq!((panicked.status, &*panicked.error()), (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"));
    assert!(!panicked.message().contains("purpose"));
    assert_eq!(client.ask(&get("/v1/open", "")).await.status, StatusCode::OK);
}
