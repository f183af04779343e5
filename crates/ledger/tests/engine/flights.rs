//! Batches that are sent before those ahead of them are acknowledged: behind them, or beside them on another connection.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use futures_util::future::join_all;
use tokio::time::timeout;
use zerosum_domain::AccountId;
use zerosum_ledger::{Engine, EngineConfig, Fault};
use zerosum_testkit::proxy::{Link, Proxy, Quiet};

use super::common::{Bank, Command, Done, Fixture, RENAME_NEWEST, Refused, key};

/// Small enough that a few thousand commands make many flights, large enough to follow another.
const BATCH: usize = 100;

/// An account without a floor and some with one, each of which has something; the lane remembers all of them.
async fn known(fixture: &Fixture, engine: &Engine<Bank>, accounts: usize) -> (AccountId, Vec<AccountId>) {
    let bank = fixture.open(engine, None).await;
    let mut others = Vec::new();
    for _ in 0..accounts {
        let account = fixture.open(engine, Some(0)).await;
        let first = Command::Transfer { from: bank, to: account, amount: 1_000 };
        assert!(engine.submit(fixture.submission(None, first)).await.unwrap().outcome.is_ok());
        others.push(account);
    }
    (bank, others)
}

fn engine(fixture: &Fixture, connections: usize) -> Engine<Bank> {
    fixture.engine_with(|config| EngineConfig { batch_max: BATCH, connections, ..config })
}

/// Versions without a gap, every balance the sum of its entries, nothing made or lost.
async fn books_hold(fixture: &Fixture) {
    let report = zerosum_ledger::verify(fixture.database.admin_url()).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test]
async fn batches_that_follow_each_other_cost_one_round_trip_each_and_build_on_each_other() {
    const TRANSFERS: i64 = 3_000;
    let fixture = Fixture::new().await;
    let engine = engine(&fixture, 1);
    let (bank, accounts) = known(&fixture, &engine, 10).await;
    let before = (engine.stats().batches(), engine.stats().round_trips(), engine.stats().stale());
    // All of them move the bank: each batch is decided on what the one ahead of it leaves.
    let all = (0..TRANSFERS).map(|n| {
        let to = accounts[usize::try_from(n).unwrap() % accounts.len()];
        engine
            .submit(fixture.submission(key(format!("{n}")), Command::Transfer { from: bank, to, amount: 1 }))
    });
    let mut ids = BTreeSet::new();
    for answer in join_all(all).await {
        let Ok(Done::Posted(id)) = answer.unwrap().outcome else { panic!("refused") };
        ids.insert(id.to_string());
    }
    assert_eq!(ids.len() as i64, TRANSFERS);
    let batches = engine.stats().batches() - before.0;
    assert_eq!(batches, 30);
    assert_eq!(engine.stats().round_trips() - before.1, batches);
    assert_eq!(engine.stats().stale(), before.2);
    assert!(engine.stats().followers() > 20, "{} followed", engine.stats().followers());
    assert_eq!(fixture.posted(bank).await, -10_000 - TRANSFERS);
    books_hold(&fixture).await;
}

/// In the midst of many flights: an account that another process has moved, a key that is known, a row that the database
/// refuses, and spends that are one too many. Whatever was sent behind runs again, and has its effect once.
#[tokio::test]
async fn what_was_sent_behind_a_batch_that_failed_runs_again_and_has_one_effect() {
    failures_have_one_effect(1).await;
}

#[tokio::test]
async fn what_waited_for_a_batch_that_failed_runs_again_and_has_one_effect() {
    failures_have_one_effect(2).await;
}

async fn failures_have_one_effect(connections: usize) {
    const COMMANDS: usize = 2_000;
    let fixture = Fixture::new().await;
    let (engine, elsewhere) = (engine(&fixture, connections), fixture.engine());
    let sent_early = || engine.stats().followers() + engine.stats().beside();
    let (bank, accounts) = known(&fixture, &engine, 10).await;
    let poor = accounts[9];
    let known_key = Command::Transfer { from: bank, to: accounts[1], amount: 7 };
    let first = engine.submit(fixture.submission(key("known"), known_key.clone())).await.unwrap().outcome;
    // Behind the lane's back: what it remembers of this account is 1,000, and it is 5.
    let spend = Command::Transfer { from: poor, to: bank, amount: 995 };
    assert!(elsewhere.submit(fixture.submission(None, spend)).await.unwrap().outcome.is_ok());

    let before = sent_early();
    let all = (0..COMMANDS).map(|n| {
        let command = match n {
            250 => known_key.clone(),
            700 => Command::Poison { from: bank, to: accounts[2] },
            _ if n % 100 == 99 => Command::Transfer { from: poor, to: bank, amount: 1 },
            _ => Command::Transfer { from: bank, to: accounts[n % 9], amount: 1 },
        };
        let key = if n == 250 { key("known") } else { key(format!("{n}")) };
        engine.submit(fixture.submission(key, command))
    });
    let (mut done, mut poor_spends) = (0, Vec::new());
    for (n, answer) in join_all(all).await.into_iter().enumerate() {
        match n {
            250 => {
                let answer = answer.unwrap();
                assert!(answer.replayed);
                assert_eq!(answer.outcome, first);
            }
            700 => assert_eq!(answer.unwrap_err(), Fault::Broken),
            _ if n % 100 == 99 => poor_spends.push(answer.unwrap().outcome),
            _ => {
                assert!(answer.unwrap().outcome.is_ok(), "{n}");
                done += 1;
            }
        }
    }
    assert!(sent_early() > before, "nothing was sent early");
    assert!(connections == 1 || engine.stats().gated() > 0, "nothing waited");
    assert!(engine.stats().stale() >= 2, "{} were stale", engine.stats().stale());
    assert!(engine.stats().splits() >= 1);
    // In order, and the books' last word: five, and no more.
    let (paid, refused) = poor_spends.split_at(5);
    assert!(paid.iter().all(Result::is_ok), "{paid:?}");
    assert!(refused.iter().all(|outcome| *outcome == Err(Refused::Limit)), "{refused:?}");
    assert_eq!(fixture.posted(poor).await, 0);
    assert_eq!(fixture.posted(bank).await, -10_000 - 7 + 995 - done + 5);
    let told = "select count(distinct t)::bigint from events.outbox, unnest(subjects) t";
    let posted = fixture.count("select count(*) from ledger.transactions").await;
    assert_eq!(fixture.count(told).await, posted, "every posting is told of once");
    books_hold(&fixture).await;
}

/// Two processes at the same accounts, each with many flights: every key has one effect, whoever comes first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flights_of_two_processes_have_one_effect_per_key() {
    const KEYS: usize = 1_000;
    let fixture = Fixture::new().await;
    let engines = [0, 1]
        .map(|_| fixture.engine_with(|config| EngineConfig { own_thread: true, batch_max: BATCH, ..config }));
    let (bank, accounts) = known(&fixture, &engines[0], 4).await;
    let submits = (0..KEYS).flat_map(|n| {
        let (fixture, to) = (&fixture, accounts[n % 4]);
        engines.iter().map(move |engine| {
            let transfer = Command::Transfer { from: bank, to, amount: 1 };
            engine.submit(fixture.submission(key(format!("{n}")), transfer))
        })
    });
    for pair in join_all(submits).await.chunks(2) {
        let [one, other] = pair else { unreachable!() };
        let (one, other) = (one.as_ref().unwrap(), other.as_ref().unwrap());
        assert_eq!(one.outcome, other.outcome);
        assert!(one.replayed != other.replayed);
    }
    assert_eq!(fixture.posted(bank).await, -4_000 - KEYS as i64);
    books_hold(&fixture).await;
}

/// Another process answers the keys of a batch on its way, and leaves its accounts as that batch would have: the same
/// balances, as many entries. What was sent behind it was decided on entries that are not there.
#[tokio::test]
async fn what_was_sent_behind_a_batch_that_failed_does_not_take_the_same_balances_for_it() {
    behind_a_batch_that_failed(|accounts, _| (accounts[0], accounts[1])).await;
}

/// A batch beside the two waits for the second alone, and may build on both.
#[tokio::test]
async fn what_was_sent_behind_a_batch_that_failed_fails_whatever_it_moves() {
    behind_a_batch_that_failed(|accounts, n| match n < BATCH {
        true => (accounts[0], accounts[1]),
        false => (accounts[2], accounts[3]),
    })
    .await;
}

async fn behind_a_batch_that_failed(pair: impl Fn(&[AccountId], usize) -> (AccountId, AccountId)) {
    let fixture = Fixture::new().await;
    let proxy = Proxy::before(fixture.database.app_url(), Quiet).await;
    let engine = fixture.engine_with(|config| EngineConfig {
        database: proxy.url(fixture.database.app_url()).parse().unwrap(),
        batch_max: BATCH,
        connections: 1,
        ..config
    });
    let elsewhere = fixture.engine();
    let (_, accounts) = known(&fixture, &engine, 4).await;
    let transfer = |n: usize| {
        let (from, to) = pair(&accounts, n);
        fixture.submission(key(format!("{n}")), Command::Transfer { from, to, amount: 1 })
    };
    proxy.set_link(Link::Blackhole);
    let mut sent = pin!(join_all((0..2 * BATCH).map(|n| engine.submit(transfer(n)))));
    while engine.stats().followers() == 0 {
        let answered = timeout(Duration::from_millis(1), sent.as_mut()).await;
        assert!(answered.is_err(), "nothing was sent behind another");
    }
    let theirs = join_all((0..BATCH).map(|n| elsewhere.submit(transfer(n)))).await;
    assert!(theirs.iter().all(|answer| answer.as_ref().is_ok_and(|answer| !answer.replayed)));
    proxy.set_link(Link::Open);
    for (n, answer) in sent.await.into_iter().enumerate() {
        let answer = answer.unwrap();
        assert!(answer.outcome.is_ok(), "{n}");
        assert_eq!(answer.replayed, n < BATCH, "{n}");
    }
    assert_eq!(engine.stats().stale(), 2, "the one behind ran again, too");
    let moved =
        [pair(&accounts, 0), pair(&accounts, BATCH)].iter().filter(|pair| pair.0 == accounts[0]).count();
    let left = 1_000 - i64::try_from(moved * BATCH).unwrap();
    assert_eq!(fixture.posted(accounts[0]).await, left);
    books_hold(&fixture).await;
}

/// One batch beside another opens it.
async fn open_second_connection(
    fixture: &Fixture,
    engine: &Engine<Bank>,
    bank: AccountId,
    accounts: &[AccountId],
) {
    for n in 0.. {
        let crowd = (0..200).map(|to| {
            let to = accounts[to % accounts.len()];
            engine.submit(fixture.submission(None, Command::Transfer { from: bank, to, amount: 1 }))
        });
        join_all(crowd).await.into_iter().for_each(|answer| assert!(answer.unwrap().outcome.is_ok()));
        if engine.stats().gated() > 0 {
            return;
        }
        assert!(n < 1_000, "no second connection");
    }
}

/// What waits at its gate moves balances later than its rows, and only from the newest entry that was decided on.
#[tokio::test]
async fn what_has_waited_for_another_batch_confirms_the_newest_entry_too() {
    let fixture = Fixture::new().await;
    let proxy = Proxy::before(fixture.database.app_url(), Quiet).await;
    let engine = fixture.engine_with(|config| EngineConfig {
        database: proxy.url(fixture.database.app_url()).parse().unwrap(),
        batch_max: BATCH,
        connections: 2,
        ..config
    });
    let (bank, accounts) = known(&fixture, &engine, 2).await;
    open_second_connection(&fixture, &engine, bank, &accounts).await;
    let before = (engine.stats().gated(), engine.stats().stale());
    proxy.set_link(Link::Blackhole);
    let mut sent = pin!(join_all((0..2 * BATCH).map(|n| {
        let transfer = Command::Transfer { from: bank, to: accounts[n / BATCH], amount: 1 };
        engine.submit(fixture.submission(key(format!("{n}")), transfer))
    })));
    while engine.stats().gated() == before.0 {
        assert!(timeout(Duration::from_millis(1), sent.as_mut()).await.is_err(), "nothing waited");
    }
    // Only the second batch moves this account.
    let renamed = fixture.database.admin().await.execute(RENAME_NEWEST, &[&accounts[1].uuid()]).await;
    assert_eq!(renamed.unwrap(), 1);
    proxy.set_link(Link::Open);
    assert!(sent.await.into_iter().all(|answer| answer.unwrap().outcome.is_ok()));
    assert_eq!(engine.stats().stale() - before.1, 1);
}

/// All of them move one account, and fly on two connections: each batch waits for the other's commit, builds on what it
/// leaves, and nothing is decided twice.
#[tokio::test]
async fn batches_that_move_the_same_account_fly_beside_each_other_and_land_in_order() {
    const TRANSFERS: i64 = 3_000;
    let fixture = Fixture::new().await;
    let engine = engine(&fixture, 2);
    let (bank, accounts) = known(&fixture, &engine, 10).await;
    let stats = engine.stats();
    open_second_connection(&fixture, &engine, bank, &accounts).await;
    let before = (stats.batches(), stats.gated(), stats.stale(), stats.reruns(), fixture.posted(bank).await);
    let all = (0..TRANSFERS).map(|n| {
        let to = accounts[usize::try_from(n).unwrap() % accounts.len()];
        engine
            .submit(fixture.submission(key(format!("{n}")), Command::Transfer { from: bank, to, amount: 1 }))
    });
    for answer in join_all(all).await {
        let answer = answer.unwrap();
        assert!(answer.outcome.is_ok() && !answer.replayed);
    }
    assert_eq!(stats.batches() - before.0, 30);
    let gated = stats.gated() - before.1;
    assert!(gated > 20, "{gated} waited for another");
    assert_eq!((stats.stale(), stats.reruns()), (before.2, before.3));
    assert_eq!(fixture.posted(bank).await, before.4 - TRANSFERS);
    // Which the versions of its entries tell, too.
    let told = "select count(*) from ledger.entries e join ledger.entries b using (brand_key, account_id) \
                where b.version = e.version - 1 and e.balance_after <> b.balance_after + e.amount";
    assert_eq!(fixture.count(told).await, 0);
    books_hold(&fixture).await;
}

/// A key comes again while the batch that has taken it is on its way.
#[tokio::test]
async fn a_key_on_its_way_is_answered_as_it_lands() {
    const COMMANDS: usize = 1_000;
    let fixture = Fixture::new().await;
    let engine = engine(&fixture, 2);
    let (bank, accounts) = known(&fixture, &engine, 10).await;
    let stats = engine.stats();
    let transfer = |n: usize| Command::Transfer { from: bank, to: accounts[n % 10], amount: 1 };
    for round in 0..20 {
        // Each key comes again a batch later.
        let all = (0..COMMANDS).map(|n| {
            let n = if n % 2 == 0 { n } else { n.saturating_sub(BATCH + 1) };
            (n, engine.submit(fixture.submission(key(format!("{round}-{n}")), transfer(n))))
        });
        let (names, answers): (Vec<usize>, Vec<_>) = all.unzip();
        let mut seen = std::collections::HashMap::new();
        for (n, answer) in names.into_iter().zip(join_all(answers).await) {
            let answer = answer.unwrap();
            let first = seen.entry(n).or_insert_with(|| answer.outcome.clone());
            assert_eq!(answer.outcome, *first);
        }
    }
    assert!(stats.beside() > 0 && stats.scouts() > 0);
    assert_eq!(stats.stale(), 0, "that it comes again is known before its batch departs");
    let keys = fixture.count("select count(*) from ledger.idempotency_keys").await;
    assert_eq!(fixture.posted(bank).await, -10_000 - keys);
    books_hold(&fixture).await;
}

/// Pairs of accounts that have nothing to do with each other, and a till at each: batches fly on two connections. Among
/// them a row that the database refuses, and an account that another process moves again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_that_touch_nothing_in_common_fly_beside_each_other() {
    const PAIRS: usize = 40;
    const EACH: usize = 60;
    let fixture = Fixture::new().await;
    let engine = fixture.engine_with(|config| EngineConfig {
        own_thread: true,
        connections: 2,
        batch_max: 20,
        ..config
    });
    let elsewhere = fixture.engine();
    let (_, accounts) = known(&fixture, &engine, 2 * PAIRS).await;
    let pairs: Vec<(AccountId, AccountId)> = accounts.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let tills = pairs.iter().enumerate().map(|(till, (from, to))| {
        let (engine, elsewhere, fixture) = (&engine, &elsewhere, &fixture);
        async move {
            for n in 0..EACH {
                let transfer = Command::Transfer { from: *from, to: *to, amount: 1 };
                if till == 0 && n % 10 == 5 {
                    let same = elsewhere.submit(fixture.submission(None, transfer.clone())).await;
                    assert!(same.unwrap().outcome.is_ok());
                }
                if till == 1 && n == 30 {
                    let poison = Command::Poison { from: *from, to: *to };
                    let told = engine.submit(fixture.submission(key("poison"), poison)).await;
                    assert_eq!(told.unwrap_err(), Fault::Broken);
                }
                let key = || key(format!("{till}-{n}"));
                let told = engine.submit(fixture.submission(key(), transfer.clone())).await.unwrap();
                assert!(told.outcome.is_ok() && !told.replayed);
                if n % 20 == 0 {
                    let again = engine.submit(fixture.submission(key(), transfer)).await.unwrap();
                    assert!(again.replayed && again.outcome == told.outcome);
                }
            }
        }
    });
    join_all(tills).await;
    let stats = engine.stats();
    println!(
        "{} batches, {} of them beside another, {} stale",
        stats.batches(),
        stats.beside(),
        stats.stale()
    );
    assert!(stats.beside() > 10, "{} flew beside another", stats.beside());
    assert!(stats.stale() > 0, "nothing was stale");
    for (till, (from, to)) in pairs.iter().enumerate() {
        let moved = i64::try_from(if till == 0 { EACH + 6 } else { EACH }).unwrap();
        assert_eq!((fixture.posted(*from).await, fixture.posted(*to).await), (1_000 - moved, 1_000 + moved));
    }
    books_hold(&fixture).await;
}
