//! Accounts that a lane does not remember are read ahead of the batch that needs them, without locks.

use futures_util::future::join_all;
use zerosum_domain::AccountId;
use zerosum_ledger::{Engine, Fault};

use super::common::{Bank, Command, Fixture, Refused, fingerprinted, key};

/// Accounts with 1,000 each, opened by another process: this one knows none of them.
async fn strange(fixture: &Fixture, count: usize) -> (AccountId, Vec<AccountId>) {
    let elsewhere = fixture.engine();
    let bank = fixture.open(&elsewhere, None).await;
    let mut accounts = Vec::new();
    for _ in 0..count {
        let account = fixture.open(&elsewhere, Some(0)).await;
        let first = Command::Transfer { from: bank, to: account, amount: 1_000 };
        assert!(elsewhere.submit(fixture.submission(None, first)).await.unwrap().outcome.is_ok());
        accounts.push(account);
    }
    (bank, accounts)
}

async fn transfer(fixture: &Fixture, engine: &Engine<Bank>, from: AccountId, to: AccountId) {
    let transfer = Command::Transfer { from, to, amount: 1 };
    assert!(engine.submit(fixture.submission(None, transfer)).await.unwrap().outcome.is_ok());
}

/// The connection that reads is opened in the background, once something is to be read.
async fn scouting(fixture: &Fixture, engine: &Engine<Bank>, bank: AccountId, strange: &mut Vec<AccountId>) {
    while engine.stats().scouts() == 0 {
        transfer(fixture, engine, bank, strange.pop().expect("no connection to read with")).await;
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn strange_accounts_cost_one_more_round_trip_and_no_locks() {
    let fixture = Fixture::new().await;
    let (bank, mut accounts) = strange(&fixture, 300).await;
    let engine = fixture.engine();
    scouting(&fixture, &engine, bank, &mut accounts).await;
    let stats = engine.stats();
    let before = (stats.round_trips(), stats.scouts(), stats.stale());
    for account in accounts.drain(..10) {
        transfer(&fixture, &engine, bank, account).await;
    }
    assert_eq!((stats.round_trips() - before.0, stats.scouts() - before.1), (20, 10));
    assert_eq!(stats.stale(), before.2);
    // Known ones do not wait for strange ones that come with them.
    let known = accounts.pop().unwrap();
    transfer(&fixture, &engine, bank, known).await;
    let (batches, scouts) = (stats.batches(), stats.scouts());
    let all = accounts.drain(..50).enumerate().map(|(n, account)| {
        let to = if n % 2 == 0 { known } else { account };
        let transfer = Command::Transfer { from: bank, to, amount: 1 };
        engine.submit(fixture.submission(key(format!("{n}")), transfer))
    });
    for answer in join_all(all).await {
        assert!(answer.unwrap().outcome.is_ok());
    }
    assert_eq!((stats.batches() - batches, stats.scouts() - scouts), (2, 1));
    assert_eq!(stats.stale(), before.2);
    let report = zerosum_ledger::verify(fixture.database.admin_url()).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

/// A till that has lost its answer asks again: it hears the same, and those beside it do not wait for it.
#[tokio::test]
async fn a_key_that_comes_again_is_answered_ahead_of_its_batch_and_costs_the_others_nothing() {
    let fixture = Fixture::new().await;
    let (bank, mut accounts) = strange(&fixture, 100).await;
    let engine = fixture.engine();
    scouting(&fixture, &engine, bank, &mut accounts).await;
    let account = accounts.pop().unwrap();
    transfer(&fixture, &engine, bank, account).await;
    let submit = |key| {
        engine.submit(fixture.submission(key, Command::Transfer { from: account, to: bank, amount: 10 }))
    };
    let named = |names: std::ops::Range<usize>| names.map(|n| submit(key(format!("{n}"))));
    let first = join_all(named(0..100)).await;
    // There is nothing left: a refusal is an answer, too.
    let short = submit(key("short")).await.unwrap();
    assert_eq!(short.outcome, Err(Refused::Limit));
    let back = Command::Transfer { from: bank, to: account, amount: 1_000 };
    assert!(engine.submit(fixture.submission(None, back)).await.unwrap().outcome.is_ok());

    let stats = engine.stats();
    let before = (stats.batches(), stats.scouts(), stats.stale());
    let answers = join_all(named(90..120).chain([submit(key("short"))])).await;
    for (again, first) in answers.iter().zip(&first[90..]) {
        let (again, first) = (again.as_ref().unwrap(), first.as_ref().unwrap());
        assert!(again.replayed && !first.replayed);
        assert_eq!(again.outcome, first.outcome);
    }
    assert!(
        answers[10..30].iter().all(|new| new.as_ref().is_ok_and(|new| !new.replayed && new.outcome.is_ok()))
    );
    let again = answers[30].as_ref().unwrap();
    assert_eq!((again.replayed, &again.outcome), (true, &short.outcome));
    assert!(matches!(submit(fingerprinted("7", 2)).await, Err(Fault::KeyReused)));
    assert_eq!(
        (stats.batches(), stats.scouts(), stats.stale()),
        (before.0 + 1, before.1 + 2, before.2),
        "one batch of the new ones; two looks for answers"
    );
    assert_eq!(fixture.posted(account).await, 1 + 1_000 - 200);
    // Nothing was forgotten over it.
    let trips = stats.round_trips();
    transfer(&fixture, &engine, bank, account).await;
    assert_eq!(stats.round_trips(), trips + 1);
    let report = zerosum_ledger::verify(fixture.database.admin_url()).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

/// What was read without locks may be old when it is decided on: two processes move accounts that both keep forgetting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_ahead_is_confirmed_by_the_write() {
    const ROUNDS: usize = 40;
    let fixture = Fixture::new().await;
    let (bank, accounts) = strange(&fixture, 12).await;
    let [one, other] = [fixture.engine(), fixture.engine()];
    for engine in [&one, &other] {
        // Opens the connections, if there is time.
        join_all((0..20).map(|n| transfer(&fixture, engine, bank, accounts[n % 12]))).await;
    }
    let (mut paid, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        // Each spends more than there is, so that refusals are confirmed, too.
        let spends = accounts.iter().flat_map(|account| [&one, &other].map(|engine| (engine, *account)));
        let spends = spends.map(|(engine, from)| {
            engine.submit(fixture.submission(None, Command::Transfer { from, to: bank, amount: 60 }))
        });
        for answer in join_all(spends).await {
            match answer.unwrap().outcome {
                Ok(_) => paid += 1,
                Err(told) => {
                    assert_eq!(told, Refused::Limit);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 0);
    let left = "select sum(posted)::bigint from ledger.balances where floor = 0";
    assert_eq!(fixture.count(left).await, 12_000 + 40 - 60 * paid);
    let report = zerosum_ledger::verify(fixture.database.admin_url()).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test]
async fn an_account_that_is_not_there_is_refused_under_locks() {
    let fixture = Fixture::new().await;
    let (bank, mut accounts) = strange(&fixture, 300).await;
    let engine = fixture.engine();
    scouting(&fixture, &engine, bank, &mut accounts).await;
    let nobody = AccountId::new(uuid::Uuid::from_u128(1));
    let scouts = engine.stats().scouts();
    let transfer = Command::Transfer { from: bank, to: nobody, amount: 1 };
    let outcome = engine.submit(fixture.submission(key("k"), transfer)).await.unwrap().outcome;
    assert!(matches!(outcome, Err(Refused::Other(why)) if why.contains("does not exist")));
    assert_eq!(engine.stats().scouts() - scouts, 1);
}
