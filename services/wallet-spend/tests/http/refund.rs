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
    stage.books_hold().await;
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

#[tokio::test]
async fn what_a_purchase_earned_is_taken_back_in_parts_and_never_more() {
    let stage = Stage::new().await;
    let holder = stage.holder(10).await;
    let mut settle = settle_body(&holder, "buy", &[]);
    settle["operations"] = json!([
        {"operationType": "earn", "accountId": holder.account, "balances": {"current": 9_000}},
        {"operationType": "credit", "accountId": holder.account, "balances": {"current": 1_000}},
    ]);
    stage.post("settle", "/connect/wallet/settle", &settle).await.expect(200);
    for (reference, points, values, left) in
        [("r-1", 4_000, vec![4_000], 6_010), ("r-2", 5_500, vec![5_000, 500], 510)]
    {
        let taken = refund(&stage, reference, "buy", Some(points)).await.expect(200);
        let made: Vec<_> = taken["accountTransactions"].as_array().unwrap().iter().collect();
        assert_eq!(made.iter().map(|made| made["value"].as_i64().unwrap()).collect::<Vec<_>>(), values);
        assert_eq!(stage.figures(&holder).await[0], left);
    }
    refused(&refund(&stage, "r-3", "buy", Some(501)).await, 400, "INVALID_REQUEST");
    refund(&stage, "r-3", "buy", None).await.expect(200);
    refused(&refund(&stage, "r-4", "buy", None).await, 400, "INVALID_REQUEST");
    assert_eq!(stage.account(&holder).await["balances"]["lifetime"], 10);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_refund_takes_its_share_of_the_points_back_or_is_refused() {
    let stage = Stage::new().await;
    let tier = json!({"floor": 10, "ceiling": 500, "step": 10, "rate": 0.1, "bonus": 0, "pointsBack": 35});
    let rates = json!({"rates": {"redemption": {super::stage::UNIT: [tier]}}});
    let scheme = stage.scheme_with("BACK", rates).await;
    let holder = stage.holder_of("card", &[(&scheme, "BACK")]).await;
    stage.credit(&holder, 20).await;
    stage.spend(&holder, "spend", 20, false).await.expect(200);
    assert_eq!(stage.figures(&holder).await, [35, 35, 0, 20, 2]);
    let taken = refund(&stage, "r-1", "spend", Some(10)).await.expect(200);
    assert_eq!(taken["walletTransactions"][0]["basket"]["summary"]["results"]["points"]["credit"], 10);
    assert_eq!(taken["walletTransactions"][0]["basket"]["summary"]["results"]["points"]["refund"], 17);
    assert_eq!(stage.figures(&holder).await, [28, 28, 0, 10, 1]);
    // What came back has gone, and what is given back does not cover it.
    stage.spend(&holder, "elsewhere", 20, true).await.expect(200);
    let before = stage.figures(&holder).await;
    refund(&stage, "r-2", "spend", None).await.expect(200);
    stage.void(&holder, "elsewhere").await.expect(200);
    assert_eq!(before, [28, 8, 20, 10, 1]);
    assert_eq!(stage.figures(&holder).await, [20, 20, 0, 0, 0]);
    stage.spend(&holder, "third", 20, false).await.expect(200);
    stage.spend(&holder, "fourth", 30, true).await.expect(200);
    refused(&refund(&stage, "r-3", "third", None).await, 400, "INSUFFICIENT_POINTS");
    assert_eq!(stage.figures(&holder).await, [35, 5, 30, 20, 2]);
    stage.books_hold().await;
}
