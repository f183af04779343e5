//! What is not valid or not signed: a clear error, nothing done.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use super::stage::{BRAND, Stage, client, refused, spend_body};

#[tokio::test]
async fn what_breaks_the_document_is_named() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    let good = spend_body(&holder, "s", 10_000, true);
    let bad: Vec<(&str, Value)> = vec![
        ("/reference", json!(null)),
        ("/reference", json!("")),
        ("/reference", json!("x".repeat(227))),
        ("/identity", json!({})),
        ("/identity/identityValue", json!(5)),
        ("/lock", json!("yes")),
        ("/spendAdjudicationResults/pointsValue", json!(-1)),
        ("/spendAdjudicationResults/pointsValue", json!(1.5)),
        ("/spendAdjudicationResults/pointsValue", json!(9_007_199_254_740_992_i64)),
        ("/spendAdjudicationResults/monetaryValue", json!("2000")),
        ("/spendAdjudicationResults/operations/0/accountId", json!("abc")),
        ("/transactionDetails", json!({"a": "x".repeat(255)})),
        ("/meta", json!(7)),
    ];
    for (at, value) in bad {
        let mut body = good.clone();
        let (parent, key) = at.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[key] = value.clone();
        let answer = stage.post("spend", "/connect/wallet/spend", &body).await;
        refused(&answer, 400, "INVALID_REQUEST");
        assert!(answer.body["errorMessage"].as_str().unwrap().contains(at), "{at} {value}: {}", answer.body);
    }
    let both = json!({
        "identity": {"identityValue": holder.identity}, "scheme": {"reference": holder.scheme_reference},
        "pointsValue": 1, "monetaryValue": 1,
    });
    refused(
        &stage.post("spendCalculate", "/connect/wallet/spend/calculate", &both).await,
        400,
        "INVALID_REQUEST",
    );
    assert_eq!(stage.figures(&holder).await, [100_000, 100_000, 0, 0, 0]);
    // 1.0 is 1.
    let text = good.to_string().replace("\"pointsValue\":10000", "\"pointsValue\":10000.0");
    let answer =
        stage.ask_as(BRAND, "spend", Method::POST, "/connect/wallet/spend", text.as_bytes(), &[]).await;
    answer.expect(200);
    stage.books_hold().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    let nobody = super::stage::Holder { identity: "nobody".to_owned(), ..holder.clone() };
    refused(&stage.calculate(&nobody, 10_000).await, 404, "IDENTITY_NOT_FOUND");
    refused(&stage.spend(&nobody, "s", 10_000, true).await, 404, "IDENTITY_NOT_FOUND");
    refused(&stage.void(&holder, "nothing").await, 404, "TRANSACTION_NOT_FOUND");
    refused(&stage.settle(&holder, "buy", &["nothing"]).await, 404, "TRANSACTION_NOT_FOUND");
    let no_scheme = super::stage::Holder { scheme_reference: "NONE".to_owned(), ..holder.clone() };
    refused(&stage.calculate(&no_scheme, 10_000).await, 404, "SCHEME_NOT_FOUND");
    stage.scheme("OTHER").await;
    let no_account = super::stage::Holder { scheme_reference: "OTHER".to_owned(), ..holder.clone() };
    refused(&stage.calculate(&no_account, 10_000).await, 404, "ACCOUNT_NOT_FOUND");
    for (operation, target, code) in [
        ("getWallet", "/wallet/abc".to_owned(), "WALLET_NOT_FOUND"),
        ("getWallet", "/wallet/999999999999999999999".to_owned(), "WALLET_NOT_FOUND"),
        ("getAccount", format!("/wallet/{}/account/1", holder.wallet), "ACCOUNT_NOT_FOUND"),
        ("getScheme", "/schemes/points/1".to_owned(), "SCHEME_NOT_FOUND"),
        ("getTransaction", format!("/wallet/{}/transaction/1", holder.wallet), "TRANSACTION_NOT_FOUND"),
    ] {
        refused(&stage.get(operation, &target).await, 404, code);
    }
    stage.books_hold().await;
}

#[tokio::test]
async fn what_is_not_signed_is_refused() {
    let stage = Stage::new().await;
    let ask = |id: Option<String>, hash: Option<String>| {
        let mut request = Request::builder().method(Method::GET).uri("/wallet/1").header("host", "localhost");
        if let Some(id) = id {
            request = request.header("x-ees-auth-client-id", id);
        }
        if let Some(hash) = hash {
            request = request.header("x-ees-auth-hash", hash);
        }
        let request = request.body(Full::from(Bytes::new())).unwrap();
        let stage = &stage;
        async move { stage.send("getWallet", request).await }
    };
    let good = zerosum_edge::signature("/wallet/1", b"", "0987654321");
    refused(&ask(Some(client(BRAND)), Some(good.clone())).await, 404, "WALLET_NOT_FOUND");
    for (id, hash) in [
        (None, None),
        (Some(client(BRAND)), None),
        (None, Some(good.clone())),
        (Some("unknown".to_owned()), Some(good.clone())),
        (Some(client(BRAND)), Some(good.to_uppercase())),
        (Some(client(BRAND)), Some("0".repeat(64))),
    ] {
        refused(&ask(id, hash).await, 401, "UNAUTHENTICATED");
    }
    let revoked = "update wallet.clients set revoked_at = now() where client_id = 'rival-till'";
    stage.database.admin().await.execute(revoked, &[]).await.unwrap();
    refused(&ask(Some(client("rival")), Some(good)).await, 401, "UNAUTHENTICATED");
    stage.books_hold().await;
}

#[tokio::test]
async fn the_new_signature_is_good_once_and_can_be_the_only_one() {
    let stage = Stage::new().await;
    let holder = stage.holder(10).await;
    let admin = stage.database.admin().await;
    let target = format!("/wallet/{}", holder.wallet);
    let now: i64 = admin.query_one("select extract(epoch from now())::bigint", &[]).await.unwrap().get(0);
    let request = |seconds: i64, nonce: &str, secret: &str| {
        let seconds = seconds.to_string();
        let signature = zerosum_wallet_spend::api::signature(secret, &seconds, nonce, "GET", &target, b"");
        Request::builder()
            .method(Method::GET)
            .uri(&target)
            .header("host", "localhost")
            .header("x-ees-auth-client-id", client(BRAND))
            .header("X-Signature-Timestamp", seconds)
            .header("X-Signature-Nonce", nonce)
            .header("X-Signature-256", signature)
            .body(Full::from(Bytes::new()))
            .unwrap()
    };
    let (good, nonce) = ("0987654321", "0123456789abcdef");
    // Not before the client is set to it.
    let early = super::stage::patient(stage.till(), "getWallet", request(now, nonce, good)).await;
    refused(&early, 401, "UNAUTHENTICATED");
    let set = "update wallet.clients set accepts_hmac = true, accepts_hash = false where client_id = $1";
    admin.execute(set, &[&client(BRAND)]).await.unwrap();
    // Another instance has not kept what the client was.
    let other = stage.second_instance();
    let ask = |seconds: i64, nonce: &str, secret: &str| {
        let (other, request) = (&other, request(seconds, nonce, secret));
        async move { super::stage::patient(other, "getWallet", request).await }
    };
    refused(&ask(now, nonce, "wrong").await, 401, "UNAUTHENTICATED");
    ask(now, nonce, good).await.expect(200);
    for (seconds, nonce) in [
        (now, nonce),
        (now - 301, "0123456789abcdeg"),
        (now + 320, "0123456789abcdeg"),
        (i64::MAX, "0123456789abcdeg"),
        (now, "short"),
    ] {
        refused(&ask(seconds, nonce, good).await, 401, "UNAUTHENTICATED");
    }
    ask(now, "0123456789abcdeg", good).await.expect(200);
    let old = super::stage::signed(BRAND, Method::GET, &target, b"", &[]);
    refused(&super::stage::patient(&other, "getWallet", old).await, 401, "UNAUTHENTICATED");
    stage.books_hold().await;
}
