//! POST /v1/transactions/batch: all or none, or each for itself.

use serde_json::{Value, json};

use super::stage::{Answer, Ask, Stage, transaction};

async fn batch(stage: &Stage, atomic: bool, transactions: &[Value]) -> Answer {
    let body = json!({"atomic": atomic, "transactions": transactions});
    stage.ask(Ask::post("postTransactionBatch", "/v1/transactions/batch", &body)).await
}

#[tokio::test]
async fn an_atomic_batch_is_posted_whole_or_not_at_all() {
    let stage = Stage::new().await;
    let till = stage.account_with("Till", json!({"min_balance_cents": 0})).await;
    let bank = stage.account("Bank").await;
    let pay_in = transaction(&[(&till, 5), (&bank, -5)]);
    let too_much = transaction(&[(&till, -6), (&bank, 6)]);
    batch(&stage, true, &[pay_in.clone(), too_much]).await.refused(
        409,
        "insufficient_balance",
        "/transactions/1/entries/0",
    );
    assert_eq!(stage.balance(&till).await, "0");
    let all_out = transaction(&[(&till, -5), (&bank, 5)]);
    let done = batch(&stage, true, &[pay_in, all_out]).await.expect(201);
    assert_eq!((&done["posted"], done["results"].as_array().unwrap().len()), (&json!(2), 2));
    stage.books_hold().await;
}

#[tokio::test]
async fn without_atomic_each_item_has_its_own_answer() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let good = transaction(&[(&till, 5), (&bank, -5)]);
    let unknown = transaction(&[(&till, 5), ("0199c2d4-8f10-7000-8000-00000000dead", -5)]);
    let done = batch(&stage, false, &[good.clone(), unknown, good]).await.expect(207);
    let statuses: Vec<_> = done["results"].as_array().unwrap().iter().map(|item| &item["status"]).collect();
    assert_eq!(statuses, [201, 400, 201]);
    assert_eq!(done["results"][1]["error"]["error"], "validation_error");
    assert!(
        done["results"][1]["error"]["message"].as_str().unwrap().starts_with("/transactions/1/entries/1")
    );
    assert_eq!((&done["posted"], stage.balance(&till).await.as_str()), (&json!(2), "10"));
    stage.books_hold().await;
}

#[tokio::test]
async fn a_thousand_transactions_fit_and_one_more_does_not() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let items = vec![transaction(&[(&till, 1), (&bank, -1)]); 1_001];
    batch(&stage, true, &items).await.refused(400, "validation_error", "/transactions");
    let body = json!({"atomic": true, "transactions": &items[1..]});
    let ask = Ask::post("postTransactionBatch", "/v1/transactions/batch", &body).key("bulk");
    let first = stage.ask(ask.clone()).await;
    assert_eq!(first.status, 201);
    let again = stage.ask(ask).await;
    assert!(again.replayed);
    assert_eq!(again.raw, first.raw);
    assert_eq!(stage.balance(&till).await, "1000");
    stage.books_hold().await;
}
