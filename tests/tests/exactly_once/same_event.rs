//! The same thing twice in one batch, and a bad thing among good ones.

use serde_json::{Value, json};
use zerosum_tests::{
    Ask, Stage,
    accounting::{id, post, transaction, transfer},
    crowd::{by_status, crowd},
};

/// As many as fit one batch, all at once.
const AT_ONCE: usize = 100;

fn event(from: &str, to: &str, external_ref: &str) -> Value {
    let mut body = transaction(&[(from, -5), (to, 5)]);
    body["external_ref"] = json!(external_ref);
    body
}

/// Promise 15.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_business_event_under_many_keys_has_one_effect_and_names_it() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let [from, to] = [client.account("from").await, client.account("to").await];
    let body = event(&from, &to, "order-1");
    let answers = crowd(AT_ONCE, 0..AT_ONCE, |_| {
        let (client, ask) = (client.clone(), post(&body));
        async move { client.until_decided(ask).await.0 }
    })
    .await;
    let first = answers.iter().find(|answer| answer.status == 201).expect("one of them was posted");
    for other in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((other.status, other.code()), (409, "duplicate_external_ref"));
        let message = other.body["message"].as_str().expect("a message");
        assert!(message.contains(&id(&first.body)), "{message} names the first");
    }
    assert_eq!(by_status(&answers), [(201, 1), (409, AT_ONCE - 1)].into());
    assert_eq!(client.balance(&to).await, 5);
    stage.books_hold().await;
    println!("one business event under {AT_ONCE} keys at once: 1 effect");
}

/// Promise 15: in one request too.
#[tokio::test]
async fn the_same_business_event_twice_in_one_batch_request_has_one_effect() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let [from, to] = [client.account("from").await, client.account("to").await];
    let twice = |atomic: bool, external_ref: &str| {
        let item = event(&from, &to, external_ref);
        let body = json!({"atomic": atomic, "transactions": [item, item]});
        Ask::post("postTransactionBatch", "/v1/transactions/batch", &body)
    };
    let each = client.ask(twice(false, "order-1")).await.expect(207);
    assert_eq!((&each["results"][0]["status"], &each["results"][1]["status"]), (&json!(201), &json!(409)));
    assert_eq!(client.ask(twice(true, "order-2")).await.status, 409);
    assert_eq!(client.balance(&to).await, 5, "all of an atomic batch or nothing");
    stage.books_hold().await;
}

/// Promise 15: the twin of a key that waits in the same batch.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_many_times_in_one_batch_is_answered_alike() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let [from, to] = [client.account("from").await, client.account("to").await];
    let answers = crowd(AT_ONCE, 0..AT_ONCE, |_| {
        let (client, ask) = (client.clone(), transfer(&from, &to, 5).key("k"));
        async move { client.until_decided(ask).await.0 }
    })
    .await;
    assert!(answers.iter().all(|answer| answer.status == 201 && answer.raw == answers[0].raw));
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert_eq!(client.balance(&to).await, 5);
    stage.books_hold().await;
    println!("one key {AT_ONCE} times at once: 1 effect, equal bodies");
}

/// Promise 19.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_command_in_a_batch_fails_alone() {
    /// Every tenth is refused by the database itself, which takes its whole batch down with it.
    const ROUNDS: usize = 10;
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let [from, to] = [client.account("from").await, client.account("to").await];
    stage.as_owner("alter table ledger.transactions add constraint poison check (memo <> 'poison')").await;
    let answers = crowd(AT_ONCE, 0..AT_ONCE * ROUNDS, |n| {
        let mut body = transaction(&[(&from, -1), (&to, 1)]);
        body["memo"] = json!(if n % 10 == 0 { "poison" } else { "fine" });
        let (client, ask) = (client.clone(), post(&body));
        async move { (n, client.until_decided(ask).await.0) }
    })
    .await;
    for (n, answer) in &answers {
        assert_eq!(answer.status, if n % 10 == 0 { 500 } else { 201 }, "{n}: {}", answer.body);
    }
    let good = AT_ONCE * ROUNDS * 9 / 10;
    assert_eq!(client.balance(&to).await, i64::try_from(good).expect("small"));
    stage.books_hold().await;
    println!("{} commands, every tenth poisoned: {good} done, the others refused alone", AT_ONCE * ROUNDS);
}
