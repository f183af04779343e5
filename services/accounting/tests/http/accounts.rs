//! Accounts: opening and finding them.

use serde_json::json;

use super::stage::{Ask, Stage};

#[tokio::test]
async fn an_account_is_opened_and_found_again() {
    let stage = Stage::new().await;
    let body = json!({
        "name": "Till 17", "type": "asset", "currency": "USD", "external_id": "till-17",
        "party_type": "store", "party_id": "s-1", "min_balance_cents": -500, "metadata": {"z": 1, "a": 2},
    });
    let opened = stage.ask(Ask::post("createAccount", "/v1/accounts", &body)).await.expect(201);
    assert_eq!((&opened["min_balance_cents"], &opened["max_balance_cents"]), (&json!("-500"), &json!(null)));
    let id = opened["id"].as_str().unwrap();
    let got = stage.ask(Ask::get("getAccount", format!("/v1/accounts/{id}"))).await.expect(200);
    let keys: Vec<&str> = got.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["id", "name", "type", "currency", "metadata", "created_at", "updated_at"]);
    assert_eq!(got["metadata"].to_string(), r#"{"z":1,"a":2}"#);
    assert_eq!(got["created_at"], opened["created_at"]);

    let list = stage.ask(Ask::get("listAccounts", "/v1/accounts?external_id=till-17")).await.expect(200);
    assert_eq!(list["data"], json!([opened]));
    stage.ask(Ask::post("createAccount", "/v1/accounts", &body)).await.refused(
        409,
        "duplicate_external_ref",
        id,
    );
}

#[tokio::test]
async fn accounts_are_listed_page_by_page_newest_first() {
    let stage = Stage::new().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(stage.account(&format!("Account {n}")).await);
    }
    ids.reverse();
    let mut seen = Vec::new();
    let mut target = "/v1/accounts?limit=2".to_owned();
    loop {
        let page = stage.ask(Ask::get("listAccounts", &target)).await.expect(200);
        seen.extend(
            page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        target = format!("/v1/accounts?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn what_an_account_may_not_be() {
    let stage = Stage::new().await;
    let good = json!({"name": "A", "type": "asset", "currency": "USD"});
    for (field, value) in [
        ("name", json!("")),
        ("name", json!(null)),
        ("type", json!("cash")),
        ("currency", json!("usd")),
        ("currency", json!("PTS:1")),
        ("external_id", json!("")),
        ("min_balance_cents", json!(0.5)),
        // An account begins with 0, so its limits allow 0.
        ("min_balance_cents", json!(1)),
        ("max_balance_cents", json!(-1)),
        ("metadata", json!([])),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        stage.ask(Ask::post("createAccount", "/v1/accounts", &bad)).await.refused(
            400,
            "validation_error",
            field,
        );
    }
}
