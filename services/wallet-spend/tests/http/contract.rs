//! The contract's routes, names, defaults and what every answer carries.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use zerosum_edge::{Contract, signature};

use super::{
    flow::{CARD, gemma, page, same},
    stage::{BRAND, Stage, location, refused, signed, spend_body},
};

/// Every route that the contract names, and ours for the rules of a brand.
const ROUTES: &str = "
POST /connect/wallet/spend/calculate
POST /connect/wallet/spend
POST /connect/wallet/spend/spend
POST /connect/wallet/spend/void
POST /connect/wallet/settle
POST /connect/wallet/open
POST /connect/wallet/unlock
POST /connect/wallet/refund
GET /connect/wallet/transaction
PATCH /connect/wallet/transaction
POST /schemes/points
GET /schemes/points
GET /schemes/points/{schemeId}
POST /services/wallet
POST /services/wallet/accounts
GET /services/permissions
PUT /services/permissions
GET /wallet
GET /wallet/transaction
GET /wallet/{walletId}
PATCH /wallet/{walletId}/activate
PATCH /wallet/{walletId}/suspend
PATCH /wallet/{walletId}/terminate
PATCH /wallet/{walletId}/state
GET /wallet/{walletId}/identities
POST /wallet/{walletId}/identity
PATCH /wallet/{walletId}/identity/{identityId}/activate
PATCH /wallet/{walletId}/identity/{identityId}/suspend
PATCH /wallet/{walletId}/identity/{identityId}/terminate
PATCH /wallet/{walletId}/identity/{identityId}/state
POST /wallet/{walletId}/scheme/{schemeId}/account
GET /wallet/{walletId}/accounts
GET /wallet/{walletId}/account/{accountId}
GET /wallet/{walletId}/account/{accountId}/transactions
PATCH /wallet/{walletId}/account/{accountId}/credit
PATCH /wallet/{walletId}/account/{accountId}/debit
PATCH /wallet/{walletId}/account/{accountId}/earn
PATCH /wallet/{walletId}/account/{accountId}/spend
PATCH /wallet/{walletId}/account/{accountId}/activate
PATCH /wallet/{walletId}/account/{accountId}/suspend
PATCH /wallet/{walletId}/account/{accountId}/terminate
PATCH /wallet/{walletId}/account/{accountId}/state
GET /wallet/{walletId}/transactions
GET /wallet/{walletId}/transaction/{transactionId}
";

/// What every service has for machines that watch it.
const OPERATORS: [&str; 4] = ["/livez", "/readyz", "/metrics", "/openapi.yaml"];

#[tokio::test]
async fn every_route_answers_with_and_without_its_prefix_and_there_are_no_others() {
    let stage = Stage::new().await;
    let document = Contract::parse(zerosum_wallet_spend::api::DOCUMENT).unwrap();
    let routes: BTreeSet<&str> = ROUTES.trim().lines().collect();
    let documented: BTreeSet<String> = document
        .operations()
        .iter()
        .filter(|operation| !OPERATORS.contains(&&*operation.path))
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(routes, documented.iter().map(String::as_str).collect());
    for route in &routes {
        let (method, path) = route.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let operation = document.operation_at(&method, path).unwrap();
        let filled: Vec<&str> =
            path.split('/').map(|part| if part.starts_with('{') { "9" } else { part }).collect();
        let body = if operation.takes_body() { "{}" } else { "" };
        let mut told = Vec::new();
        for prefix in ["", "/2.0"] {
            let target = format!("{prefix}{}", filled.join("/"));
            let answer =
                stage.ask_as(BRAND, &operation.id, method.clone(), &target, body.as_bytes(), &[]).await;
            assert_ne!(answer.body["errorCode"], "NOT_FOUND", "{method} {target}");
            assert!(answer.status < 405, "{method} {target}: {}", answer.body);
            told.push(answer.body);
        }
        assert_eq!(told[0], told[1], "{route}");
    }
    println!("{} routes, each under both names", routes.len());
    stage.books_hold().await;
}

#[tokio::test]
async fn every_answer_carries_the_calls_own_id_and_the_published_content_type() {
    let stage = Stage::new().await;
    let holder = stage.holder(10_000).await;
    let wallet = format!("/wallet/{}", holder.wallet);
    let unsigned = Request::builder().uri(&wallet).header("host", "localhost").body(Full::default()).unwrap();
    let get = |target: &str| signed(BRAND, Method::GET, target, b"", &[]);
    let mut seen = BTreeSet::new();
    for (request, status) in [
        (get(&wallet), 200),
        (get("/wallet/9"), 404),
        (get("/nowhere"), 404),
        (get("/wallet"), 400),
        (signed(BRAND, Method::DELETE, &wallet, b"", &[]), 405),
        (signed(BRAND, Method::POST, "/schemes/points", b"[]", &[]), 400),
        (unsigned, 401),
    ] {
        let answer = stage.service.edge().respond(request).await;
        assert_eq!(answer.status(), status);
        let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/json;charset=utf-8");
        assert!(seen.insert(header("x-ees-called-unique-id")), "one id for two calls");
    }
    // The id is what the event calls its master.
    let body = spend_body(&holder, "told", 10_000, true).to_string();
    let request = signed(BRAND, Method::POST, "/connect/wallet/spend", body.as_bytes(), &[]);
    let answer = stage.service.edge().respond(request).await;
    let id = answer.headers()["x-ees-called-unique-id"].to_str().unwrap().to_owned();
    let event = stage.event("POSCONNECT.WALLET.SPEND").await;
    assert_eq!(event["headers"]["eesMasterEventId"], json!(id));
    stage.books_hold().await;
}

#[tokio::test]
async fn an_answer_is_compressed_as_it_was_asked_for() {
    let stage = Stage::new().await;
    let holder = stage.holder(10_000).await;
    let target = format!("/wallet/{}/account/{}", holder.wallet, holder.account);
    // gzip and zlib begin with their marks; nothing asked for is nothing done.
    for (accepted, encoding, begins) in [
        (None, None, &b"{\""[..]),
        (Some("gzip"), Some("gzip"), &[0x1f, 0x8b]),
        (Some("deflate"), Some("deflate"), &[0x78]),
    ] {
        let headers: Vec<_> = accepted.map(|accepted| ("accept-encoding", accepted)).into_iter().collect();
        let request = signed(BRAND, Method::GET, &target, b"", &headers);
        let (parts, body) = stage.service.edge().respond(request).await.into_parts();
        let Ok(body) = body.collect().await;
        assert_eq!(parts.status, 200);
        assert_eq!(parts.headers.get("content-encoding").map(|value| value.to_str().unwrap()), encoding);
        assert!(body.to_bytes().starts_with(begins), "{accepted:?}");
    }
    stage.books_hold().await;
}

#[tokio::test]
async fn a_signature_is_of_the_target_as_it_is_sent() {
    assert_eq!(
        signature("/wallet/555555", b"", "0987654321"),
        "76e132ab2154bb7139258b65134ddaf74c12a4242ce136b87a7335292fddc068"
    );
    let stage = Stage::new().await;
    let holder = stage.holder(1).await;
    let target = format!("/wallet/{}/accounts", holder.wallet);
    let ask = |sent: String, of: String| {
        let mut request = signed(BRAND, Method::GET, &of, b"", &[]);
        *request.uri_mut() = sent.parse().unwrap();
        let stage = &stage;
        async move { stage.send("listAccounts", request).await }
    };
    for (sent, of, good) in [
        (target.clone(), target.clone(), true),
        (format!("/2.0{target}"), format!("/2.0{target}"), true),
        (format!("/2.0{target}"), target.clone(), false),
        (format!("{target}?limit=1"), format!("{target}?limit=1"), true),
        (format!("{target}?limit=1"), target.clone(), false),
        (format!("{target}?limit=2"), format!("{target}?limit=1"), false),
    ] {
        let answer = ask(sent.clone(), of).await;
        if good {
            answer.expect(200);
        } else {
            refused(&answer, 401, "UNAUTHENTICATED");
        }
    }
    stage.books_hold().await;
}

#[tokio::test]
async fn calculate_takes_null_for_what_is_not_said_and_one_account_for_the_scheme() {
    let stage = Stage::new().await;
    let holder = gemma(&stage, CARD).await;
    let ask = |change: Value| {
        let mut body = page("calculate_request");
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let stage = &stage;
        async move { stage.post("spendCalculate", "/connect/wallet/spend/calculate", &body).await }
    };
    let published = page("calculate_response");
    same(&published, &ask(json!({"monetaryValue": null})).await.expect(200));
    let by_money = ask(json!({"pointsValue": null, "monetaryValue": 2_500})).await.expect(200);
    assert_eq!(by_money["spendAdjudicationResults"]["pointsValue"], 20_000);
    for neither in [json!({"pointsValue": null}), json!({"pointsValue": null, "monetaryValue": null})] {
        refused(&ask(neither).await, 400, "INVALID_REQUEST");
    }
    // Two accounts: which one has to be said.
    for unsaid in [json!({"scheme": null}), json!({"scheme": {}}), json!({"scheme": {"reference": null}})] {
        let answer = ask(unsaid).await;
        refused(&answer, 400, "INVALID_REQUEST");
        assert!(answer.body["errorMessage"].as_str().unwrap().contains("/scheme/reference"));
    }
    let single = stage.holder_of("single", &[(&holder.scheme, "RETAILPOINTS")]).await;
    stage.credit(&single, 25_000).await;
    let body =
        json!({"identity": {"identityValue": "single"}, "location": location(), "pointsValue": 25_000});
    let answer = stage.post("spendCalculate", "/connect/wallet/spend/calculate", &body).await.expect(200);
    let results = &answer["spendAdjudicationResults"];
    assert_eq!((&results["pointsValue"], &results["monetaryValue"]), (&json!(20_000), &json!(2_000)));
    let plain = json!({"type": "CONSUMER", "identities": [{"type": "CARD", "value": "empty"}]});
    stage.post("createWallet", "/services/wallet", &plain).await.expect(201);
    let body = json!({"identity": {"identityValue": "empty"}, "pointsValue": 1});
    let answer = stage.post("spendCalculate", "/connect/wallet/spend/calculate", &body).await;
    refused(&answer, 404, "ACCOUNT_NOT_FOUND");
    stage.books_hold().await;
}

#[tokio::test]
async fn a_spend_that_does_not_say_lock_spends_at_once() {
    let stage = Stage::new().await;
    let holder = stage.holder(40_000).await;
    for (reference, lock) in [("unsaid", None), ("null", Some(Value::Null)), ("false", Some(json!(false)))] {
        let mut body = spend_body(&holder, reference, 10_000, true);
        match lock {
            Some(lock) => body["lock"] = lock,
            None => drop(body.as_object_mut().unwrap().remove("lock")),
        }
        let spent = stage.post("spend", "/connect/wallet/spend", &body).await.expect(200);
        assert_eq!(spent["walletTransactions"][0]["status"], "SETTLED");
        assert_eq!(spent["walletTransactions"][0]["parentWalletTransactionId"], "0");
        assert_eq!(spent["accountTransactions"][0]["event"], "SPEND");
    }
    assert_eq!(stage.figures(&holder).await, [10_000, 10_000, 0, 30_000, 3_000]);
    stage.books_hold().await;
}

#[tokio::test]
async fn an_unlock_of_more_spends_than_it_voids_does_nothing_rather_than_half() {
    const MANY: usize = 101;
    let stage = Stage::new().await;
    let holder = stage.holder(10_000 * i64::try_from(MANY).unwrap()).await;
    stage.open(&holder, "buy").await.expect(200);
    let references: Vec<String> = (0..MANY).map(|n| format!("s-{n}")).collect();
    let spends = references.iter().map(|reference| {
        let mut body = spend_body(&holder, reference, 10_000, true);
        body["parentWalletTransactionReference"] = json!("buy");
        let stage = &stage;
        async move { stage.post("spend", "/connect/wallet/spend", &body).await.expect(200) }
    });
    join_all(spends).await;
    let body = json!({"identity": {"identityValue": holder.identity}, "reference": "buy"});
    let unlock = || stage.post("unlock", "/connect/wallet/unlock", &body);
    refused(&unlock().await, 400, "INVALID_REQUEST");
    assert_eq!(stage.figures(&holder).await[1], 0);
    stage.void(&holder, "s-0").await.expect(200);
    let unlocked = unlock().await.expect(200);
    assert_eq!(unlocked["accountTransactions"].as_array().unwrap().len(), MANY - 1);
    assert_eq!(stage.figures(&holder).await[2], 0);
    stage.books_hold().await;
}
