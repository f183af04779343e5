//! A reference is an idempotency key: one effect, one answer, for ever.

use futures_util::future::join_all;
use http::Method;
use serde_json::json;

use super::stage::{BRAND, OTHER_BRAND, Stage, refused, spend_body};

#[tokio::test]
async fn twenty_twins_have_one_effect_and_one_answer() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    let answers = join_all((0..20).map(|_| stage.spend(&holder, "twin", 10_000, true))).await;
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.raw == answers[0].raw));
    assert!(answers.iter().filter(|answer| !answer.replayed).count() <= 1);
    assert_eq!(stage.figures(&holder).await, [100_000, 90_000, 10_000, 0, 0]);
    stage.books_hold().await;
}

#[tokio::test]
async fn other_content_under_a_reference_is_refused() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    stage.spend(&holder, "one", 10_000, true).await.expect(200);
    refused(&stage.spend(&holder, "one", 20_000, true).await, 400, "REFERENCE_NOT_UNIQUE");
    // A reference names one transaction, whatever its type.
    refused(&stage.open(&holder, "one").await, 400, "REFERENCE_NOT_UNIQUE");
    assert_eq!(stage.figures(&holder).await, [100_000, 90_000, 10_000, 0, 0]);
    // The same written otherwise is the same.
    let text = spend_body(&holder, "one", 10_000, true).to_string().replace("\":", "\" : ");
    let again =
        stage.ask_as(BRAND, "spend", Method::POST, "/2.0/connect/wallet/spend", text.as_bytes(), &[]).await;
    assert!(again.replayed);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_refusal_leaves_the_reference_free() {
    let stage = Stage::new().await;
    let holder = stage.holder(5_000).await;
    refused(&stage.spend(&holder, "one", 10_000, true).await, 400, "INSUFFICIENT_POINTS");
    stage.credit(&holder, 5_000).await;
    let answer = stage.spend(&holder, "one", 10_000, true).await;
    assert!(!answer.replayed);
    answer.expect(200);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_credit_is_done_once_under_its_key() {
    let stage = Stage::new().await;
    let holder = stage.holder(1).await;
    let target = format!("/wallet/{}/account/{}/credit", holder.wallet, holder.account);
    let body = json!({"balances": {"current": 10}}).to_string();
    let ask = || {
        stage.ask_as(
            BRAND,
            "creditAccount",
            Method::PATCH,
            &target,
            body.as_bytes(),
            &[("idempotency-key", "k1")],
        )
    };
    let answers = join_all((0..5).map(|_| ask())).await;
    assert!(answers.iter().all(|answer| answer.raw == answers[0].raw));
    assert_eq!(stage.figures(&holder).await[0], 11);
    stage.books_hold().await;
}

#[tokio::test]
async fn another_brand_sees_and_touches_nothing() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    stage.spend(&holder, "one", 10_000, true).await.expect(200);
    let rival = |operation, method, target: String, body: String| {
        let stage = &stage;
        async move { stage.ask_as(OTHER_BRAND, operation, method, &target, body.as_bytes(), &[]).await }
    };
    let wallet = &holder.wallet;
    let get = |operation, target| rival(operation, Method::GET, target, String::new());
    refused(&get("getWallet", format!("/wallet/{wallet}")).await, 404, "WALLET_NOT_FOUND");
    refused(&get("listAccounts", format!("/wallet/{wallet}/accounts")).await, 404, "WALLET_NOT_FOUND");
    refused(
        &get("listTransactions", format!("/wallet/{wallet}/transactions")).await,
        404,
        "WALLET_NOT_FOUND",
    );
    refused(
        &get("findTransaction", "/wallet/transaction?reference=one".into()).await,
        404,
        "TRANSACTION_NOT_FOUND",
    );
    refused(&get("getScheme", format!("/schemes/points/{}", holder.scheme)).await, 404, "SCHEME_NOT_FOUND");
    let post = |operation, target: &str, body| rival(operation, Method::POST, target.to_owned(), body);
    let spend = spend_body(&holder, "two", 10_000, true).to_string();
    refused(&post("spend", "/connect/wallet/spend", spend).await, 404, "IDENTITY_NOT_FOUND");
    let void = json!({"identity": {"identityValue": holder.identity}, "reference": "one"}).to_string();
    refused(&post("spendVoid", "/connect/wallet/spend/void", void).await, 404, "IDENTITY_NOT_FOUND");
    let target = format!("/wallet/{wallet}/account/{}/credit", holder.account);
    let credit =
        rival("creditAccount", Method::PATCH, target, json!({"balances": {"current": 1}}).to_string());
    refused(&credit.await, 404, "WALLET_NOT_FOUND");
    assert_eq!(stage.figures(&holder).await, [100_000, 90_000, 10_000, 0, 0]);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_batch_under_locks_takes_three_round_trips_whatever_its_length() {
    let stage = Stage::forgetful().await;
    let holder = stage.holder(1_000_000).await;
    stage.spend(&holder, "warm", 10_000, true).await.expect(200);
    let stats = stage.service.engine().stats();
    let before = (stats.batches(), stats.round_trips());
    let references: Vec<String> = (0..40).map(|n| format!("s-{n}")).collect();
    let answers =
        join_all(references.iter().map(|reference| stage.spend(&holder, reference, 10_000, true))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let (batches, round_trips) = (stats.batches() - before.0, stats.round_trips() - before.1);
    assert!(batches < 40, "{batches} batches for 40 commands");
    assert_eq!(round_trips, 3 * batches);
    // Their ends, mixed: voids and settles.
    let before = (stats.batches(), stats.round_trips());
    let ends = references.iter().enumerate().map(|(n, reference)| {
        let (stage, holder) = (&stage, &holder);
        async move {
            if n.is_multiple_of(2) {
                stage.void(holder, reference).await
            } else {
                stage.settle(holder, &format!("buy-{n}"), &[reference]).await
            }
        }
    });
    assert!(join_all(ends).await.iter().all(|answer| answer.status == 200));
    let (batches, round_trips) = (stats.batches() - before.0, stats.round_trips() - before.1);
    assert!(batches < 40, "{batches} batches for 40 commands");
    assert_eq!(round_trips, 3 * batches);
    stage.books_hold().await;
}

#[tokio::test]
async fn under_either_of_its_names_a_spend_is_the_same_request() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    let body = spend_body(&holder, "one", 10_000, true).to_string();
    let headers = [("X-Custom-Email", "a@b.example"), ("X-TRANSACTION-ID", "till-7-1")];
    let ask =
        |operation, target| stage.ask_as(BRAND, operation, Method::POST, target, body.as_bytes(), &headers);
    let first = ask("spend", "/connect/wallet/spend").await;
    let again = ask("spendSpend", "/2.0/connect/wallet/spend/spend").await;
    assert!(again.replayed && again.raw == first.raw);
    let event = stage.event("POSCONNECT.WALLET.SPEND").await;
    assert_eq!(event["request"]["customHeaders"], json!({"X-CUSTOM-EMAIL": "a@b.example"}));
    assert_eq!(event["headers"]["externalMessageId"], "till-7-1");
    assert_eq!(event["headers"]["callerIp"], "192.0.2.7");
    stage.books_hold().await;
}
