//! Promise 17: deadlocks and serialization failures never reach a client.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use zerosum_tests::{
    Stage,
    accounting::{post, transaction, transfer},
    crowd::{by_status, crowd},
};

const CLIENTS: usize = 32;

/// Every transfer among four accounts at once, through two instances: no error reaches a caller, not even "try again".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opposite_transfers_at_once_end_without_an_error() {
    const TRANSFERS: usize = 2_000;
    let stage = Stage::new().await;
    let instances = [stage.accounting().await, stage.accounting().await];
    let mut accounts = Vec::new();
    for name in ["a", "b", "c", "d"] {
        accounts.push(instances[0].account(name).await);
    }
    let answers = crowd(CLIENTS, 0..TRANSFERS, |n| {
        let (from, to) = (&accounts[n % 4], &accounts[(n + 1 + n / 4 % 3) % 4]);
        let (client, ask) = (instances[n / 2 % 2].clone(), post(&transaction(&[(from, -1), (to, 1)])));
        async move { client.ask(ask).await }
    })
    .await;
    assert_eq!(by_status(&answers), [(201, TRANSFERS)].into());
    stage.books_hold().await;
    println!("{TRANSFERS} opposite transfers by {CLIENTS} clients over 2 instances: all answered 201");
}

/// Ours lock in one order, so they cannot deadlock with each other. Somebody else does, who locks the same rows the other
/// way round, and PostgreSQL ends our side each time: the batch runs again, and its callers are told nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlocks_with_somebody_else_are_not_seen_by_a_client() {
    const TRANSFERS: usize = 300;
    const AGAIN: usize = 20;
    /// Ours look for a deadlock after the rival waits for them, and the rival never does.
    const OURS_LOOK: &str = "40ms";
    const RIVAL_GOES_ON: Duration = Duration::from_millis(10);
    /// The rival is not always there: a batch runs again a bounded number of times.
    const RIVAL_RESTS: Duration = Duration::from_millis(60);
    /// Twice as long as a session that idles keeps its figures to itself.
    const TOLD_MAX: Duration = Duration::from_secs(20);
    let stage = Stage::new().await;
    let looks = format!(
        "do $$ begin execute format('alter role zerosum in database %I set deadlock_timeout = ''{OURS_LOOK}''', \
         current_database()); end $$"
    );
    stage.as_owner(&looks).await;
    let client = stage.accounting().await;
    // Ids are in the order of time, and so is the order of locks.
    let (low, high) = (client.account("low").await, client.account("high").await);
    let stop = Arc::new(AtomicBool::new(false));
    let rival = {
        let (admin, stop) = (stage.database.admin().await, stop.clone());
        let lock =
            |account: &str| format!("select from ledger.balances where account_id = '{account}' for update");
        let (first, second) = (lock(&high), lock(&low));
        tokio::spawn(async move {
            admin.batch_execute("set deadlock_timeout = '1min'").await.expect("a setting");
            while !stop.load(Ordering::Relaxed) {
                admin.batch_execute(&format!("begin; {first}")).await.expect("the first lock");
                tokio::time::sleep(RIVAL_GOES_ON).await;
                admin.batch_execute(&format!("{second}; commit")).await.expect("the second lock");
                tokio::time::sleep(RIVAL_RESTS).await;
            }
        })
    };
    let there_and_back = |n: usize| {
        let ask = if n.is_multiple_of(2) { transfer(&low, &high, 1) } else { transfer(&high, &low, 1) };
        let client = client.clone();
        async move { client.ask(ask).await }
    };
    let mut answers = crowd(4, 0..TRANSFERS, there_and_back).await;
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    let until = Instant::now() + TOLD_MAX;
    let mut met = stage.number(deadlocks).await;
    // All of them may have come while the rival rested, so it stays until one has met it. And a session tells its
    // figures at the end of a transaction, but not twice within a second.
    while met == 0 && Instant::now() < until {
        answers.extend(crowd(4, 0..AGAIN, there_and_back).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
        met = stage.number(deadlocks).await;
    }
    stop.store(true, Ordering::Relaxed);
    rival.await.expect("the rival");
    assert_eq!(by_status(&answers), [(201, answers.len())].into(), "{met} deadlocks");
    assert!(met > 0, "there was no deadlock, so nothing was proven");
    stage.books_hold().await;
    println!("{} transfers, {met} deadlocks that PostgreSQL ended: all answered 201", answers.len());
}
