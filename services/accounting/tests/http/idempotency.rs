//! The Idempotency-Key: one effect, one answer, for whoever owns the key.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::stage::{Ask, BRAND, OTHER_BRAND, Stage, transaction};

#[tokio::test]
async fn twenty_twins_have_one_effect_and_one_answer() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let body = transaction(&[(&till, 5), (&bank, -5)]);
    let ask = || stage.ask(Ask::post("postTransaction", "/v1/transactions", &body).key("twin"));
    let answers = join_all((0..20).map(|_| ask())).await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.raw == answers[0].raw));
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert_eq!(stage.balance(&till).await, "5");
    stage.books_hold().await;
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused_and_has_no_effect() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let ask = |amount: i64| {
        let body = transaction(&[(&till, amount), (&bank, -amount)]);
        Ask::post("postTransaction", "/v1/transactions", &body).key("one")
    };
    stage.ask(ask(5)).await.expect(201);
    stage.ask(ask(6)).await.refused(409, "idempotency_key_reused", "key");
    assert_eq!(stage.balance(&till).await, "5");
}

#[tokio::test]
async fn another_caller_s_key_is_another_key() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let body = transaction(&[(&till, 5), (&bank, -5)]);
    for subject in ["till-1", "till-2"] {
        let token = stage.token(BRAND, subject, "write:ledger");
        let answer =
            stage.ask(Ask::post("postTransaction", "/v1/transactions", &body).key("one").token(token)).await;
        assert!(!answer.replayed);
        answer.expect(201);
    }
    assert_eq!(stage.balance(&till).await, "10");
}

#[tokio::test]
async fn a_refusal_is_remembered_and_a_400_is_not() {
    let stage = Stage::new().await;
    let till = stage.account_with("Till", json!({"min_balance_cents": 0})).await;
    let bank = stage.account("Bank").await;
    let take = transaction(&[(&till, -5), (&bank, 5)]);
    let ask = |body: &Value, key: &str| Ask::post("postTransaction", "/v1/transactions", body).key(key);
    let refused = stage.ask(ask(&take, "take")).await;
    refused.refused(409, "insufficient_balance", "below");
    stage.post(&transaction(&[(&till, 5), (&bank, -5)])).await.expect(201);
    let again = stage.ask(ask(&take, "take")).await;
    assert!(again.replayed);
    assert_eq!(again.raw, refused.raw);

    // A 400 blames the request: mended, it may come under the same key.
    let wrong = transaction(&[(&till, -5), (&bank, 4)]);
    stage.ask(ask(&wrong, "mended")).await.refused(400, "validation_error", "/entries");
    stage.ask(ask(&take, "mended")).await.expect(201);
}

#[tokio::test]
async fn a_key_s_answer_can_be_asked_for() {
    let stage = Stage::new().await;
    let till = stage.account_with("Till", json!({"min_balance_cents": 0})).await;
    let bank = stage.account("Bank").await;
    let find = |key: &str| Ask::get("getIdempotentAnswer", format!("/v1/idempotency/{key}"));
    stage.ask(find("done")).await.refused(404, "not_found", "key");

    let pay_in = transaction(&[(&till, 5), (&bank, -5)]);
    let done =
        stage.ask(Ask::post("postTransaction", "/v1/transactions", &pay_in).key("done")).await.expect(201);
    let found = stage.ask(find("done")).await.expect(200);
    assert_eq!(found, json!({"key": "done", "status": 201, "body": done}));

    let take = transaction(&[(&till, -6), (&bank, 6)]);
    let refused = stage.ask(Ask::post("postTransaction", "/v1/transactions", &take).key("no%20good")).await;
    stage.ask(find("no%2520good")).await.expect(200);
    let found = stage.ask(find("no%2520good")).await.expect(200);
    assert_eq!((&found["status"], &found["body"]), (&json!(409), &refused.body));

    // The key's own: not another caller's, and not another brand's.
    for token in
        [stage.token(BRAND, "till-2", "read:ledger"), stage.token(OTHER_BRAND, "till-1", "read:ledger")]
    {
        stage.ask(find("done").token(token)).await.refused(404, "not_found", "key");
    }
}

#[tokio::test]
async fn a_post_without_a_key_is_refused() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let body = transaction(&[(&till, 5), (&bank, -5)]).to_string();
    let request = || {
        http::Request::post("/v1/transactions")
            .header("host", "localhost")
            .header("authorization", format!("Bearer {}", stage.token(BRAND, "till-1", "write:ledger")))
    };
    let send = |request: http::request::Builder| {
        stage.send("postTransaction", request.body(http_body_util::Full::from(body.clone())).unwrap())
    };
    send(request()).await.refused(400, "idempotency_key_required", "Idempotency-Key");
    for bad in ["", " ", &"k".repeat(256)] {
        send(request().header("idempotency-key", bad)).await.refused(
            400,
            "validation_error",
            "Idempotency-Key",
        );
    }
    send(request().header("idempotency-key", "a").header("idempotency-key", "b")).await.refused(
        400,
        "validation_error",
        "idempotency-key",
    );
    assert_eq!(stage.balance(&till).await, "0");
}
