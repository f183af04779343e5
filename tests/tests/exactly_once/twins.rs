//! Twins: the same request many times at once.

use std::collections::HashSet;

use zerosum_tests::{Stage, accounting::transfer, crowd::crowd};

/// Promise 9. 20,000 requests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_keys_twenty_times_each_at_once_have_one_effect_each() {
    const KEYS: usize = 1_000;
    const TWINS: usize = 20;
    /// Three keys' twins are under way at any time, so that batches mix keys.
    const CLIENTS: usize = 64;
    let stage = Stage::new().await;
    // Two instances: a key's twins meet in one batch, and in two.
    let instances = [stage.accounting().await, stage.accounting().await];
    let [from, to] = [instances[0].account("from").await, instances[0].account("to").await];
    let jobs = (0..KEYS).flat_map(|key| (0..TWINS).map(move |twin| (key, twin)));
    let answers = crowd(CLIENTS, jobs, |(key, twin)| {
        let client = instances[twin % 2].clone();
        let ask = transfer(&from, &to, 1).key(format!("key-{key}"));
        async move { client.until_decided(ask).await }
    })
    .await;
    let resends: usize = answers.iter().map(|(_, resends)| resends).sum();
    let mut effects = HashSet::new();
    for twins in answers.chunks(TWINS) {
        let (first, _) = &twins[0];
        assert_eq!(first.status, 201, "{}", first.body);
        assert!(twins.iter().all(|(twin, _)| (twin.status, &twin.raw) == (first.status, &first.raw)));
        assert_eq!(twins.iter().filter(|(twin, _)| !twin.replayed).count(), 1, "one of them was the first");
        effects.insert(first.body["id"].as_str().expect("an id").to_owned());
    }
    assert_eq!(effects.len(), KEYS);
    assert_eq!(instances[0].balance(&to).await, i64::try_from(KEYS).expect("small"));
    let report = stage.books_hold().await;
    assert_eq!(report.counts.transactions, KEYS as u64);
    println!(
        "{KEYS} keys x {TWINS} submits over 2 instances: {KEYS} effects, equal bodies; {resends} resends"
    );
}
