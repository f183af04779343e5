//! Promise 3: no overdraft in any race.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use zerosum_ledger::Clock;
use zerosum_tests::{
    Stage,
    accounting::{id, open, reverse, transfer},
    cash::{grant, spend},
    crowd::{by_status, crowd},
};

const CLIENTS: usize = 64;
const TRIES: usize = 100;
const BALANCE: i64 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_with_a_floor_gives_exactly_what_it_has() {
    let stage = Stage::new().await;
    let instances = [stage.accounting().await, stage.accounting().await];
    let bank = instances[0].account("bank").await;
    let till = instances[0].account_with("till", &json!({"min_balance_cents": 0})).await;
    instances[0].need(transfer(&bank, &till, BALANCE), 201).await;
    let answers = crowd(CLIENTS, 0..CLIENTS * TRIES, |n| {
        let (client, ask) = (instances[n % 2].clone(), transfer(&till, &bank, 1));
        async move { client.until_decided(ask).await.0 }
    })
    .await;
    assert_eq!(by_status(&answers), [(201, 1_000), (409, CLIENTS * TRIES - 1_000)].into());
    assert_eq!(instances[0].balance(&till).await, 0);
    stage.books_hold().await;
    println!("{CLIENTS} clients x {TRIES} tries of 1 against {BALANCE}: exactly {BALANCE} posted");
}

/// Every tenth posted try is taken back while the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_reversals_give_back_can_be_spent_again_and_no_more() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let bank = client.account("bank").await;
    let till = client.account_with("till", &json!({"min_balance_cents": 0})).await;
    client.need(transfer(&bank, &till, BALANCE), 201).await;
    let outcomes = crowd(CLIENTS, 0..CLIENTS * TRIES, |n| {
        let (client, ask) = (client.clone(), transfer(&till, &bank, 1));
        async move {
            let (answer, _) = client.until_decided(ask).await;
            if answer.status != 201 {
                return (0, 0);
            }
            let back = n % 10 == 0;
            if back {
                client.until_decided(reverse(&id(&answer.body))).await.0.expect(201);
            }
            (1, i64::from(back))
        }
    })
    .await;
    let (taken, given_back) = outcomes.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let left = client.balance(&till).await;
    assert_eq!(taken - given_back + left, BALANCE);
    assert!(given_back > 0 && left >= 0);
    stage.books_hold().await;
    println!("{taken} taken, {given_back} given back, {left} left of {BALANCE}");
}

/// One lot that never expires, while other users' lots lapse and are posted as expired.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_cash_is_spent_exactly_once_while_others_lapse() {
    let stage = Stage::new().await;
    let instances = [stage.cash().await, stage.cash().await];
    instances[0].need(grant("ada", BALANCE, None), 201).await;
    let soon = soon(Duration::from_secs(1));
    for user in 0..50 {
        instances[0].need(grant(&format!("user-{user}"), 10, Some(soon)), 201).await;
    }
    let answers = crowd(CLIENTS, 0..CLIENTS * TRIES, |n| {
        let (client, ask) = (instances[n % 2].clone(), spend("ada", 1));
        async move { client.until_decided(ask).await.0 }
    })
    .await;
    assert_eq!(by_status(&answers), [(201, 1_000), (409, CLIENTS * TRIES - 1_000)].into());
    assert_eq!(instances[0].cash_balance("ada").await, 0);
    let expired = "select count(*) from ledger.transactions where type = 'cash.expiry'";
    until(|| async { stage.number(expired).await == 50 }).await;
    stage.books_hold().await;
    println!(
        "{CLIENTS} clients x {TRIES} spends of 1 against {BALANCE}: exactly {BALANCE} spent, 50 lots expired"
    );
}

/// Spends race with the expiry of the very lots that they draw on; the clock jumps on while they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spends_that_race_with_expiries_take_what_was_there() {
    const LOTS: i64 = 100;
    const LOT: i64 = 10;
    let start = Timestamp::from_second(1_900_000_000).expect("a moment");
    let clock = Arc::new(Mutex::new(start));
    let stage = Stage::with_clock(Clock::Set(clock.clone())).await;
    let instances = [stage.cash().await, stage.cash().await];
    for lot in 1..=LOTS {
        let expires_at = start.checked_add(SignedDuration::from_secs(lot * 60)).expect("a moment");
        instances[0].need(grant("ada", LOT, Some(expires_at)), 201).await;
    }
    let jumping = tokio::spawn({
        let clock = clock.clone();
        async move {
            for _ in 0..LOTS / 2 {
                // Slower than the spends below, which take six of a lot's ten meanwhile.
                tokio::time::sleep(Duration::from_millis(20)).await;
                let mut now = clock.lock().expect("the clock");
                *now = now.checked_add(SignedDuration::from_secs(60)).expect("a moment");
            }
        }
    });
    let answers = crowd(4, 0..600, |n: usize| {
        let (client, ask) = (instances[n % 2].clone(), spend("ada", 1));
        async move {
            let answer = client.until_decided(ask).await.0;
            tokio::time::sleep(Duration::from_millis(10)).await;
            answer
        }
    })
    .await;
    jumping.await.expect("the clock");
    let spent = by_status(&answers).get(&201).copied().unwrap_or_default();
    *clock.lock().expect("the clock") =
        start.checked_add(SignedDuration::from_secs(LOTS * 60)).expect("a moment");
    assert_eq!(instances[0].cash_balance("ada").await, 0, "what has expired is gone at once");
    let live = "select sum(remaining)::bigint from ledger.lots";
    until(|| async { stage.number(live).await == 0 }).await;
    let expired = stage
        .number(
            "select coalesce(-sum(e.amount), 0)::bigint from ledger.entries e
               join ledger.transactions t using (brand_key, transaction_id)
              where t.type = 'cash.expiry' and e.lot_id is not null",
        )
        .await;
    let spent = i64::try_from(spent).expect("small");
    assert_eq!(spent + expired, LOTS * LOT, "granted = spent + expired + live");
    assert!(spent > 0 && expired > 0, "both happened: {spent} spent, {expired} expired");
    stage.books_hold().await;
    println!("{} granted = {spent} spent + {expired} expired, in a race", LOTS * LOT);
}

/// An account that would begin beyond its limits is refused by name, not by the database.
#[tokio::test]
async fn an_account_cannot_be_opened_beyond_its_limits() {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    for limits in [json!({"min_balance_cents": 1}), json!({"max_balance_cents": -1})] {
        let answer = client.ask(open("till", &limits)).await;
        assert_eq!((answer.status, answer.code()), (400, "validation_error"), "{limits} {}", answer.body);
    }
}

fn soon(after: Duration) -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "a lot that lapses by the database's clock")]
    let now = Timestamp::now();
    now.checked_add(after).expect("a moment")
}

/// Waits until the job has done its work.
async fn until<F: Future<Output = bool>>(done: impl Fn() -> F) {
    for _ in 0..400 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within twenty seconds");
}
