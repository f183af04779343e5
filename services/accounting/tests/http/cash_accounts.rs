//! Accounts that the cash service keeps: accounting answers for them, and lets nobody post to them.

use serde_json::{Value, json};

use super::stage::{Ask, BRAND, Stage, transaction};

async fn granted(stage: &Stage) -> Value {
    let body = json!({"user_id": "u-1", "brand_id": BRAND, "amount_cents": 2_500, "source": "campaign"});
    stage.cash().ask(Ask::post("grantCash", "/v1/cash/grants", &body)).await.expect(201)
}

#[tokio::test]
async fn accounting_answers_for_a_user_s_cash() {
    let stage = Stage::new().await;
    let granted = granted(&stage).await;
    let account = granted["account_id"].as_str().unwrap();
    assert_eq!(stage.balance(account).await, "2500");
    let ask = Ask::get("getAccountLedger", format!("/v1/accounts/{account}/ledger"));
    let ledger = stage.ask(ask).await.expect(200);
    assert_eq!(ledger["data"][0]["amount_cents"], "2500");
    let posted = ledger["data"][0]["transaction_id"].as_str().unwrap();
    let ask = Ask::get("getTransaction", format!("/v1/transactions/{posted}"));
    let transaction = stage.ask(ask).await.expect(200);
    assert_eq!(
        (&transaction["type"], &transaction["metadata"]["source"]),
        (&json!("cash.grant"), &json!("campaign"))
    );
    stage.books_hold().await;
}

#[tokio::test]
async fn they_take_no_postings_and_no_reversals_from_here() {
    let stage = Stage::new().await;
    let granted = granted(&stage).await;
    let account = granted["account_id"].as_str().unwrap();
    let bank = stage.account("Bank").await;
    let steal = transaction(&[(&bank, 2_500), (account, -2_500)]);
    let answer = stage.post(&steal).await;
    answer.refused(403, "forbidden", "/entries/1/account_id");
    answer.refused(403, "forbidden", "cash");

    let ledger =
        stage.ask(Ask::get("getAccountLedger", format!("/v1/accounts/{account}/ledger"))).await.expect(200);
    let posted = ledger["data"][0]["transaction_id"].as_str().unwrap();
    let path = format!("/v1/transactions/{posted}/reverse");
    stage.ask(Ask::post("reverseTransaction", path, &json!({}))).await.refused(403, "forbidden", "cash");

    let body = json!({"atomic": true, "transactions": [steal]});
    let batch = Ask::post("postTransactionBatch", "/v1/transactions/batch", &body);
    stage.ask(batch).await.refused(403, "forbidden", "/transactions/0/entries/1");
    assert_eq!(stage.balance(account).await, "2500");
    stage.books_hold().await;
}
