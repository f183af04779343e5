//! Points that expire: a lot for each giving, earliest expiry first, expired points gone at their moment.

use serde_json::json;

use super::stage::{Holder, Stage, refused};

/// A holder of a scheme whose points expire after 30 days.
async fn holder(stage: &Stage, gifts: &[i64]) -> Holder {
    let scheme = stage.scheme_with("EXPIRING", json!({"services": {"expiryPoints": {"days": 30}}})).await;
    let holder = stage.holder_of("card", &[(&scheme, "EXPIRING")]).await;
    for points in gifts {
        stage.credit(&holder, *points).await;
    }
    holder
}

/// Moves the expiry of the oldest lot that has something left into the past.
async fn expire_oldest(stage: &Stage) {
    let admin = stage.database.admin().await;
    let sql = "
        update ledger.lots set expires_at = now() - interval '1 second'
         where lot_id = (select lot_id from ledger.lots where remaining > 0 order by expires_at, lot_id limit 1)";
    assert_eq!(admin.execute(sql, &[]).await.unwrap(), 1);
}

#[tokio::test]
async fn expired_points_are_gone_at_once_and_posted_soon_after() {
    let mut stage = Stage::new().await;
    let holder = holder(&stage, &[20_000, 15_000]).await;
    assert_eq!(stage.figures(&holder).await[..3], [35_000, 35_000, 0]);
    expire_oldest(&stage).await;
    assert_eq!(stage.figures(&holder).await[..3], [15_000, 15_000, 0]);
    refused(&stage.spend(&holder, "s-1", 20_000, true).await, 400, "INSUFFICIENT_POINTS");
    let results = stage.calculate(&holder, 35_000).await.expect(200);
    assert_eq!(results["spendAdjudicationResults"]["pointsValue"], 10_000);

    assert_eq!(stage.service.expiry().look().await.unwrap(), 1);
    assert_eq!(stage.service.expiry().look().await.unwrap(), 0);
    assert_eq!(stage.figures(&holder).await[..3], [15_000, 15_000, 0]);
    let target = format!("/wallet/{}/account/{}/transactions", holder.wallet, holder.account);
    let list = stage.get("listAccountTransactions", &target).await.expect(200);
    assert_eq!(
        (&list["results"][0]["event"], &list["results"][0]["value"]),
        (&json!("EXPIRE"), &json!(20_000))
    );
    stage.books_hold().await;
}

#[tokio::test]
async fn a_lock_protects_what_it_holds_and_a_void_of_it_does_not_bring_it_back() {
    let mut stage = Stage::new().await;
    let holder = holder(&stage, &[20_000, 20_000]).await;
    stage.spend(&holder, "kept", 10_000, true).await.expect(200);
    stage.spend(&holder, "given-up", 10_000, true).await.expect(200);
    expire_oldest(&stage).await;
    assert_eq!(stage.figures(&holder).await[..3], [40_000, 20_000, 20_000]);
    stage.settle(&holder, "buy", &["kept"]).await.expect(200);
    stage.void(&holder, "given-up").await.expect(200);
    assert_eq!(stage.figures(&holder).await[..3], [20_000, 20_000, 0]);
    assert_eq!(stage.service.expiry().look().await.unwrap(), 1);
    assert_eq!(stage.figures(&holder).await[..3], [20_000, 20_000, 0]);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_refund_goes_back_to_the_lots_it_came_from() {
    let stage = Stage::new().await;
    let holder = holder(&stage, &[15_000, 15_000]).await;
    stage.spend(&holder, "spend", 20_000, false).await.expect(200);
    let lots = || async {
        let admin = stage.database.admin().await;
        let rows = admin.query("select remaining from ledger.lots order by lot_id", &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, i64>(0)).collect::<Vec<_>>()
    };
    assert_eq!(lots().await, [0, 10_000]);
    for (reference, points) in [("r-1", 7_000), ("r-2", 13_000)] {
        let body = json!({
            "reference": reference, "originalTransaction": {"reference": "spend"}, "pointsValue": points,
        });
        stage.post("refund", "/connect/wallet/refund", &body).await.expect(200);
    }
    assert_eq!(lots().await, [15_000, 15_000]);
    stage.books_hold().await;
}
