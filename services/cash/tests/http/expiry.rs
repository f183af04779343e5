//! Expiry: respected at once, posted soon, and once.

use serde_json::json;

use super::stage::Stage;

#[tokio::test]
async fn what_has_expired_is_gone_at_once_and_its_expiry_is_posted_once() {
    let mut stage = Stage::at_noon().await;
    stage.grant("u-1", 70, json!({"expires_at": "2026-06-01T13:00:00Z"})).await.expect(201);
    stage.grant("u-1", 30, json!({})).await.expect(201);
    stage.set_clock("2026-06-01T12:59:59.999999Z");
    assert_eq!(stage.balance("u-1").await, 100);
    assert_eq!(stage.service.expiry().look().await.unwrap(), 0);

    // At its very moment, before any job has run.
    stage.set_clock("2026-06-01T13:00:00Z");
    assert_eq!(stage.balance("u-1").await, 30);
    stage.spend("u-1", 31).await.refused(409, "insufficient_balance", "30");
    assert_eq!(stage.spend("u-1", 10).await.expect(201)["balance_cents"], 20);

    assert_eq!(stage.service.expiry().look().await.unwrap(), 1);
    assert_eq!(stage.service.expiry().look().await.unwrap(), 0);
    assert_eq!(stage.balance("u-1").await, 20);
    stage.books_hold().await;
}

#[tokio::test]
async fn two_processes_that_expire_at_once_post_each_expiry_once() {
    let mut stage = Stage::at_noon().await;
    for user in 0..40 {
        for _ in 0..3 {
            let more = json!({"expires_at": "2026-06-01T13:00:00Z"});
            stage.grant(&format!("u-{user}"), 5, more).await.expect(201);
        }
    }
    stage.set_clock("2026-06-01T14:00:00Z");
    let mut second = stage.another_process();
    let (one, other) = tokio::join!(stage.service.expiry().look(), second.expiry().look());
    assert_eq!(one.unwrap() + other.unwrap(), 120);
    let sql = "select count(*), coalesce(sum(posted), 0)::bigint from ledger.transactions t,
                      (select posted from ledger.accounts join ledger.balances using (brand_key, account_id)
                        where code = 'cash:breakage') b where t.type = 'cash.expiry'";
    let row = stage.database.admin().await.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (120, 120 * 600));
    stage.books_hold().await;
}

#[tokio::test]
async fn a_grant_that_has_expired_before_it_is_given_is_never_usable() {
    let mut stage = Stage::at_noon().await;
    let past = json!({"expires_at": "1970-01-01T00:00:00Z"});
    assert_eq!(stage.grant("u-1", 70, past).await.expect(201)["balance_cents"], 0);
    stage.spend("u-1", 1).await.refused(409, "insufficient_balance", "0");
    assert_eq!(stage.service.expiry().look().await.unwrap(), 1);
    let never = json!({"expires_at": "9999-12-31T23:59:59Z"});
    assert_eq!(stage.grant("u-1", 70, never).await.expect(201)["balance_cents"], 70);
    stage.books_hold().await;
}
