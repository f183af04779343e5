//! Who may do what, and whose money.

use serde_json::json;

use super::stage::{Ask, BRAND, OTHER_BRAND, Stage, spend};

#[tokio::test]
async fn the_brand_of_a_request_is_the_token_s() {
    let stage = Stage::new().await;
    stage.grant("u-1", 100, json!({})).await.expect(201);
    let rival = || stage.token(Some(OTHER_BRAND), "till-1", "admin:*");
    stage.ask(spend("u-1", 1).token(rival())).await.refused(403, "forbidden", "brand_id");
    for (operation, path) in [("getCashBalance", "balance"), ("getCashLedger", "ledger")] {
        let target = format!("/v1/cash/{path}?user_id=u-1&brand_id={BRAND}");
        stage.ask(Ask::get(operation, target).token(rival())).await.refused(403, "forbidden", "brand_id");
        // In its own brand the user of another does not exist.
        let target = format!("/v1/cash/{path}?user_id=u-1&brand_id={OTHER_BRAND}");
        stage.ask(Ask::get(operation, target).token(rival())).await.refused(404, "not_found", "user_id");
    }
    assert_eq!(stage.balance("u-1").await, 100);
}

#[tokio::test]
async fn a_machine_s_token_names_its_brand_in_a_header() {
    let stage = Stage::new().await;
    stage.grant("u-1", 100, json!({})).await.expect(201);
    let machine = || stage.token(None, "worker", "write:cash");
    stage.ask(spend("u-1", 1).token(machine())).await.refused(403, "forbidden", "X-Brand-Id");
    stage.ask(spend("u-1", 1).token(machine()).header("x-brand-id", BRAND)).await.expect(201);
    stage.ask(spend("u-1", 1).token(machine()).header("x-brand-id", OTHER_BRAND)).await.refused(
        403,
        "forbidden",
        "brand_id",
    );
    let own = stage.token(Some(BRAND), "till-1", "write:cash");
    stage.ask(spend("u-1", 1).token(own).header("x-brand-id", OTHER_BRAND)).await.refused(
        403,
        "forbidden",
        "X-Brand-Id",
    );
}

#[tokio::test]
async fn each_route_has_its_scope() {
    let stage = Stage::new().await;
    stage.grant("u-1", 100, json!({})).await.expect(201);
    let body = json!({"user_id": "u-1", "brand_id": BRAND, "amount_cents": 1, "source": "s"});
    let grant = || Ask::post("grantCash", "/v1/cash/grants", &body);
    let balance = || Ask::get("getCashBalance", format!("/v1/cash/balance?user_id=u-1&brand_id={BRAND}"));
    let token = |scope| stage.token(Some(BRAND), "till-1", scope);
    for scope in ["write:cash", "manage:cash", "read:cash_balance", ""] {
        stage.ask(grant().token(token(scope))).await.refused(403, "insufficient_scope", "admin:cash");
    }
    stage.ask(grant().token(token("admin:cash"))).await.expect(201);
    stage.ask(spend("u-1", 1).token(token("read:cash_balance"))).await.refused(
        403,
        "insufficient_scope",
        "write:cash",
    );
    stage.ask(spend("u-1", 1).token(token("manage:cash"))).await.expect(201);
    stage.ask(balance().token(token("write:cash"))).await.refused(
        403,
        "insufficient_scope",
        "read:cash_balance",
    );
    stage.ask(balance().token(token("read:cash_balance"))).await.expect(200);
}
