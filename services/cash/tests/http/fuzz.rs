//! No request makes a 500: requests near good ones, and answers that the document knows.

use serde_json::json;
use zerosum_testkit::fuzz::Fuzz;

use super::stage::{Ask, BRAND, Stage};

const SEED: u64 = 20_261_120;
const ROUNDS: usize = 300;

#[tokio::test]
async fn no_request_makes_a_fault() {
    let stage = Stage::new().await;
    let grant = json!({
        "user_id": "u-1", "brand_id": BRAND, "amount_cents": 5, "source": "s", "reason": "r",
        "expires_at": "2030-01-01T00:00:00Z", "memo": "m",
    });
    let spend = json!({"user_id": "u-1", "brand_id": BRAND, "amount_cents": 5, "reason": "r", "memo": "m"});
    let mut fuzz = Fuzz::seeded(SEED);
    let mut accepted = 0;
    for _ in 0..ROUNDS {
        for (operation, target, good) in
            [("grantCash", "/v1/cash/grants", &grant), ("spendCash", "/v1/cash/spend", &spend)]
        {
            let body = fuzz.near(good);
            let answer = stage.ask(Ask::post(operation, target, &body)).await;
            assert!(answer.status < 500, "{operation} {body} is answered {}", answer.body);
            accepted += usize::from(answer.status < 300);
        }
        let (one, other) = (fuzz.encoded(), fuzz.encoded());
        for (operation, target) in [
            ("getCashBalance", format!("/v1/cash/balance?user_id={one}&brand_id={BRAND}")),
            (
                "getCashLedger",
                format!("/v1/cash/ledger?user_id=u-1&brand_id={BRAND}&cursor={one}&limit={other}"),
            ),
            ("getCashLedger", format!("/v1/cash/ledger?user_id={one}&brand_id={other}")),
            ("getIdempotentAnswer", format!("/v1/idempotency/x{one}")),
        ] {
            let answer = stage.ask(Ask::get(operation, &target)).await;
            assert!(answer.status < 500, "{target} is answered {}", answer.body);
        }
    }
    assert!(accepted > ROUNDS / 10, "only {accepted} requests were good: the others prove less");
    stage.books_hold().await;
}
