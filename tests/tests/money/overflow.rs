//! Promise 5: overflow is an error, compared with a 128-bit oracle.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng};
use zerosum_tests::{
    Client, Stage,
    accounting::{post, transaction},
};

/// The largest amount of one entry.
const MOST: i64 = (1 << 53) - 1;
/// As many pairs of entries as a body of 64 KiB takes.
const PAIRS: usize = 300;

/// Posts entries and asserts that the oracle decides the same; the balances are the oracle's afterwards.
async fn post_like_the_oracle(
    client: &Client,
    oracle: &mut BTreeMap<String, i128>,
    entries: &[(&str, i64)],
) -> bool {
    let mut after = oracle.clone();
    let mut fits = true;
    for (account, amount) in entries {
        let balance = after.entry((*account).to_owned()).or_default();
        *balance += i128::from(*amount);
        // Each balance on the way is stored with its entry.
        fits &= i64::try_from(*balance).is_ok();
    }
    let answer = client.ask(post(&transaction(entries))).await;
    if fits {
        assert_eq!(answer.status, 201, "{}", answer.body);
        *oracle = after;
    } else {
        assert_eq!((answer.status, answer.code()), (400, "validation_error"), "{}", answer.body);
        let message = answer.body["message"].as_str().expect("a message");
        assert!(message.contains("64 bits"), "{message}");
    }
    fits
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn balances_at_the_edges_of_64_bits_are_refused_and_never_wrapped() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let [up, down, third] =
        [client.account("up").await, client.account("down").await, client.account("third").await];
    let mut oracle = BTreeMap::new();
    // 2^63 is 1,024 of the largest amounts and a little more: the fourth transaction crosses it.
    let pairs: Vec<(&str, i64)> = (0..PAIRS).flat_map(|_| [(&*up, MOST), (&*down, -MOST)]).collect();
    for fits in [true, true, true, false] {
        assert_eq!(post_like_the_oracle(&client, &mut oracle, &pairs).await, fits);
    }
    // Right up to both edges.
    while let Some(room) = room(&oracle, &up, &down) {
        let amount = room.min(MOST);
        assert!(post_like_the_oracle(&client, &mut oracle, &[(&up, amount), (&down, -amount)]).await);
    }
    assert_eq!(client.balance(&up).await, i64::MAX);
    assert!(!post_like_the_oracle(&client, &mut oracle, &[(&up, 1), (&third, -1)]).await);
    // down stands at -(2^63 - 1): one more fits, two do not.
    assert!(!post_like_the_oracle(&client, &mut oracle, &[(&down, -2), (&third, 2)]).await);
    assert!(post_like_the_oracle(&client, &mut oracle, &[(&down, -1), (&third, 1)]).await);
    assert_eq!(client.balance(&down).await, i64::MIN);

    let mut random = StdRng::seed_from_u64(5);
    let (mut done, mut refused) = (0, 0);
    for _ in 0..300 {
        let accounts = [&*up, &*down, &*third];
        let mut entries: Vec<(&str, i64)> = (0..random.random_range(1..5))
            .map(|_| {
                let most = if random.random_bool(0.5) { 3 } else { MOST / 8 };
                let amount = random.random_range(1..=most);
                let sign = if random.random_bool(0.5) { 1 } else { -1 };
                (accounts[random.random_range(0..3_usize)], sign * amount)
            })
            .collect();
        let sum: i64 = entries.iter().map(|(_, amount)| amount).sum();
        if sum == 0 {
            continue;
        }
        entries.push((accounts[random.random_range(0..3_usize)], -sum));
        match post_like_the_oracle(&client, &mut oracle, &entries).await {
            true => done += 1,
            false => refused += 1,
        }
    }
    for account in [&up, &down, &third] {
        assert_eq!(i128::from(client.balance(account).await), oracle[account.as_str()]);
    }
    assert!(done > 20 && refused > 10, "{done} done, {refused} refused");
    assert!(client.is_balanced().await);
    stage.books_hold().await;
    println!(
        "{done} postings done and {refused} refused at the edges of 64 bits, as the 128-bit oracle has it"
    );
}

/// What still fits of both: above `up`, and below `down` as far as the same number of units goes.
fn room(oracle: &BTreeMap<String, i128>, up: &str, down: &str) -> Option<i64> {
    let above = i128::from(i64::MAX) - oracle[up];
    let below = oracle[down] - i128::from(i64::MIN);
    i64::try_from(above.min(below)).ok().filter(|room| *room > 0)
}
