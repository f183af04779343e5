//! Refunds: spent points come back, earned points are taken back.

use serde_json::{Value, json};

use super::stage::{Answer, Holder, Stage, refused, settle_body};

async fn refund(stage: &Stage, reference: &str, original: &str, points: Option<i64>) -> Answer {
    let mut body = json!({
        "reference": reference, "originalTransaction": {"reference": original}, "location": super::stage::location(),
    });
    if let Some(points) = points {
        body["pointsValue"] = json!(points);
    }
    stage.post("refund", "/connect/wallet/refund", &body).await
}

async fn settled_spend(stage: &Stage, points: i64) -> Holder {
    let holder = stage.holder(points).await;
    stage.spend(&holder, "spend", points, true).await.expect(200);
    stage.settle(&holder, "buy", &["spend"]).await.expect(200);
    holder
}

#[tokio::test]
async fn a_spend_is_refunded_in_parts_and_never_more_than_was_spent() {
    let stage = Stage::new().await;
    let holder = settled_spend(&stage, 30_000).await;
    let first = refund(&stage, "r-1", "spend", Some(10_001)).await;
    let body = first.clone().expect(200);
    assert_eq!(body["walletTransactions"][0]["type"], "REFUND");
    assert_eq!(body["accountTransactions"][0]["event"], "REFUND");
    assert_eq!(stage.figures(&holder).await, [10_001, 10_001, 0, 19_999, 2_000]);
    let again = refund(&stage, "r-1", "spend", Some(10_001)).await;
    assert!(again.replayed && again.raw == first.raw);
    refused(&refund(&stage, "r-2", "spend", Some(20_000)).await, 400, "INVALID_REQUEST");
    refund(&stage, "r-2", "spend", None).await.expect(200);
    assert_eq!(stage.figures(&holder).await, [30_000, 30_000, 0, 0, 0]);
    refused(&refund(&stage, "r-3", "spend", None).await, 400, "INVALID_REQUEST");
    stage.books_hold().await;
}

#[tokio::test]
async fn what_is_not_settled_is_not_refunded() {
    let stage = Stage::new().await;
    let holder = stage.holder(30_000).await;
    stage.spend(&holder, "spend", 10_000, true).await.expect(200);
    refused(&refund(&stage, "r-1", "spend", None).await, 400, "INVALID_REQUEST");
    stage.void(&holder, "spend").await.expect(200);
    refused(&refund(&stage, "r-1", "spend", None).await, 400, "TRANSACTION_VOIDED");
    refused(&refund(&stage, "r-1", "nothing", None).await, 404, "TRANSACTION_NOT_FOUND");
}

#[tokio::test]
async fn what_a_purchase_earned_is_taken_back_as_long_as_it_is_there() {
    let stage = Stage::new().await;
    let holder = stage.holder(10).await;
    let mut settle = settle_body(&holder, "buy", &[]);
    settle["operations"] = json!([
        {"operationType": "earn", "accountId": holder.account, "balances": {"current": 9_000}},
        {"operationType": "credit", "accountId": holder.account, "balances": {"current": 1_000}},
    ]);
    stage.post("settle", "/connect/wallet/settle", &settle).await.expect(200);
    stage.spend(&holder, "spend", 10_000, true).await.expect(200);
    refused(&refund(&stage, "r-1", "buy", None).await, 400, "INSUFFICIENT_POINTS");
    stage.void(&holder, "spend").await.expect(200);
    let taken = refund(&stage, "r-1", "buy", None).await.expect(200);
    let points: i64 = taken["accountTransactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|made| made["value"].as_i64().unwrap())
        .sum();
    assert_eq!(points, 10_000);
    assert_eq!(taken["walletTransactions"][0]["basket"]["summary"]["results"]["points"]["refund"], 10_000);
    let account: Value = stage.account(&holder).await;
    assert_eq!((&account["balances"]["current"], &account["balances"]["lifetime"]), (&json!(10), &json!(10)));
    refused(&refund(&stage, "r-2", "buy", None).await, 400, "INVALID_REQUEST");
    stage.books_hold().await;
}
