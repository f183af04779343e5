//! Who may call what, over HTTP: the statuses, the codes and the challenges.

use serde_json::json;
use zerosum_edge::{
    BoxFuture, Client, ClientDirectory, ErrorCode, LookupFailed, Readiness, Scopes, Settings, SignedRequests,
    StatusCode, hmac_signature, signature, system_clock, tokens::DevKey,
};

use crate::fixture::{Server, quick, routed};

fn get(target: &str, lines: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: h\r\n{lines}\r\n").into_bytes()
}

#[tokio::test]
async fn every_route_wants_a_known_caller_with_its_scope() {
    let server = Server::start().await;
    let past = system_clock()() - 3600;
    let foreign = DevKey::ephemeral().unwrap().sign(&json!({"iss": "x"})).unwrap();
    let bearer = |changes| format!("Authorization: Bearer {}\r\n", server.token_with(changes));
    let table = [
        ("none", String::new(), 401, "unauthenticated", Some("Bearer")),
        ("basic", "Authorization: Basic YTpi\r\n".into(), 401, "unauthenticated", Some("Bearer")),
        (
            "foreign",
            format!("Authorization: Bearer {foreign}\r\n"),
            401,
            "invalid_token",
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            "expired",
            bearer(json!({"exp": past, "iat": past - 9, "nbf": past - 9})),
            401,
            "invalid_token",
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            "audience",
            bearer(json!({"aud": "other"})),
            401,
            "invalid_token",
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            "issuer",
            bearer(json!({"iss": "other"})),
            401,
            "invalid_token",
            Some("Bearer error=\"invalid_token\""),
        ),
        ("no scope", bearer(json!({"scope": null})), 403, "insufficient_scope", None),
        (
            "other scope",
            bearer(json!({"scope": "read:cash write:cash manage:cash"})),
            403,
            "insufficient_scope",
            None,
        ),
        ("other brand", bearer(json!({})) + "X-Brand-Id: other\r\n", 403, "forbidden", None),
        ("no brand", bearer(json!({"brand_id": null})), 403, "forbidden", None),
        ("twice", bearer(json!({})) + &bearer(json!({})), 400, "validation_error", None),
    ];
    let mut client = server.connect().await;
    for (what, lines, status, error, challenge) in table {
        for (method, target, scope) in [
            ("GET", "/v1/echo/x", "read:echo_past"),
            ("GET", "/v1/panic", "read:echo"),
            ("POST", "/v1/echo/x", "write:echo"),
            ("POST", "/v1/large", "write:echo"),
        ] {
            let request =
                format!("{method} {target} HTTP/1.1\r\nHost: h\r\n{lines}Content-Length: 2\r\n\r\n{{}}");
            let answer = client.ask(request.as_bytes()).await;
            assert_eq!(
                (answer.status.as_u16(), &*answer.error()),
                (status, error),
                "{what}: {method} {target}"
            );
            let scoped = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
            let expected = if error == "insufficient_scope" { Some(&*scoped) } else { challenge };
            assert_eq!(answer.header("www-authenticate"), expected, "{what}: {method} {target}");
        }
    }
    let asked = |scope: &str| bearer(json!({ "scope": scope }));
    for scope in ["read:echo_past", "manage:echo", "manage:echo_past", "admin:*"] {
        assert_eq!(client.ask(&get("/v1/echo/x", &asked(scope))).await.status, StatusCode::OK, "{scope}");
    }
    assert_eq!(client.ask(&get("/v1/echo/x", &asked("read:echo"))).await.status, StatusCode::FORBIDDEN);
    assert_eq!(client.ask(&get("/v1/mine", &asked(""))).await.json()["brand"], "acme");
    assert_eq!(client.ask(&get("/v1/mine", "")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(client.ask(&get("/v1/open", "")).await.json()["brand"], "");
}

struct Directory;

impl ClientDirectory for Directory {
    fn client<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Client>, LookupFailed>> {
        let found = match id {
            "till" => Ok(Some("s3cret-canary")),
            "down" => Err(LookupFailed("the directory is down".into())),
            _ => Ok(None),
        };
        Box::pin(async move {
            Ok(found?.map(|secret| Client {
                secret: secret.into(),
                brand: "unit-9".into(),
                scopes: Scopes::new(["manage:echo"]),
            }))
        })
    }

    fn hmac_client<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Client>, LookupFailed>> {
        let client = (id == "terminal").then(|| Client {
            secret: "s3cret-hmac".into(),
            brand: "unit-9".into(),
            scopes: Scopes::new(["manage:echo"]),
        });
        Box::pin(async move { Ok(client) })
    }
}

async fn signed_server() -> Server {
    let mut settings =
        Settings::new("signed", ErrorCode, SignedRequests::new(Directory), Readiness::always());
    settings.prefix = Some("/2.0");
    settings.request_ids = zerosum_edge::RequestIds::X_EES_CALLED_UNIQUE_ID;
    Server::of(DevKey::ephemeral().unwrap(), routed(settings), quick()).await
}

fn signed(target: &str, id: &str, secret: &str, body: &str) -> Vec<u8> {
    let hash = signature(target, body.as_bytes(), secret);
    format!(
        "POST {target} HTTP/1.1\r\nHost: h\r\nx-ees-AUTH-client-id: {id}\r\nX-EES-AUTH-HASH: {hash}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn a_signed_request_is_proven_over_its_exact_target_and_body() {
    let server = signed_server().await;
    let mut client = server.connect().await;
    let body = "{ \"amount\":\n1 }";
    for target in ["/v1/echo/x", "/2.0/v1/echo/x", "/2.0/v1/echo/a%20b?limit=7&z=%2f", "/v1/echo/x?"] {
        let answer = client.ask(&signed(target, "till", "s3cret-canary", body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{target}");
        assert_eq!(answer.json()["brand"], "unit-9");
        assert_eq!(answer.json()["target"], target);
        assert_eq!(answer.header("content-type"), Some("application/json;charset=utf-8"));
        assert_eq!(answer.header("x-ees-called-unique-id"), answer.json()["request_id"].as_str());
    }
    // What was signed is not what is sent: the prefix is a part of it.
    let mut moved = signed("/v1/echo/x", "till", "s3cret-canary", body);
    let at = moved.iter().position(|byte| *byte == b'/').unwrap();
    moved.splice(at..at, *b"/2.0");
    let answer = client.ask(&moved).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.json()["errorCode"], "UNAUTHENTICATED");
    assert_eq!(answer.header("www-authenticate"), Some("X-EES-AUTH"));
    for (id, secret) in [("till", "wrong"), ("nobody", "s3cret-canary"), ("nobody", "")] {
        let answer = client.ask(&signed("/v1/echo/x", id, secret, body)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{id}");
    }
    let answer = client.ask(&signed("/v1/echo/x", "down", "", body)).await;
    assert_eq!((answer.status, answer.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("1")));
    // A chunked body is buffered and verified like any other.
    let hash = signature("/v1/echo/x", b"{\"amount\":1}", "s3cret-canary");
    let chunked = format!(
        "POST /v1/echo/x HTTP/1.1\r\nHost: h\r\nX-EES-AUTH-CLIENT-ID: till\r\nX-EES-AUTH-HASH: {hash}\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"amo\r\n7\r\nunt\":1}}\r\n0\r\n\r\n"
    );
    assert_eq!(client.ask(chunked.as_bytes()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_hmac_is_good_once_and_only_for_clients_that_may_use_it() {
    let server = signed_server().await;
    let mut client = server.connect().await;
    let body = r#"{"amount":1}"#;
    let request = |id: &str, signature: &str| {
        format!(
            "POST /2.0/v1/echo/x HTTP/1.1\r\nHost: h\r\nX-EES-AUTH-CLIENT-ID: {id}\r\nX-Signature-256: {signature}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    let sign = |time: u64, nonce: &str| {
        hmac_signature("s3cret-hmac", time, nonce, "POST", "/2.0/v1/echo/x", body.as_bytes())
    };
    let now = system_clock()();
    let good = sign(now, "0123456789abcdef");
    assert_eq!(client.ask(&request("terminal", &good)).await.json()["subject"], "terminal");
    assert_eq!(client.ask(&request("terminal", &good)).await.status, StatusCode::UNAUTHORIZED, "a replay");
    assert_eq!(client.ask(&request("terminal", &sign(now, "0123456789abcdeg"))).await.status, StatusCode::OK);
    for (id, signature) in [
        ("till", sign(now, "nonce-of-another-1")),
        ("terminal", sign(now - 301, "0123456789abcdeh")),
        ("terminal", sign(now + 301, "0123456789abcdei")),
        ("terminal", "nonsense".to_owned()),
    ] {
        assert_eq!(
            client.ask(&request(id, &signature)).await.status,
            StatusCode::UNAUTHORIZED,
            "{signature}"
        );
    }
    // A client of the second way is nobody in the first.
    let answer = client.ask(&signed("/v1/echo/x", "terminal", "s3cret-hmac", body)).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_error_is_in_the_dialect_of_the_service() {
    let server = signed_server().await;
    let mut client = server.connect().await;
    let post = |body: &str| signed("/v1/echo/x", "till", "s3cret-canary", body);
    for (request, status, code) in [
        (get("/nothing", ""), 404, "NOT_FOUND"),
        (get("/2.0", ""), 404, "NOT_FOUND"),
        (get("/2.0nothing", ""), 404, "NOT_FOUND"),
        (get("/v1/large", ""), 405, "METHOD_NOT_ALLOWED"),
        (get("/v1/mine", ""), 401, "UNAUTHENTICATED"),
        (post("{}"), 400, "INVALID_REQUEST"),
        (signed("/v1/sleep", "till", "s3cret-canary", "5000"), 503, "UNAVAILABLE"),
    ] {
        let answer = client.ask(&request).await;
        assert_eq!(answer.status.as_u16(), status);
        let body = answer.json();
        assert_eq!(body["errorCode"], code, "{body}");
        assert!(body["errorMessage"].is_string());
        assert!(answer.header("x-ees-called-unique-id").is_some());
    }
    let details = client.ask(&post(r#"{"amount":0,"user":""}"#)).await.json()["details"].clone();
    assert_eq!(details.as_array().unwrap().len(), 2, "{details}");
}
