//! The Idempotency-Key: one effect, one answer.

use futures_util::future::join_all;
use serde_json::json;

use super::stage::{Ask, Stage, spend};

#[tokio::test]
async fn twins_have_one_effect_and_one_answer() {
    let stage = Stage::new().await;
    stage.grant("u-1", 100, json!({})).await.expect(201);
    let answers = join_all((0..20).map(|_| stage.ask(spend("u-1", 10).key("twin")))).await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.raw == answers[0].raw));
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert_eq!(stage.balance("u-1").await, 90);
}

#[tokio::test]
async fn refusals_are_remembered_and_a_reused_key_is_refused() {
    let stage = Stage::new().await;
    stage.ask(spend("u-1", 10).key("early")).await.refused(404, "not_found", "user_id");
    stage.grant("u-1", 5, json!({})).await.expect(201);
    stage.ask(spend("u-1", 10).key("poor")).await.refused(409, "insufficient_balance", "5");
    stage.grant("u-1", 50, json!({})).await.expect(201);
    for (key, status) in [("early", 404), ("poor", 409)] {
        let again = stage.ask(spend("u-1", 10).key(key)).await;
        assert_eq!((again.status, again.replayed), (status, true), "{key}");
    }
    stage.ask(spend("u-1", 11).key("poor")).await.refused(409, "idempotency_key_reused", "key");
    assert_eq!(stage.balance("u-1").await, 55);
}

#[tokio::test]
async fn a_key_s_answer_can_be_asked_for() {
    let stage = Stage::new().await;
    stage.grant("u-1", 100, json!({})).await.expect(201);
    let spent = stage.ask(spend("u-1", 10).key("k-1")).await.expect(201);
    let found = stage.ask(Ask::get("getIdempotentAnswer", "/v1/idempotency/k-1")).await.expect(200);
    assert_eq!(found, json!({"key": "k-1", "status": 201, "body": spent}));
    let unknown = stage.ask(Ask::get("getIdempotentAnswer", "/v1/idempotency/k-2")).await;
    unknown.refused(404, "not_found", "key");
}

#[tokio::test]
async fn a_400_of_a_decision_is_not_remembered() {
    let stage = Stage::new().await;
    let most = 9_007_199_254_740_991_i64;
    stage.grant("u-1", most, json!({})).await.expect(201);
    let body = json!({"user_id": "u-1", "brand_id": "demo", "amount_cents": 1, "source": "s"});
    let ask = || Ask::post("grantCash", "/v1/cash/grants", &body).key("over");
    stage.ask(ask()).await.refused(400, "validation_error", "/amount_cents");
    stage.spend("u-1", 1).await.expect(201);
    stage.ask(ask()).await.expect(201);
}
