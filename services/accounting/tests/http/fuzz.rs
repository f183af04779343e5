//! No request makes a 500: requests near good ones, and answers that the document knows.

use serde_json::json;
use zerosum_testkit::fuzz::Fuzz;

use super::stage::{Ask, Stage, transaction};

const SEED: u64 = 20_261_120;
const ROUNDS: usize = 300;

#[tokio::test]
async fn no_body_makes_a_fault() {
    let stage = Stage::new().await;
    let (till, bank) = (stage.account("Till").await, stage.account("Bank").await);
    let mut good = transaction(&[(&till, 5), (&bank, -5)]);
    good["external_ref"] = json!("order-7");
    good["memo"] = json!("m");
    good["metadata"] = json!({"a": [1, {"b": null}]});
    let account = json!({
        "name": "A", "type": "asset", "currency": "USD", "external_id": "a-1", "party_type": "store",
        "party_id": "1", "min_balance_cents": -5, "max_balance_cents": 5, "metadata": {},
    });
    let batch = json!({"atomic": false, "transactions": [good, good]});
    let posted = stage.post(&transaction(&[(&till, 5), (&bank, -5)])).await.expect(201);
    let reverse = format!("/v1/transactions/{}/reverse", posted["id"].as_str().unwrap());
    let mut fuzz = Fuzz::seeded(SEED);
    let mut accepted = 0;
    for _ in 0..ROUNDS {
        for (operation, target, good) in [
            ("postTransaction", "/v1/transactions", &good),
            ("postTransactionBatch", "/v1/transactions/batch", &batch),
            ("createAccount", "/v1/accounts", &account),
            ("reverseTransaction", &*reverse, &json!({"memo": "m", "external_ref": "r", "metadata": {}})),
        ] {
            let body = fuzz.near(good);
            let answer = stage.ask(Ask::post(operation, target, &body)).await;
            assert!(answer.status < 500, "{operation} {body} is answered {}", answer.body);
            accepted += usize::from(answer.status < 300);
        }
    }
    assert!(accepted > ROUNDS / 10, "only {accepted} requests were good: the others prove less");
    stage.books_hold().await;
}

#[tokio::test]
async fn no_target_makes_a_fault() {
    let stage = Stage::new().await;
    let till = stage.account("Till").await;
    let mut fuzz = Fuzz::seeded(SEED);
    for _ in 0..ROUNDS {
        let (one, other) = (fuzz.encoded(), fuzz.encoded());
        for (operation, target) in [
            ("getAccountBalance", format!("/v1/accounts/{till}/balance?at={one}")),
            ("getAccountLedger", format!("/v1/accounts/{till}/ledger?cursor={one}&limit={other}")),
            ("listAccounts", format!("/v1/accounts?external_id={one}&cursor={other}")),
            ("listTransactions", format!("/v1/transactions?external_ref={one}&{other}={one}")),
            ("getTrialBalance", format!("/v1/trial-balance?at={one}")),
            ("getAccount", format!("/v1/accounts/x{one}")),
            ("getTransaction", format!("/v1/transactions/x{one}")),
            ("getIdempotentAnswer", format!("/v1/idempotency/x{one}")),
        ] {
            let answer = stage.ask(Ask::get(operation, &target)).await;
            assert!(answer.status < 500, "{target} is answered {}", answer.body);
        }
    }
}
