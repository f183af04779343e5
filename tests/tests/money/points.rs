//! Promises 3, 6 and 7 for points: locks, voids, settles and refunds, at once and over time.

use serde_json::json;
use zerosum_tests::{
    Stage,
    crowd::{by_status, crowd},
    wallet::{Points, Wallet},
};

const CLIENTS: usize = 64;
const TRIES: usize = 100;
const BALANCE: i64 = 1_000;
const AT_ONCE: usize = 50;

/// Promise 3, without anything given back: exactly what is there can be spent, locked or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_are_spent_or_locked_exactly_as_often_as_there_are_points() {
    let stage = Stage::new().await;
    let instances = [stage.wallet_spend().await, stage.wallet_spend().await];
    let ada = Wallet::open(&instances[0], "ada", &json!({}), BALANCE).await;
    let answers = crowd(CLIENTS, 0..CLIENTS * TRIES, |n| {
        let wallet = ada.at(&instances[n % 2]);
        let ask = wallet.spend(&format!("spend-{n}"), 1, n % 3 == 0);
        async move { wallet.until_decided(ask).await }
    })
    .await;
    assert_eq!(by_status(&answers), [(200, 1_000), (400, CLIENTS * TRIES - 1_000)].into());
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.code() == "INSUFFICIENT_POINTS"));
    let points = ada.points().await;
    assert_eq!((points.usable, points.current), (0, points.locked));
    stage.books_hold().await;
    println!(
        "{CLIENTS} clients x {TRIES} spends of 1 against {BALANCE} points: exactly {BALANCE} done, {} of them locked",
        points.locked
    );
}

/// Promise 3: 64 clients lock, void, settle in part, settle whole, spend and refund the points of one account, some
/// of whose locks expire meanwhile; what one frees another takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_voids_settles_refunds_and_expiries_at_once_conserve_the_points() {
    const PURCHASES: usize = 640;
    /// Fewer than are asked for, so that what one frees another takes.
    const BALANCE: i64 = 300;
    /// Locks last a second, so that those that nobody ends expire during the test.
    const LOCK_SECONDS: i64 = 1;
    for fields in [
        json!({"timeoutOverride": LOCK_SECONDS}),
        json!({"timeoutOverride": LOCK_SECONDS, "services": {"expiryPoints": {"days": 30}}}),
    ] {
        let stage = Stage::new().await;
        let instances = [stage.wallet_spend().await, stage.wallet_spend().await];
        let ada = Wallet::open(&instances[0], "ada", &fields, BALANCE).await;
        let outcomes = crowd(CLIENTS, 0..PURCHASES, |n| {
            let wallet = ada.at(&instances[n % 2]);
            async move { one_purchase(&wallet, n).await }
        })
        .await;
        let (spent, refunded) =
            outcomes.iter().fold((0, 0), |sum, (spent, refunded)| (sum.0 + spent, sum.1 + refunded));
        // The locks that were left behind expire.
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        let left = BALANCE - spent + refunded;
        assert_eq!(ada.points().await, Points { current: left, usable: left, locked: 0 });
        assert!(spent > 0 && refunded > 0 && left >= 0, "{spent} spent, {refunded} refunded, {left} left");
        let report = stage.books_hold().await;
        println!(
            "{PURCHASES} purchases by {CLIENTS} clients: {spent} spent, {refunded} refunded, {left} of {BALANCE} left; \
             {} holds: conserved",
            report.counts.holds
        );
    }
}

/// A purchase that ends in one of six ways; answers what was spent and what was given back of it.
async fn one_purchase(wallet: &Wallet, n: usize) -> (i64, i64) {
    let spend = format!("spend-{n}");
    let points = i64::try_from(n % 7 + 2).expect("small");
    let way = n / 2 % 6;
    if wallet.until_decided(wallet.spend(&spend, points, way != 4)).await.status != 200 {
        return (0, 0);
    }
    let purchase = format!("purchase-{n}");
    match way {
        0 => {
            wallet.until_decided(wallet.void(&spend)).await;
            (0, 0)
        }
        1 => settled(wallet, &purchase, &spend, points, None).await,
        2 => settled(wallet, &purchase, &spend, points, Some(1)).await,
        // Left to expire.
        3 => (0, 0),
        // Spent at once, then given back in two parts.
        4 => {
            let first = wallet.refund(&format!("refund-{n}-1"), &spend, Some(1));
            wallet.until_decided(first).await.expect(200);
            let rest = wallet.refund(&format!("refund-{n}-2"), &spend, None);
            wallet.until_decided(rest).await.expect(200);
            (points, points)
        }
        _ => {
            let (spent, _) = settled(wallet, &purchase, &spend, points, None).await;
            if spent == 0 {
                return (0, 0);
            }
            wallet.until_decided(wallet.refund(&format!("refund-{n}"), &spend, None)).await.expect(200);
            (spent, spent)
        }
    }
}

/// What a settle took: a lock that has run out is settled all the same while the points cover it.
async fn settled(wallet: &Wallet, purchase: &str, spend: &str, points: i64, part: Option<i64>) -> (i64, i64) {
    let answer = wallet.until_decided(wallet.settle(purchase, spend, part)).await;
    match (answer.status, answer.code()) {
        (200 | 207, _) => (part.unwrap_or(points), 0),
        (400, "INSUFFICIENT_POINTS") => (0, 0),
        other => panic!("{other:?} {}", answer.body),
    }
}

/// Promise 6.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_voids_settles_and_refunds_at_once_have_one_effect_each() {
    let stage = Stage::new().await;
    let instances = [stage.wallet_spend().await, stage.wallet_spend().await];
    let ada = Wallet::open(&instances[0], "ada", &json!({}), BALANCE).await;
    let full = Points { current: BALANCE, usable: BALANCE, locked: 0 };
    let at_once = |ask: &dyn Fn(usize) -> zerosum_tests::Ask| {
        let asks: Vec<_> = (0..AT_ONCE).map(|n| (ada.at(&instances[n % 2]), ask(n))).collect();
        crowd(AT_ONCE, asks, |(wallet, ask)| async move { wallet.until_decided(ask).await })
    };

    ada.until_decided(ada.spend("voided", 100, true)).await.expect(200);
    let voids = at_once(&|_| ada.void("voided")).await;
    assert!(voids.iter().all(|void| void.status == 200 && void.raw == voids[0].raw), "all say the same");
    assert_eq!(ada.points().await, full);

    ada.until_decided(ada.spend("settled", 100, true)).await.expect(200);
    let twins = at_once(&|_| ada.settle("purchase", "settled", None)).await;
    assert!(twins.iter().all(|twin| twin.status == 200 && twin.raw == twins[0].raw), "all say the same");
    let others = at_once(&|n| ada.settle(&format!("purchase-{n}"), "settled", None)).await;
    assert_eq!(by_status(&others), [(400, AT_ONCE)].into());
    assert_eq!(ada.points().await, Points { current: 900, usable: 900, locked: 0 });

    let refunds = at_once(&|n| ada.refund(&format!("refund-{n}"), "settled", None)).await;
    assert_eq!(by_status(&refunds), [(200, 1), (400, AT_ONCE - 1)].into());
    assert_eq!(ada.points().await, full);

    // Void and settle race for one lock: one of them wins, whole.
    for round in 0..10 {
        let spend = format!("contested-{round}");
        ada.until_decided(ada.spend(&spend, 10, true)).await.expect(200);
        let before = ada.points().await;
        let answers = at_once(&|n| match n % 2 {
            0 => ada.void(&spend),
            _ => ada.settle(&format!("contested-purchase-{round}"), &spend, None),
        })
        .await;
        let settled = answers[1].status == 200;
        for (n, answer) in answers.iter().enumerate() {
            let won = settled == (n % 2 == 1);
            assert_eq!(answer.status, if won { 200 } else { 400 }, "{n} {}", answer.body);
        }
        let taken = if settled { 10 } else { 0 };
        let after = ada.points().await;
        assert_eq!((after.current, after.locked), (before.current - taken, 0));
    }
    stage.books_hold().await;
    println!(
        "{AT_ONCE} voids, settles and refunds at once over 2 instances: 1 effect each; 10 races of void and settle"
    );
}
