//! What a key remembers, and of whom.

use serde_json::json;
use zerosum_tests::{
    Ask, BRAND, OTHER_BRAND, Stage,
    accounting::{id, open, post, transaction, transfer},
};

/// Promise 12.
#[tokio::test]
async fn the_same_key_with_another_body_is_409_and_has_no_effect() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let [from, to] = [client.account("from").await, client.account("to").await];
    let first = client.ask(transfer(&from, &to, 5).key("k")).await;
    assert_eq!(first.status, 201);
    for other in [transfer(&from, &to, 6), transfer(&to, &from, 5), open("another", &json!({}))] {
        let answer = client.ask(other.key("k")).await;
        assert_eq!((answer.status, answer.code()), (409, "idempotency_key_reused"));
    }
    assert_eq!(client.balance(&to).await, 5);
    assert_eq!(
        client.ask(transfer(&from, &to, 5).key("k")).await.raw,
        first.raw,
        "and the first is still told"
    );
    stage.books_hold().await;
}

/// Promise 12.
#[tokio::test]
async fn the_key_of_another_brand_or_caller_is_another_key() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let scope = "write:ledger read:ledger";
    let other_caller = client.with_token(stage.token(BRAND, "till-2", scope));
    let rival = client.with_token(stage.token(OTHER_BRAND, "till-1", scope));
    let [from, to] = [client.account("from").await, client.account("to").await];
    let [rival_from, rival_to] = [rival.account("from").await, rival.account("to").await];
    let answers = [
        client.ask(transfer(&from, &to, 5).key("k")).await,
        other_caller.ask(transfer(&from, &to, 6).key("k")).await,
        rival.ask(transfer(&rival_from, &rival_to, 7).key("k")).await,
    ];
    assert!(answers.iter().all(|answer| (answer.status, answer.replayed) == (201, false)));
    assert_eq!((client.balance(&to).await, rival.balance(&rival_to).await), (11, 7));
    stage.books_hold().await;
}

/// Promise 13.
#[tokio::test]
async fn a_refusal_is_remembered_even_when_it_would_succeed_now() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let bank = client.account("bank").await;
    let till = client.account_with("till", &json!({"min_balance_cents": 0})).await;
    let refused = client.ask(transfer(&till, &bank, 10).key("k")).await;
    assert_eq!((refused.status, refused.code()), (409, "insufficient_balance"));
    client.ask(transfer(&bank, &till, 100)).await.expect(201);
    let again = client.ask(transfer(&till, &bank, 10).key("k")).await;
    assert_eq!((again.status, again.replayed, &again.raw), (409, true, &refused.raw));
    let stored = client.ask(Ask::get("getIdempotentAnswer", "/v1/idempotency/k")).await.expect(200);
    assert_eq!((&stored["status"], &stored["body"]), (&json!(409), &refused.body));
    client.ask(transfer(&till, &bank, 10).key("another")).await.expect(201);
    assert_eq!(client.balance(&till).await, 90);
    stage.books_hold().await;
}

/// Promise 13.
#[tokio::test]
async fn what_blames_the_request_or_the_caller_or_us_is_not_remembered() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let [from, to] = [client.account("from").await, client.account("to").await];
    // 400: unbalanced, then mended under the same key.
    let unbalanced = post(&transaction(&[(&from, -5), (&to, 6)])).key("k");
    assert_eq!(client.ask(unbalanced).await.status, 400);
    let unknown = "01900000-0000-7000-8000-000000000000";
    assert_eq!(client.ask(transfer(&from, unknown, 5).key("k")).await.status, 400);
    // 401 and 403: a bad token, then a token that may not.
    assert_eq!(client.ask(transfer(&from, &to, 5).key("k").token("nonsense")).await.status, 401);
    let reader = stage.token(BRAND, "till-1", "read:ledger");
    assert_eq!(client.ask(transfer(&from, &to, 5).key("k").token(reader)).await.status, 403);
    // 503: the brand is halted.
    stage.as_owner("update ledger.brands set halted_reason = 'a test' where brand_id = 'demo'").await;
    let halted = client.ask(transfer(&from, &to, 5).key("k")).await;
    assert_eq!((halted.status, halted.code()), (503, "ledger_halted"));
    stage.as_owner("update ledger.brands set halted_reason = null").await;
    // 500: the database refuses what no rule of ours foresaw.
    stage.as_owner("alter table ledger.transactions add constraint poison check (memo <> 'poison')").await;
    let mut poisoned = transaction(&[(&from, -5), (&to, 5)]);
    poisoned["memo"] = json!("poison");
    assert_eq!(client.ask(post(&poisoned).key("k")).await.status, 500);
    let missing = client.ask(Ask::get("getIdempotentAnswer", "/v1/idempotency/k")).await;
    assert_eq!(missing.status, 404);

    let done = client.ask(transfer(&from, &to, 5).key("k")).await;
    assert_eq!((done.status, done.replayed), (201, false));
    assert_eq!(client.balance(&to).await, 5);
    stage.books_hold().await;
}

/// Promise 13: a replay does not depend on what the service could do now.
#[tokio::test]
async fn an_answer_is_replayed_even_while_the_brand_is_halted() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let opened = client.ask(open("till", &json!({})).key("k")).await;
    client.ask(transfer(&id(&opened.body), &client.account("bank").await, 1)).await.expect(201);
    stage.as_owner("update ledger.brands set halted_reason = 'a test' where brand_id = 'demo'").await;
    let again = client.ask(open("till", &json!({})).key("k")).await;
    assert_eq!((again.status, again.replayed, &again.raw), (201, true, &opened.raw));
    stage.books_hold().await;
}
