//! Who may do what, and that another brand's things do not exist.

use serde_json::json;

use super::stage::{Ask, BRAND, OTHER_BRAND, Stage, transaction};

#[tokio::test]
async fn another_brand_s_id_answers_like_a_missing_one() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let posted = stage.post(&transaction(&[(&till, 5), (&bank, -5)])).await.expect(201);
    let id = posted["id"].as_str().unwrap();
    let rival = || stage.token(OTHER_BRAND, "till-1", "admin:*");
    for (operation, target) in [
        ("getAccount", format!("/v1/accounts/{till}")),
        ("getAccountBalance", format!("/v1/accounts/{till}/balance")),
        ("getAccountBalance", format!("/v1/accounts/{till}/balance?at=2030-01-01T00:00:00Z")),
        ("getAccountLedger", format!("/v1/accounts/{till}/ledger")),
        ("getTransaction", format!("/v1/transactions/{id}")),
    ] {
        let theirs = stage.ask(Ask::get(operation, &target).token(rival())).await;
        let missing =
            stage.ask(Ask::get(operation, target.replace(&till, "nonsense").replace(id, "nonsense"))).await;
        theirs.refused(404, "not_found", "");
        assert_eq!(theirs.raw, missing.raw, "{target}");
    }
    let path = format!("/v1/transactions/{id}/reverse");
    stage.ask(Ask::post("reverseTransaction", path, &json!({})).token(rival())).await.refused(
        404,
        "not_found",
        "",
    );
    let steal = transaction(&[(&till, -5), (&bank, 5)]);
    let theirs = stage.ask(Ask::post("postTransaction", "/v1/transactions", &steal).token(rival())).await;
    theirs.refused(400, "validation_error", "/entries/0/account_id");
    for list in ["/v1/accounts", "/v1/transactions"] {
        let operation = if list.ends_with("accounts") { "listAccounts" } else { "listTransactions" };
        assert_eq!(stage.ask(Ask::get(operation, list).token(rival())).await.expect(200)["data"], json!([]));
    }
    let books = stage.ask(Ask::get("getTrialBalance", "/v1/trial-balance").token(rival())).await.expect(200);
    assert_eq!(books["totals"], json!([]));
}

#[tokio::test]
async fn a_scope_that_is_missing_is_403_and_a_token_that_is_missing_401() {
    let stage = Stage::new().await;
    let reader = stage.token(BRAND, "till-1", "read:ledger");
    let body = json!({"name": "Till", "type": "asset", "currency": "USD"});
    stage.ask(Ask::post("createAccount", "/v1/accounts", &body).token(reader)).await.refused(
        403,
        "insufficient_scope",
        "write:ledger",
    );
    let manager = stage.token(BRAND, "till-1", "manage:ledger");
    stage.ask(Ask::post("createAccount", "/v1/accounts", &body).token(manager)).await.expect(201);
    stage.ask(Ask::get("listAccounts", "/v1/accounts").token("not.a.token")).await.refused(
        401,
        "invalid_token",
        "",
    );
    let request = http::Request::get("/v1/accounts").header("host", "localhost");
    let answer = stage.send("listAccounts", request.body(http_body_util::Full::default()).unwrap()).await;
    answer.refused(401, "unauthenticated", "");
}

#[tokio::test]
async fn a_brand_that_is_not_set_up_may_do_nothing() {
    let stage = Stage::new().await;
    let body = json!({"name": "Till", "type": "asset", "currency": "USD"});
    let nobody = stage.token("nobody", "till-1", "admin:*");
    stage.ask(Ask::post("createAccount", "/v1/accounts", &body).token(nobody)).await.refused(
        403,
        "forbidden",
        "brand",
    );
}
