//! POST /v1/transactions/{id}/reverse: once.

use futures_util::future::join_all;
use serde_json::json;

use super::stage::{Ask, Stage, transaction};

#[tokio::test]
async fn a_reversal_posts_the_opposite_and_says_what_it_reverses() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let posted = stage.post(&transaction(&[(&till, 5), (&bank, -5)])).await.expect(201);
    let id = posted["id"].as_str().unwrap();
    let path = format!("/v1/transactions/{id}/reverse");
    let reversal =
        stage.ask(Ask::post("reverseTransaction", &path, &json!({"memo": "oops"}))).await.expect(201);
    let by = reversal["id"].as_str().unwrap();
    assert_eq!((&reversal["type"], &reversal["memo"]), (&json!("reversal"), &json!("oops")));
    assert_eq!(reversal["entries"][0]["amount_cents"], -5);
    assert_eq!(stage.balance(&till).await, "0");

    let get = |id: &str| Ask::get("getTransaction", format!("/v1/transactions/{id}"));
    assert_eq!(stage.ask(get(id)).await.expect(200)["reversed_by"], by);
    assert_eq!(stage.ask(get(by)).await.expect(200)["reverses"], id);

    stage.ask(Ask::post("reverseTransaction", &path, &json!({}))).await.refused(409, "already_reversed", by);
    // The reversal is a transaction like any other.
    let back = format!("/v1/transactions/{by}/reverse");
    stage.ask(Ask::post("reverseTransaction", &back, &json!({}))).await.expect(201);
    assert_eq!(stage.balance(&till).await, "5");
    stage.books_hold().await;
}

#[tokio::test]
async fn fifty_reversals_at_once_have_one_effect() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let posted = stage.post(&transaction(&[(&till, 5), (&bank, -5)])).await.expect(201);
    let path = format!("/v1/transactions/{}/reverse", posted["id"].as_str().unwrap());
    let answers =
        join_all((0..50).map(|_| stage.ask(Ask::post("reverseTransaction", &path, &json!({}))))).await;
    let done = answers.iter().filter(|answer| answer.status == 201).count();
    let late = answers.iter().filter(|answer| answer.body["error"] == "already_reversed").count();
    assert_eq!((done, late), (1, 49));
    assert_eq!(stage.balance(&till).await, "0");
    stage.books_hold().await;
}

#[tokio::test]
async fn what_does_not_exist_is_not_reversed() {
    let stage = Stage::new().await;
    for id in ["0199c2d4-8f10-7000-8000-00000000dead", "nonsense"] {
        let path = format!("/v1/transactions/{id}/reverse");
        stage.ask(Ask::post("reverseTransaction", path, &json!({}))).await.refused(
            404,
            "not_found",
            "transaction",
        );
    }
}

#[tokio::test]
async fn a_reversal_keeps_to_limits() {
    let stage = Stage::new().await;
    let till = stage.account_with("Till", json!({"min_balance_cents": 0})).await;
    let bank = stage.account("Bank").await;
    let paid_in = stage.post(&transaction(&[(&till, 5), (&bank, -5)])).await.expect(201);
    stage.post(&transaction(&[(&till, -5), (&bank, 5)])).await.expect(201);
    let path = format!("/v1/transactions/{}/reverse", paid_in["id"].as_str().unwrap());
    stage.ask(Ask::post("reverseTransaction", path, &json!({}))).await.refused(
        409,
        "insufficient_balance",
        "below",
    );
}
