//! Bad input: a clear 400 that names the field, and nothing done.

use serde_json::{Value, json};

use super::stage::{Ask, BRAND, Stage};

#[tokio::test]
async fn bad_bodies_are_named_and_do_nothing() {
    let stage = Stage::new().await;
    stage.grant("u-1", 100, json!({})).await.expect(201);
    let spend = json!({"user_id": "u-1", "brand_id": BRAND, "amount_cents": 1, "reason": "r"});
    let grant = json!({"user_id": "u-1", "brand_id": BRAND, "amount_cents": 1, "source": "s"});
    let amounts =
        [json!(0), json!(-1), json!(0.5), json!("1"), json!(null), json!(9_007_199_254_740_992_i64)];
    let mut table: Vec<(&str, Value)> = amounts.into_iter().map(|amount| ("amount_cents", amount)).collect();
    table.extend([
        ("user_id", json!("")),
        ("user_id", json!(7)),
        ("user_id", json!("x".repeat(201))),
        ("user_id", json!("a\0b")),
        ("brand_id", json!("")),
        ("memo", json!(null)),
        ("memo", json!(["no"])),
    ]);
    for (field, value) in &table {
        for (operation, path, good) in [("spendCash", "spend", &spend), ("grantCash", "grants", &grant)] {
            let mut bad = good.clone();
            bad[*field] = value.clone();
            let answer = stage.ask(Ask::post(operation, format!("/v1/cash/{path}"), &bad)).await;
            let names = if value == "a\0b" { "U+0000" } else { field };
            answer.refused(400, "validation_error", names);
        }
    }
    for (field, value) in [
        ("expires_at", json!("2025-02-30T00:00:00Z")),
        ("expires_at", json!("1969-12-31T23:59:59Z")),
        ("expires_at", json!("tomorrow")),
        ("expires_at", json!(null)),
        ("source", json!("")),
        ("reason", json!(null)),
    ] {
        let mut bad = grant.clone();
        bad[field] = value;
        stage.ask(Ask::post("grantCash", "/v1/cash/grants", &bad)).await.refused(
            400,
            "validation_error",
            field,
        );
    }
    for field in ["user_id", "brand_id", "amount_cents", "reason"] {
        let mut bad = spend.clone();
        bad.as_object_mut().unwrap().remove(field);
        stage.ask(Ask::post("spendCash", "/v1/cash/spend", &bad)).await.refused(
            400,
            "validation_error",
            field,
        );
    }
    assert_eq!(stage.balance("u-1").await, 100);
}

#[tokio::test]
async fn bad_queries_are_named() {
    let stage = Stage::new().await;
    stage.grant("u-1", 100, json!({})).await.expect(201);
    for (query, names) in [
        ("brand_id=demo", "user_id"),
        ("user_id=u-1", "brand_id"),
        ("user_id=&brand_id=demo", "user_id"),
        ("user_id=u-1&user_id=u-2&brand_id=demo", "user_id"),
        ("user_id=%00&brand_id=demo", "U+0000"),
        ("user_id=%ff&brand_id=demo", "UTF-8"),
    ] {
        for (operation, path) in [("getCashBalance", "balance"), ("getCashLedger", "ledger")] {
            let ask = Ask::get(operation, format!("/v1/cash/{path}?{query}"));
            stage.ask(ask).await.refused(400, "validation_error", names);
        }
    }
    for bad in ["limit=0", "limit=201", "limit=x", "cursor=x"] {
        let target = format!("/v1/cash/ledger?user_id=u-1&brand_id={BRAND}&{bad}");
        let names = bad.split('=').next().unwrap();
        stage.ask(Ask::get("getCashLedger", target)).await.refused(400, "validation_error", names);
    }
}

#[tokio::test]
async fn one_point_zero_is_one_and_unknown_fields_are_accepted() {
    let stage = Stage::new().await;
    let body = format!(
        r#"{{"user_id":"u-1","brand_id":"{BRAND}","amount_cents":5.0,"source":"s","reason":"","colour":["red"]}}"#
    );
    stage.ask(Ask::post_raw("grantCash", "/v1/cash/grants", body)).await.expect(201);
    assert_eq!(stage.balance("u-1").await, 5);
    // An empty reason says as little as none.
    assert_eq!(stage.ledger("u-1", "").await["data"][0]["reason"], "s");
}
