//! Two instances that are asked the same at the same time, hundreds at once: what one of them is about to do, the other
//! may have done, and left the same balances.

use serde_json::json;
use zerosum_tests::{
    Answer, Ask, Stage,
    cash::{grant, spend},
    crowd::{by_status, crowd},
    wallet::Wallet,
};

/// One of the two was the first, and the other was told the same.
fn assert_twins(twins: &[Answer]) {
    let [one, other] = twins else { panic!("{} answers", twins.len()) };
    assert_eq!((one.status, &one.raw), (other.status, &other.raw), "{} {}", one.body, other.body);
    assert!(one.replayed != other.replayed, "one of them was the first: {}", one.body);
}

/// Promise 9. Grants, and spends that do not wait for them: those that come too early are refused, at both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cash_that_is_granted_and_spent_at_two_instances_at_once_is_there_once() {
    const USERS: usize = 100;
    const ROUNDS: usize = 3;
    const CALLERS: usize = 400;
    let stage = Stage::new().await;
    let instances = [stage.cash().await, stage.cash().await];
    let user = |n: usize| format!("user-{n}");
    for n in 0..USERS {
        instances[n % 2].need(grant(&user(n), 1, None), 201).await;
    }
    let asks = (0..ROUNDS).flat_map(|round| {
        let grants = (0..USERS).map(move |n| grant(&user(n), 10, None).key(format!("grant-{round}-{n}")));
        let spends = (0..USERS).map(move |n| spend(&user(n), 10).key(format!("spend-{round}-{n}")));
        grants.chain(spends)
    });
    let twins =
        asks.flat_map(|ask: Ask| instances.each_ref().map(|instance| (instance.clone(), ask.clone())));
    let answers =
        crowd(CALLERS, twins, |(instance, ask)| async move { instance.until_decided(ask).await.0 }).await;
    answers.chunks(2).for_each(assert_twins);
    // Of each twin pair the one: they are equal.
    let count = by_status(answers.iter().step_by(2));
    let [done, refused] = [201, 409].map(|status| count.get(&status).copied().unwrap_or_default());
    assert_eq!(done + refused, 2 * USERS * ROUNDS, "{count:?}");
    let mut left = 0;
    for n in 0..USERS {
        left += instances[n % 2].cash_balance(&user(n)).await;
    }
    // Every grant was done, and every spend that was not refused.
    assert_eq!(left, i64::try_from(USERS + 10 * refused).expect("small"));
    stage.books_hold().await;
    println!(
        "{USERS} users, {ROUNDS} grants and spends each, at two instances: {done} done, {refused} refused, once"
    );
}

/// Promise 9. Purchases of few wallets, each locked and then settled or voided, at both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_that_are_locked_settled_and_voided_at_two_instances_at_once_move_once() {
    const WALLETS: usize = 10;
    const LINES: usize = 20;
    const POINTS: i64 = 1_000;
    let stage = Stage::new().await;
    let instances = [stage.wallet_spend().await, stage.wallet_spend().await];
    let mut wallets = Vec::new();
    for n in 0..WALLETS {
        wallets.push(Wallet::open(&instances[0], &format!("consumer-{n}"), &json!({}), POINTS).await);
    }
    let lines = (0..WALLETS * LINES).flat_map(|line| {
        let wallet = &wallets[line % WALLETS];
        instances.each_ref().map(|instance| (wallet.at(instance), line))
    });
    let answers = crowd(2 * WALLETS * LINES, lines, |(wallet, line)| async move {
        let reference = format!("spend-{line}");
        let locked = wallet.until_decided(wallet.spend(&reference, 1, true)).await;
        let ends = match line / WALLETS % 2 {
            0 => wallet.settle(&format!("purchase-{line}"), &reference, None),
            _ => wallet.void(&reference),
        };
        [locked, wallet.until_decided(ends).await]
    })
    .await;
    for twins in answers.chunks(2) {
        for step in [0, 1] {
            assert_eq!(twins[0][step].status, 200, "{}", twins[0][step].body);
            assert_twins(&[twins[0][step].clone(), twins[1][step].clone()]);
        }
    }
    let settled = i64::try_from(WALLETS * LINES / 2).expect("small");
    let mut left = 0;
    for wallet in &wallets {
        let points = wallet.points().await;
        assert_eq!((points.usable, points.locked), (points.current, 0));
        left += points.current;
    }
    assert_eq!(left, i64::try_from(WALLETS).expect("small") * POINTS - settled);
    stage.books_hold().await;
    println!("{} purchases of {WALLETS} wallets at two instances: {settled} settled, once", 2 * settled);
}
