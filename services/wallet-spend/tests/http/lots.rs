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
        with moved as (update ledger.balances set revision = revision + 1)
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

async fn refund(stage: &Stage, reference: &str, points: i64) {
    let body = json!({
        "reference": reference, "originalTransaction": {"reference": "spend"}, "pointsValue": points,
    });
    stage.post("refund", "/connect/wallet/refund", &body).await.expect(200);
}

/// What remains of each lot, oldest first, and in how many days it expires (0: it has).
async fn lots(stage: &Stage) -> Vec<(i64, i64)> {
    let sql = "select remaining, greatest(round(extract(epoch from expires_at - now()) / 86400), 0)::bigint
                 from ledger.lots order by lot_id";
    let rows = stage.database.admin().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn a_lot_that_expired_comes_back_with_what_is_refunded_for_the_grace_time_of_the_brand() {
    let mut stage = Stage::new().await;
    let sql = "insert into wallet.brand_settings (brand_key, unit_id, unit_name, refund_grace_days) values (ledger.brand_key($1), $1, '', 7)";
    stage.database.admin().await.execute(sql, &[&super::stage::BRAND]).await.unwrap();
    let holder = holder(&stage, &[15_000]).await;
    stage.spend(&holder, "spend", 10_000, false).await.expect(200);
    expire_oldest(&stage).await;
    assert_eq!(stage.figures(&holder).await[..3], [0, 0, 0]);
    // The 5,000 that expired unspent stay gone, though no job has posted them.
    refund(&stage, "r-1", 4_000).await;
    assert_eq!(stage.figures(&holder).await[..3], [4_000, 4_000, 0]);
    assert_eq!(lots(&stage).await, [(4_000, 7)]);
    refund(&stage, "r-2", 6_000).await;
    assert_eq!(lots(&stage).await, [(10_000, 7)]);
    assert_eq!(stage.service.expiry().look().await.unwrap(), 0);
    stage.spend(&holder, "again", 10_000, true).await.expect(200);
    stage.books_hold().await;
}

#[tokio::test]
async fn what_is_refunded_beside_a_lock_on_its_expired_lot_comes_back_in_a_lot_of_its_own() {
    let mut stage = Stage::new().await;
    let holder = holder(&stage, &[35_000]).await;
    stage.spend(&holder, "spend", 10_000, false).await.expect(200);
    stage.spend(&holder, "locked", 20_000, true).await.expect(200);
    expire_oldest(&stage).await;
    refund(&stage, "r-1", 10_000).await;
    assert_eq!(stage.figures(&holder).await[..3], [30_000, 10_000, 20_000]);
    assert_eq!(lots(&stage).await, [(25_000, 0), (10_000, 30)]);
    // What the lock gives back has expired.
    stage.void(&holder, "locked").await.expect(200);
    assert_eq!(stage.figures(&holder).await[..3], [10_000, 10_000, 0]);
    assert_eq!(stage.service.expiry().look().await.unwrap(), 1);
    assert_eq!(lots(&stage).await, [(0, 0), (10_000, 30)]);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_scheme_says_when_its_points_expire() {
    let stage = Stage::new().await;
    for (reference, expiry, until) in [
        ("DAYS", json!({"days": 10}), Some("created_at + interval '240 hours'")),
        ("MONTHS", json!({"months": 6}), Some("created_at + interval '6 months'")),
        ("YEARLY", json!({"yearly": "12-31"}), Some("date_trunc('year', created_at) + interval '1 year'")),
        ("NEVER", json!({}), None),
    ] {
        let scheme = stage.scheme_with(reference, json!({"services": {"expiryPoints": expiry}})).await;
        let shown = stage.get("getScheme", &format!("/schemes/points/{scheme}")).await.expect(200);
        assert_eq!(shown["services"]["expiryPoints"], expiry);
        let holder = stage.holder_of(reference, &[(&scheme, reference)]).await;
        stage.credit(&holder, 10_000).await;
        let sql = format!(
            "select count(*), bool_and(abs(extract(epoch from (l.expires_at at time zone 'UTC') - ({}))) < 60)
               from ledger.lots l join wallet.accounts a on a.ledger_account = l.account_id
              where a.account_id = {}",
            until.unwrap_or("created_at").replace("created_at", "(l.created_at at time zone 'UTC')"),
            holder.account
        );
        let row = stage.database.admin().await.query_one(&sql, &[]).await.unwrap();
        let (count, right): (i64, Option<bool>) = (row.get(0), row.get(1));
        assert_eq!((count, right), (i64::from(until.is_some()), until.map(|_| true)), "{reference}");
    }
    for expiry in [
        json!({"days": 1, "months": 1}),
        json!({"yearly": "02-30"}),
        json!({"days": 0}),
        json!({"months": 2, "minimumDays": 3}),
    ] {
        let body = json!({
            "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE", "details": {"name": "x"},
            "rates": {"redemption": {}}, "services": {"expiryPoints": expiry},
        });
        refused(&stage.post("createScheme", "/schemes/points", &body).await, 400, "INVALID_REQUEST");
    }
    stage.books_hold().await;
}
