//! POST /v1/transactions: what is posted, and what is refused.

use serde_json::json;

use super::stage::{Ask, Stage, transaction};

#[tokio::test]
async fn a_transaction_is_posted_and_answered_in_the_order_of_its_entries() {
    let stage = Stage::new().await;
    let (till, sales) = (stage.account("Till").await, stage.account("Sales").await);
    let body = json!({
        "type": "payout", "external_ref": "payment-1", "memo": "weekly", "metadata": {"b": 1, "a": [1.5]},
        "entries": [
            {"account_id": till, "amount_cents": 1500, "memo": "to the bank"},
            {"account_id": sales, "amount_cents": -1000},
            {"account_id": sales, "amount_cents": -500.0, "memo": null},
        ],
    });
    let posted = stage.post(&body).await.expect(201);
    let id = posted["id"].as_str().unwrap();
    let keys: Vec<&str> = posted.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["id", "type", "external_ref", "memo", "posted_at", "entries"]);
    assert_eq!(
        posted["entries"],
        json!([
            {"id": format!("{id}-0"), "account_id": till, "amount_cents": 1500, "memo": "to the bank"},
            {"id": format!("{id}-1"), "account_id": sales, "amount_cents": -1000, "memo": null},
            {"id": format!("{id}-2"), "account_id": sales, "amount_cents": -500, "memo": null},
        ])
    );
    assert_eq!(stage.balance(&till).await, "1500");
    assert_eq!(stage.balance(&sales).await, "-1500");

    let detail = stage.ask(Ask::get("getTransaction", format!("/v1/transactions/{id}"))).await.expect(200);
    assert_eq!(detail["metadata"], json!({"b": 1, "a": [1.5]}));
    assert_eq!(detail["entries"], posted["entries"]);
    assert_eq!(detail["posted_at"], posted["posted_at"]);
    stage.books_hold().await;
}

#[tokio::test]
async fn what_does_not_sum_to_zero_in_every_currency_is_refused() {
    let stage = Stage::new().await;
    let usd = stage.account("USD").await;
    let other = stage.account("More USD").await;
    let eur = stage.account_with("EUR", json!({"currency": "EUR"})).await;
    stage.post(&transaction(&[(&usd, 5), (&other, -4)])).await.refused(400, "validation_error", "/entries");
    stage.post(&transaction(&[(&usd, 5), (&eur, -5)])).await.refused(400, "validation_error", "USD");
    assert_eq!(stage.balance(&usd).await, "0");
    let eur2 = stage.account_with("EUR 2", json!({"currency": "EUR"})).await;
    // Two currencies that each sum to zero may meet in one transaction.
    stage.post(&transaction(&[(&usd, 5), (&eur, -3), (&other, -5), (&eur2, 3)])).await.expect(201);
    stage.books_hold().await;
}

#[tokio::test]
async fn an_unknown_account_is_named_by_its_place() {
    let stage = Stage::new().await;
    let till = stage.account("Till").await;
    for missing in
        ["0199c2d4-8f10-7000-8000-00000000dead", "nonsense", "'; drop table", &till.to_uppercase()[..8]]
    {
        stage.post(&transaction(&[(&till, 5), (missing, -5)])).await.refused(
            400,
            "validation_error",
            "/entries/1/account_id",
        );
    }
    assert_eq!(stage.balance(&till).await, "0");
}

#[tokio::test]
async fn a_limit_is_not_passed() {
    let stage = Stage::new().await;
    let till = stage.account_with("Till", json!({"min_balance_cents": 0, "max_balance_cents": 100})).await;
    let bank = stage.account("Bank").await;
    stage.post(&transaction(&[(&till, -1), (&bank, 1)])).await.refused(
        409,
        "insufficient_balance",
        "between",
    );
    stage.post(&transaction(&[(&bank, -101), (&till, 101)])).await.refused(
        409,
        "insufficient_balance",
        "/entries/1",
    );
    stage.post(&transaction(&[(&till, 100), (&bank, -100)])).await.expect(201);
    assert_eq!(stage.balance(&till).await, "100");
    stage.books_hold().await;
}

#[tokio::test]
async fn a_balance_that_does_not_fit_64_bits_is_refused_and_not_remembered() {
    let stage = Stage::new().await;
    let (one, other) = (stage.account("One").await, stage.account("Other").await);
    let admin = stage.database.admin().await;
    let near = i64::MAX - 10;
    // Planted by hand, because a thousand postings of 2^53 would be needed to get there.
    for (account, posted) in [(&one, near), (&other, -near)] {
        let sql = "update ledger.balances set posted = $2 where account_id = $1";
        admin.execute(sql, &[&account.parse::<uuid::Uuid>().unwrap(), &posted]).await.unwrap();
    }
    let body = transaction(&[(&one, 11), (&other, -11)]);
    for _ in 0..2 {
        let answer = stage.ask(Ask::post("postTransaction", "/v1/transactions", &body).key("same")).await;
        answer.refused(400, "validation_error", "64 bits");
        assert!(!answer.replayed);
    }
    stage.post(&transaction(&[(&one, 10), (&other, -10)])).await.expect(201);
}

#[tokio::test]
async fn a_business_event_is_posted_once_per_type_for_ever() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let mut event = transaction(&[(&till, 5), (&bank, -5)]);
    event["external_ref"] = json!("order-7");
    let first = stage.post(&event).await.expect(201);
    let id = first["id"].as_str().unwrap();
    stage.post(&event).await.refused(409, "duplicate_external_ref", id);
    event["type"] = json!("refund");
    stage.post(&event).await.expect(201);
    // An empty reference is none, and none may be sent often.
    event["external_ref"] = json!("");
    for _ in 0..2 {
        assert_eq!(stage.post(&event).await.expect(201)["external_ref"], json!(null));
    }
    let found =
        stage.ask(Ask::get("listTransactions", "/v1/transactions?external_ref=order-7")).await.expect(200);
    let kinds: Vec<&str> =
        found["data"].as_array().unwrap().iter().map(|found| found["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["refund", "payout"]);
}
