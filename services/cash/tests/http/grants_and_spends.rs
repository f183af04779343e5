//! POST /v1/cash/grants, POST /v1/cash/spend, GET /v1/cash/balance.

use serde_json::json;

use super::stage::{Ask, BRAND, Stage};

#[tokio::test]
async fn a_grant_is_given_and_a_spend_takes_from_it() {
    let stage = Stage::new().await;
    let granted = stage.grant("u-1", 2_500, json!({})).await.expect(201);
    let keys: Vec<&str> = granted.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["grant_id", "account_id", "amount_cents", "balance_cents", "created_at"]);
    assert_eq!((&granted["amount_cents"], &granted["balance_cents"]), (&json!(2_500), &json!(2_500)));

    let spent = stage.spend("u-1", 700).await.expect(201);
    let keys: Vec<&str> = spent.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["entry_id", "account_id", "amount_cents", "balance_cents", "created_at"]);
    // The 201 echoes the positive amount that was sent.
    assert_eq!((&spent["amount_cents"], &spent["balance_cents"]), (&json!(700), &json!(1_800)));
    assert_eq!(spent["account_id"], granted["account_id"]);

    let target = format!("/v1/cash/balance?user_id=u-1&brand_id={BRAND}");
    assert_eq!(
        stage.ask(Ask::get("getCashBalance", target)).await.expect(200),
        json!({
            "account_id": granted["account_id"], "user_id": "u-1", "brand_id": BRAND,
            "balance_cents": 1_800, "currency": "USD",
        })
    );
    stage.books_hold().await;
}

#[tokio::test]
async fn a_spend_that_is_not_covered_is_refused() {
    let stage = Stage::new().await;
    stage.grant("u-1", 300, json!({})).await.expect(201);
    stage.spend("u-1", 301).await.refused(409, "insufficient_balance", "300");
    stage.spend("u-1", 300).await.expect(201);
    stage.spend("u-1", 1).await.refused(409, "insufficient_balance", "/amount_cents");
    assert_eq!(stage.balance("u-1").await, 0);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_user_who_never_had_cash_is_not_found() {
    let stage = Stage::new().await;
    stage.spend("u-9", 1).await.refused(404, "not_found", "user_id");
    for (operation, path) in [("getCashBalance", "balance"), ("getCashLedger", "ledger")] {
        let target = format!("/v1/cash/{path}?user_id=u-9&brand_id={BRAND}");
        stage.ask(Ask::get(operation, target)).await.refused(404, "not_found", "user_id");
    }
}

#[tokio::test]
async fn users_are_told_apart_whatever_their_ids_are() {
    let stage = Stage::new().await;
    let users = ["a", "A", "a ", "ä", "cash:user:a", "a'; --", "🦀", "0"];
    for (place, user) in users.iter().enumerate() {
        stage.grant(user, i64::try_from(place).unwrap() + 1, json!({})).await.expect(201);
    }
    for (place, user) in users.iter().enumerate() {
        let user: String = user.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(stage.balance(&user).await, i64::try_from(place).unwrap() + 1, "{user}");
    }
    let longest = "🦀".repeat(200);
    stage.grant(&longest, 7, json!({})).await.expect(201);
    stage.books_hold().await;
}

#[tokio::test]
async fn the_funding_of_a_brand_mirrors_what_its_users_have() {
    let stage = Stage::new().await;
    for user in ["u-1", "u-2"] {
        stage.grant(user, 500, json!({})).await.expect(201);
    }
    stage.spend("u-1", 200).await.expect(201);
    let sql =
        "select a.code, b.posted from ledger.accounts a join ledger.balances b using (brand_key, account_id)
                where a.code not like 'cash:user:%' order by a.code";
    let rows = stage.database.admin().await.query(sql, &[]).await.unwrap();
    let brand: Vec<(String, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(brand, [("cash:funding".to_owned(), -1_000), ("cash:redemption".to_owned(), 200)]);
}
