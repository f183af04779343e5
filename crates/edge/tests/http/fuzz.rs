//! Promise 38, the edge's part: no request makes a 500 or a panic.

use bytes::Bytes;
use http_body_util::Full;
use proptest::prelude::*;
use serde_json::json;
use zerosum_edge::{Edge, ErrorMessage, Readiness, StatusCode, system_clock, tokens::DevKey};

use crate::fixture::{AUDIENCE, ISSUER, edge};

struct Target {
    edge: Edge,
    token: String,
    runtime: tokio::runtime::Runtime,
}

fn target() -> Target {
    let key = DevKey::ephemeral().unwrap();
    let token = key
        .sign(&json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "s", "brand_id": "b", "exp": system_clock()() + 600,
            "scope": "admin:*"}))
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Target { edge: edge(&key, ErrorMessage, Readiness::always(), |s| s.compress = true), token, runtime }
}

/// JSON-like bytes: whole documents, and documents that were cut or spoilt.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1".to_owned()),
        Just("1.0".to_owned()),
        Just("1e309".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
        any::<String>().prop_map(|s| serde_json::to_string(&s).unwrap()),
    ];
    let value = leaf.prop_recursive(8, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("amount|user|entries|metadata|[a-z]{0,3}", inner), 0..6).prop_map(
                |fields| {
                    let fields: Vec<String> =
                        fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                    format!("{{{}}}", fields.join(","))
                }
            ),
        ]
    });
    prop_oneof![
        4 => value.clone().prop_map(String::into_bytes),
        1 => (value, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(text, at, byte)| {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
        1 => any::<Vec<u8>>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_request_makes_a_500(
        method in "GET|POST|PUT|HEAD|X",
        path in "/v1/echo/[a-z%0-9]{1,6}|/v1/(large|open|mine)|/[a-z/%.]{0,9}",
        query in "(limit=[-0-9a-z.%+]{0,5}&?){0,2}|[a-z&=%]{0,12}",
        headers in prop::collection::vec((
            "content-type|content-encoding|accept-encoding|x-brand-id|x-request-id|idempotency-key|authorization|x",
            "[ -~]{0,20}|application/json(; charset=[a-z0-9-]{0,8})?|gzip|b",
        ), 0..4),
        body in body(),
    ) {
        thread_local!(static TARGET: Target = target());
        TARGET.with(|target| {
            let mut request = http::Request::builder()
                .method(method.as_str())
                .uri(format!("{path}?{query}"))
                .header("host", "h")
                .header("authorization", format!("Bearer {}", target.token));
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let Ok(request) = request.body(Full::new(Bytes::from(body))) else { return Ok(()) };
            let status = target.runtime.block_on(target.edge.respond(request)).status();
            prop_assert!(status < StatusCode::INTERNAL_SERVER_ERROR, "{status}");
            Ok(())
        })?;
    }
}
