//! GET /v1/cash/ledger: one row for each transaction, newest first.

use serde_json::json;

use super::stage::{Ask, BRAND, Stage};

#[tokio::test]
async fn a_spend_over_several_grants_is_one_row() {
    let mut stage = Stage::at_noon().await;
    let first = stage.grant("u-1", 100, json!({"expires_at": "2026-06-03T00:00:00Z"})).await.expect(201);
    let second = stage
        .grant("u-1", 100, json!({"expires_at": "2026-06-02T00:00:00Z", "reason": "sorry", "memo": "late"}))
        .await
        .expect(201);
    let spent = stage.spend("u-1", 150).await.expect(201);
    stage.set_clock("2026-06-04T00:00:00Z");
    assert_eq!(stage.service.expiry().look().await.unwrap(), 1);

    let page = stage.ledger("u-1", "").await;
    let rows = page["data"].as_array().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| json!([row["type"], row["amount_cents"], row["grant_id"], row["reason"], row["memo"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["expiry", -50, first["grant_id"], "expired", null]),
            json!(["spend", -150, null, "purchase", null]),
            json!(["grant", 100, second["grant_id"], "sorry", "late"]),
            // The reason of a grant without one is its source.
            json!(["grant", 100, first["grant_id"], "campaign", null]),
        ]
    );
    assert_eq!(rows[1]["id"], spent["entry_id"]);
    assert_eq!(rows[1]["created_at"], spent["created_at"]);
    let keys: Vec<&str> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["id", "account_id", "grant_id", "amount_cents", "type", "reason", "memo", "created_at"]
    );
    stage.books_hold().await;
}

#[tokio::test]
async fn pages_meet_without_a_gap_and_a_cursor_is_its_account_s_own() {
    let stage = Stage::new().await;
    stage.grant("u-2", 1, json!({})).await.expect(201);
    for amount in [3, 4, 5] {
        stage.grant("u-1", amount, json!({})).await.expect(201);
    }
    // Three entries each, of which a page must not show one for a row.
    for _ in 0..2 {
        stage.spend("u-1", 6).await.expect(201);
    }
    let mut seen = Vec::new();
    let mut more = "&limit=2".to_owned();
    loop {
        let page = stage.ledger("u-1", &more).await;
        seen.extend(page["data"].as_array().unwrap().iter().map(|row| row["amount_cents"].as_i64().unwrap()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        let target = format!("/v1/cash/ledger?user_id=u-2&brand_id={BRAND}&cursor={cursor}");
        stage.ask(Ask::get("getCashLedger", target)).await.refused(400, "validation_error", "cursor");
        more = format!("&limit=2&cursor={cursor}");
    }
    assert_eq!(seen, [-6, -6, 5, 4, 3]);
}

/// Longer than the distance of two milestones of the chain that its entries are.
#[tokio::test]
async fn a_long_history_has_its_rows_whole_wherever_a_page_begins() {
    let stage = Stage::new().await;
    // Six entries each: a spend takes all of three grants.
    for _ in 0..25 {
        for _ in 0..3 {
            stage.grant("u-1", 2, json!({})).await.expect(201);
        }
        stage.spend("u-1", 6).await.expect(201);
    }
    for limit in [1, 3, 7, 50] {
        let mut seen = Vec::new();
        let mut more = format!("&limit={limit}");
        loop {
            let page = stage.ledger("u-1", &more).await;
            let rows = page["data"].as_array().unwrap();
            assert!(!rows.is_empty() && rows.len() <= limit);
            seen.extend(rows.iter().map(|row| row["amount_cents"].as_i64().unwrap()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            more = format!("&limit={limit}&cursor={cursor}");
        }
        assert_eq!(seen, [-6, 2, 2, 2].repeat(25), "{limit}");
    }
    stage.books_hold().await;
}
