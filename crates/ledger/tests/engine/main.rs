//! The engine over a real PostgreSQL: batches, keys, failures.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod flights;
mod scouts;
mod shared;

use std::time::Duration;

use common::{Bank, Command, Done, Fixture, RENAME_NEWEST, Refused, fingerprinted, key};
use futures_util::future::join_all;
use tokio::time::Instant;
use zerosum_domain::{AccountId, BrandId};
use zerosum_ledger::{Engine, EngineConfig, Fault, Submission};

/// Round trips and statements of transfers that are sent together. On a runtime of one thread they are queued before
/// the lane runs, and must share one commit.
async fn cost_of_a_batch(
    fixture: &Fixture,
    engine: &Engine<Bank>,
    from: AccountId,
    to: AccountId,
    length: u64,
) -> (u64, u64) {
    let before = (engine.stats().batches(), engine.stats().round_trips(), engine.stats().statements());
    let all = (0..length).map(|n| {
        let transfer = Command::Transfer { from, to, amount: 1 };
        engine.submit(fixture.submission(key(format!("{length}-{n}")), transfer))
    });
    for answer in join_all(all).await {
        assert!(answer.unwrap().outcome.is_ok());
    }
    assert_eq!(engine.stats().batches() - before.0, 1, "{length} commands share one commit");
    (engine.stats().round_trips() - before.1, engine.stats().statements() - before.2)
}

#[tokio::test]
async fn a_batch_of_any_length_takes_one_round_trip_and_the_same_statements() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let mut counts = Vec::new();
    for length in [1_u64, 2, 50, 400] {
        counts.push(cost_of_a_batch(&fixture, &engine, from, to, length).await);
    }
    assert!(counts.iter().all(|count| *count == counts[0]), "{counts:?}");
    assert_eq!(counts[0].0, 1, "it is decided on what the lane remembers");
    // All of it is one, which is a transaction of its own.
    assert_eq!(counts[0].1, 1);
    assert_eq!(fixture.posted(to).await, 453);
}

#[tokio::test]
async fn a_batch_under_locks_takes_two_round_trips() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine_with(|config| EngineConfig { remembers: false, ..config });
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    for length in [1_u64, 100] {
        assert_eq!(cost_of_a_batch(&fixture, &engine, from, to, length).await, (2, 7));
    }
}

/// Another process moves an account behind a lane's back, in both directions, between any two of its commands.
#[tokio::test]
async fn what_a_lane_remembers_is_confirmed_before_anything_is_done_or_refused() {
    let fixture = Fixture::new().await;
    let (mine, theirs) = (fixture.engine(), fixture.engine());
    let bank = fixture.open(&mine, None).await;
    let account = fixture.open(&mine, Some(0)).await;
    let submit = async |engine: &Engine<Bank>, from, to, amount| {
        engine.submit(fixture.submission(None, Command::Transfer { from, to, amount })).await.unwrap().outcome
    };
    let mut stale = 0;
    for round in 0..200 {
        // Remembered at 10 after this (distrust passes with the rounds), then spent elsewhere.
        assert!(submit(&mine, bank, account, 10).await.is_ok());
        assert!(submit(&theirs, account, bank, 10).await.is_ok());
        assert_eq!(submit(&mine, account, bank, 1).await, Err(Refused::Limit), "{round}: it is spent");
        // Remembered at 0, then paid in elsewhere.
        assert!(submit(&theirs, bank, account, 5).await.is_ok());
        assert!(submit(&mine, account, bank, 5).await.is_ok(), "{round}: it is there");
        assert_eq!(fixture.posted(account).await, 0);
        for _ in 0..70 {
            assert!(submit(&mine, bank, account, 1).await.is_ok());
        }
        assert!(submit(&mine, account, bank, 70).await.is_ok());
        stale = mine.stats().stale();
        if stale > 5 {
            break;
        }
    }
    assert!(stale > 5, "the dangerous state was reached {stale} times");
    let gaps = "select count(*) from ledger.balances b where version <> (select count(*) from ledger.entries e where e.account_id = b.account_id)";
    assert_eq!(fixture.count(gaps).await, 0);
}

/// As much money by as many entries, which are others: what was decided on them moves and refuses nothing.
#[tokio::test]
async fn a_balance_with_another_newest_entry_is_not_the_one_that_was_decided_on() {
    let fixture = Fixture::new().await;
    for (amount, outcome) in [(5, true), (50, false)] {
        let engine = fixture.engine();
        let (bank, account) = (fixture.open(&engine, None).await, fixture.open(&engine, Some(0)).await);
        let submit = async |n: u32, from, to, amount| {
            let transfer = Command::Transfer { from, to, amount };
            engine.submit(fixture.submission(key(format!("{account} {n}")), transfer)).await.unwrap().outcome
        };
        for n in 0..2 {
            assert!(submit(n, bank, account, 10).await.is_ok());
        }
        assert_eq!(engine.stats().stale(), 0);
        let renamed = fixture.database.admin().await.execute(RENAME_NEWEST, &[&account.uuid()]).await;
        assert_eq!(renamed.unwrap(), 1);
        assert_eq!(submit(2, account, bank, amount).await.is_ok(), outcome);
        assert_eq!(engine.stats().stale(), 1);
    }
}

/// Many accounts, each moved by both processes at once, with spends that are now and then refused: what is refused
/// moves nothing, so it is confirmed by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_on_remembered_balances_is_confirmed_without_locks() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let bank = fixture.open(&engine, None).await;
    let account = fixture.open(&engine, Some(0)).await;
    let submit = async |n: u32, from, to, amount| {
        let transfer = Command::Transfer { from, to, amount };
        engine.submit(fixture.submission(key(format!("{n}")), transfer)).await.unwrap().outcome
    };
    assert!(submit(0, bank, account, 1).await.is_ok());
    let before = (engine.stats().batches(), engine.stats().round_trips(), engine.stats().stale());
    for n in 1..50 {
        assert_eq!(submit(n, account, bank, 2).await, Err(Refused::Limit));
    }
    assert_eq!(engine.stats().batches() - before.0, 49);
    assert_eq!(engine.stats().round_trips() - before.1, 49, "none of them ran twice");
    assert_eq!(engine.stats().stale(), before.2);
    // A limit that the operator has changed meanwhile is seen by the next refusal.
    let admin = fixture.database.admin().await;
    admin.execute("update ledger.balances set floor = -10 where floor = 0", &[]).await.unwrap();
    assert!(submit(50, account, bank, 2).await.is_ok());
    assert_eq!(engine.stats().stale() - before.2, 1);
    assert_eq!(fixture.posted(account).await, -1);
}

/// A batch that is one statement is committed by it. Its answer tells what failed: the statement, or the commit.
#[tokio::test]
async fn an_error_after_the_answer_of_a_transaction_is_unknown_unless_it_says_to_run_it_again() {
    let fixture = Fixture::new().await;
    let (from, to) = {
        let engine = fixture.engine();
        (fixture.open(&engine, None).await, fixture.open(&engine, None).await)
    };
    let admin = fixture.database.admin().await;
    let fail_once = "
        create sequence public.tries;
        grant usage on sequence public.tries to zerosum_app;
        create function public.fail_once() returns trigger language plpgsql as $$
        begin
          if nextval('public.tries') = 1 then
            raise exception 'once' using errcode = tg_argv[0];
          end if;
          return null;
        end
        $$;";
    admin.batch_execute(fail_once).await.unwrap();
    for (when, code, unknown) in [
        ("deferrable initially deferred", "P0001", true),
        ("deferrable initially deferred", "40001", false),
        // The same before the answer is no secret: nothing happened, and it runs again.
        ("not deferrable", "P0001", false),
    ] {
        let engine = fixture.engine();
        let submit = async |n: u32| {
            let transfer = Command::Transfer { from, to, amount: 1 };
            engine.submit(fixture.submission(key(format!("{when} {code} {n}")), transfer)).await
        };
        // Reads the accounts; from then on the lane remembers them.
        assert!(submit(0).await.unwrap().outcome.is_ok());
        let statements = engine.stats().statements();
        assert!(submit(1).await.unwrap().outcome.is_ok());
        assert_eq!(engine.stats().statements() - statements, 1);
        let posted = fixture.posted(to).await;
        let arm = format!(
            "create constraint trigger fail after insert on ledger.transactions {when}
               for each row execute function public.fail_once('{code}');
             alter sequence public.tries restart"
        );
        admin.batch_execute(&arm).await.unwrap();
        let reruns = engine.stats().reruns();
        let answer = submit(2).await;
        assert_eq!(answer.as_ref().err() == Some(&Fault::Unknown), unknown, "{when} {code}: {answer:?}");
        assert_eq!(engine.stats().reruns() - reruns, u64::from(!unknown), "{when} {code}");
        assert_eq!(fixture.posted(to).await - posted, i64::from(!unknown), "{when} {code}");
        admin.batch_execute("drop trigger fail on ledger.transactions").await.unwrap();
    }
}

/// A database may have other ideas of isolation than a statement that begins no transaction can overrule.
#[tokio::test]
async fn every_batch_runs_read_committed_whatever_the_database_says() {
    let fixture = Fixture::new().await;
    let admin = fixture.database.admin().await;
    let only_read_committed = "
        do $$ begin
          execute format('alter database %I set default_transaction_isolation = serializable', current_database());
        end $$;
        create function public.check_isolation() returns trigger language plpgsql as $$
        begin
          if current_setting('transaction_isolation') <> 'read committed' then
            raise exception 'isolation is %', current_setting('transaction_isolation');
          end if;
          return null;
        end
        $$;
        create trigger isolation after insert on ledger.transactions
          for each statement execute function public.check_isolation()";
    admin.batch_execute(only_read_committed).await.unwrap();
    for remembers in [true, false] {
        let engine = fixture.engine_with(|config| EngineConfig { remembers, ..config });
        let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
        let statements = engine.stats().statements();
        for n in 0..3 {
            let transfer = Command::Transfer { from, to, amount: 1 };
            let key = key(format!("{remembers} {n}"));
            assert!(engine.submit(fixture.submission(key, transfer)).await.unwrap().outcome.is_ok());
        }
        assert_eq!(engine.stats().statements() - statements == 3, remembers, "alone, or under locks");
        assert_eq!(engine.stats().reruns() + engine.stats().stale() + engine.stats().splits(), 0);
    }
}

/// Whoever holds a lock has probably moved what was remembered, so a batch that goes by memory soon asks again under
/// locks; and there it waits for its turn. A machine that stalls meanwhile can spoil a round, not all of them.
#[tokio::test]
async fn a_lock_is_waited_for_shortly_on_memory_and_patiently_under_locks() {
    let fixture = Fixture::new().await;
    let holder = fixture.database.admin().await;
    let mut seen = Vec::new();
    for round in 0..5 {
        let engine = fixture.engine();
        let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
        let submit = async |n: u32| {
            let transfer = Command::Transfer { from, to, amount: 1 };
            let key = key(format!("{round} {n}"));
            assert!(engine.submit(fixture.submission(key, transfer)).await.unwrap().outcome.is_ok());
        };
        submit(0).await;
        holder.batch_execute("begin; select from ledger.balances for update").await.unwrap();
        let (released, ()) =
            futures_util::join!(holder.batch_execute("select pg_sleep(0.25); rollback"), submit(1));
        released.unwrap();
        seen.push(engine.stats().reruns());
        if seen.last() == Some(&1) {
            return;
        }
    }
    panic!("once on memory, then under locks until it is free: {seen:?}");
}

/// PostgreSQL ends ours: the rival waits for a minute before it looks for a deadlock. Ours is alone in its batch, so that
/// nothing but running again can save it. It looks once: where the rival was slow to cross it, there is another round.
#[tokio::test]
async fn a_batch_that_a_deadlock_has_ended_runs_again() {
    const LOOKS: &str = "
        do $$ begin
          execute format('alter database %I set deadlock_timeout = ''300ms''', current_database());
        end $$;
        set deadlock_timeout = '1min'";
    const OURS_WAITS: &str = "
        select count(*) from pg_stat_activity
         where datname = current_database() and application_name = 'zerosum lane' and wait_event_type = 'Lock'";
    let fixture = Fixture::new().await;
    let rival = fixture.database.admin().await;
    rival.batch_execute(LOOKS).await.unwrap();
    let watcher = fixture.database.admin().await;
    let mut seen = Vec::new();
    for round in 0..5 {
        let engine = fixture.engine_with(|config| EngineConfig { remembers: false, ..config });
        let (one, two) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
        let (low, high) = (one.min(two), one.max(two));
        let lock = |account: AccountId| {
            format!("select from ledger.balances where account_id = '{}' for update", account.uuid())
        };
        rival.batch_execute(&format!("begin; {}", lock(high))).await.unwrap();
        let crossing = async {
            while watcher.query_one(OURS_WAITS, &[]).await.unwrap().get::<_, i64>(0) == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            rival.batch_execute(&format!("{}; commit", lock(low))).await.unwrap();
        };
        let transfer = Command::Transfer { from: low, to: high, amount: 1 };
        let submission = fixture.submission(key(format!("{round}")), transfer);
        let (answer, ()) = futures_util::join!(engine.submit(submission), crossing);
        assert!(answer.unwrap().outcome.is_ok());
        assert_eq!(fixture.posted(high).await, 1);
        seen.push((engine.stats().reruns(), engine.stats().splits()));
        if seen.last() == Some(&(1, 0)) {
            return;
        }
    }
    panic!("run again once and not split: {seen:?}");
}

/// A lane takes keys to be new that it has not decided on itself. When callers repeat those of another process, it looks
/// keys up, ever more often the more they do.
#[tokio::test]
async fn repeated_keys_are_replayed_and_cost_fewer_reruns_the_more_there_are() {
    let fixture = Fixture::new().await;
    let (engine, elsewhere) = (fixture.engine(), fixture.engine());
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let submit_to = async |engine: &Engine<Bank>, n: u32, amount| {
        let transfer = Command::Transfer { from, to, amount };
        engine.submit(fixture.submission(key(format!("{n}")), transfer)).await
    };
    let submit = async |n, amount| submit_to(&engine, n, amount).await;
    let mut first = Vec::new();
    for n in 0..200 {
        first.push(submit_to(&elsewhere, n, 1).await.unwrap().outcome);
    }
    assert_eq!(elsewhere.stats().stale(), 0);
    for (n, outcome) in (0..).zip(&first) {
        let again = submit(n, 1).await.unwrap();
        assert!(again.replayed);
        assert_eq!(again.outcome, *outcome);
    }
    assert_eq!(fixture.posted(to).await, 200);
    let stale = engine.stats().stale();
    assert!((1..=12).contains(&stale), "200 repeats made {stale} reruns");
    // New keys again: before long the lane trusts itself again.
    for n in 200..300 {
        assert!(submit(n, 1).await.is_ok());
    }
    let trips = engine.stats().round_trips();
    for n in 300..400 {
        assert!(submit(n, 1).await.is_ok());
    }
    assert_eq!(engine.stats().round_trips() - trips, 100);
    assert_eq!(engine.stats().stale(), stale);
}

#[tokio::test]
async fn a_key_twice_in_one_batch_has_one_effect_and_two_equal_answers() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let batches = engine.stats().batches();
    let transfer = || fixture.submission(key("twin"), Command::Transfer { from, to, amount: 5 });
    let (one, other) = tokio::join!(engine.submit(transfer()), engine.submit(transfer()));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(engine.stats().batches() - batches, 1);
    assert_eq!(one.outcome, other.outcome);
    assert_eq!((one.replayed, other.replayed), (false, true));
    assert_eq!(fixture.posted(to).await, 5);
    let later = engine.submit(transfer()).await.unwrap();
    assert!(later.replayed);
    assert_eq!(later.outcome, one.outcome);
}

#[tokio::test]
async fn a_key_with_another_content_is_refused_and_has_no_effect() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let transfer = Command::Transfer { from, to, amount: 5 };
    engine.submit(fixture.submission(key("k"), transfer.clone())).await.unwrap();
    let reused = engine.submit(fixture.submission(fingerprinted("k", 2), transfer.clone())).await;
    assert_eq!(reused.unwrap_err(), Fault::KeyReused);
    // In one batch too.
    let (first, second) = tokio::join!(
        engine.submit(fixture.submission(key("l"), transfer.clone())),
        engine.submit(fixture.submission(fingerprinted("l", 2), transfer)),
    );
    assert!(first.unwrap().outcome.is_ok());
    assert_eq!(second.unwrap_err(), Fault::KeyReused);
    assert_eq!(fixture.posted(to).await, 10);
}

#[tokio::test]
async fn a_refusal_is_remembered_under_a_key_and_forgotten_under_a_reference() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, Some(0)).await, fixture.open(&engine, None).await);
    let transfer = Command::Transfer { from, to, amount: 5 };
    let refused = engine.submit(fixture.submission(key("k"), transfer.clone())).await.unwrap();
    assert_eq!(refused.outcome, Err(Refused::Limit));
    let mut reference = key("reference").unwrap();
    reference.remembers_refusals = false;
    let again = engine.submit(fixture.submission(Some(reference.clone()), transfer.clone())).await.unwrap();
    assert_eq!(again.outcome, Err(Refused::Limit));

    let top_up = Command::Transfer { from: to, to: from, amount: 10 };
    engine.submit(fixture.submission(None, top_up)).await.unwrap();

    let remembered = engine.submit(fixture.submission(key("k"), transfer.clone())).await.unwrap();
    assert!(remembered.replayed);
    assert_eq!(remembered.outcome, Err(Refused::Limit));
    let retried = engine.submit(fixture.submission(Some(reference), transfer)).await.unwrap();
    assert!(!retried.replayed && retried.outcome.is_ok());
    assert_eq!(fixture.posted(from).await, 5);
}

#[tokio::test]
async fn one_bad_command_in_a_batch_fails_alone() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let all = (0..100).map(|n| {
        let command = match n {
            40 => Command::Poison { from, to },
            70 => Command::Panic,
            _ => Command::Transfer { from, to, amount: 1 },
        };
        engine.submit(fixture.submission(key(format!("{n}")), command))
    });
    let answers = join_all(all).await;
    for (n, answer) in answers.into_iter().enumerate() {
        match n {
            40 | 70 => assert_eq!(answer.unwrap_err(), Fault::Broken, "{n}"),
            _ => assert!(answer.unwrap().outcome.is_ok(), "{n}"),
        }
    }
    assert_eq!(fixture.posted(to).await, 98);
    assert_eq!(fixture.count("select count(*) from ledger.idempotency_keys").await, 98);
    assert!(engine.stats().splits() >= 1);
}

#[tokio::test]
async fn a_full_queue_and_a_passed_deadline_are_told_at_once() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine_with(|config| EngineConfig { queue_max: 10, ..config });
    let open = |deadline| Submission {
        deadline,
        ..fixture.submission(None, Command::Open { external_id: None, floor: None })
    };
    let far = Instant::now() + Duration::from_secs(20);
    let answers = join_all((0..30).map(|_| engine.submit(open(far)))).await;
    let busy = answers.iter().filter(|answer| matches!(answer, Err(Fault::Busy))).count();
    assert_eq!(busy, 20);
    assert_eq!(fixture.count("select count(*) from ledger.accounts").await, 10);
    assert_eq!(engine.submit(open(Instant::now())).await.unwrap_err(), Fault::Deadline);
    assert_eq!(fixture.count("select count(*) from ledger.accounts").await, 10);
}

#[tokio::test]
async fn a_brand_that_is_not_set_up_or_halted_takes_no_commands() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let unknown = Submission {
        brand: BrandId::parse("nobody").unwrap(),
        ..fixture.submission(None, Command::Open { external_id: None, floor: None })
    };
    assert_eq!(engine.submit(unknown).await.unwrap_err(), Fault::UnknownBrand);
    let transfer = || fixture.submission(key("k"), Command::Transfer { from, to, amount: 5 });
    let done = engine.submit(transfer()).await.unwrap();
    let admin = fixture.database.admin().await;
    admin
        .batch_execute("update ledger.brands set halted_reason = 'test' where brand_id = 'acme'")
        .await
        .unwrap();
    let other = fixture.submission(key("l"), Command::Transfer { from, to, amount: 5 });
    assert_eq!(engine.submit(other).await.unwrap_err(), Fault::Halted);
    // What was answered before can still be asked for.
    assert_eq!(engine.submit(transfer()).await.unwrap().outcome, done.outcome);
}

#[tokio::test]
async fn another_brands_account_does_not_exist() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let foreign = Submission {
        brand: BrandId::parse("other").unwrap(),
        ..fixture.submission(key("k"), Command::Transfer { from, to, amount: 1 })
    };
    let outcome = engine.submit(foreign).await.unwrap().outcome;
    assert!(matches!(outcome, Err(Refused::Other(why)) if why.contains("does not exist")));
    assert_eq!(fixture.posted(to).await, 0);
}

#[tokio::test]
async fn entries_of_all_brands_of_a_batch_are_written_in_the_order_of_their_ids() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let brands: Vec<BrandId> = (0..8).map(|n| BrandId::parse(&format!("brand-{n}")).unwrap()).collect();
    let admin = fixture.database.admin().await;
    for brand in &brands {
        let sql = "insert into ledger.brands (brand_id, name) values ($1, 'Brand')";
        admin.execute(sql, &[&brand.as_str()]).await.unwrap();
    }
    let submission =
        |brand: &BrandId, command| Submission { brand: brand.clone(), ..fixture.submission(None, command) };
    let mut accounts = Vec::new();
    for brand in &brands {
        let open = || engine.submit(submission(brand, Command::Open { external_id: None, floor: None }));
        let (from, to) = (open().await.unwrap().outcome, open().await.unwrap().outcome);
        let (Ok(Done::Opened(from)), Ok(Done::Opened(to))) = (from, to) else { panic!("not opened") };
        accounts.push((from, to));
    }
    let submits = (0..24).map(|n| {
        let (from, to) = accounts[n % 8];
        engine.submit(submission(&brands[n % 8], Command::Transfer { from, to, amount: 1 }))
    });
    for answer in join_all(submits).await {
        assert!(matches!(answer.unwrap().outcome, Ok(Done::Posted(_))));
    }
    // What is submitted together is one batch.
    let sql = "select (transaction_id, line)::text from ledger.entries order by ctid";
    let rows = admin.query(sql, &[]).await.unwrap();
    let written: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(written.len(), 48);
    assert!(written.is_sorted(), "{written:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_with_the_same_keys_and_accounts_have_one_effect_per_key() {
    const KEYS: usize = 300;
    let fixture = Fixture::new().await;
    let engines = [fixture.engine(), fixture.engine()];
    let mut accounts = Vec::new();
    for _ in 0..6 {
        accounts.push(fixture.open(&engines[0], None).await);
    }
    let submits = (0..KEYS).flat_map(|n| {
        let (from, to) = (accounts[n % 6], accounts[(n * 5 + 1 + n % 6) % 6]);
        let (from, to) = if from == to { (accounts[0], accounts[1]) } else { (from, to) };
        let fixture = &fixture;
        engines.iter().map(move |engine| {
            engine.submit(fixture.submission(key(format!("{n}")), Command::Transfer { from, to, amount: 1 }))
        })
    });
    let answers = join_all(submits).await;
    for pair in answers.chunks(2) {
        let [one, other] = pair else { unreachable!() };
        let (one, other) = (one.as_ref().unwrap(), other.as_ref().unwrap());
        assert_eq!(one.outcome, other.outcome);
        assert!(one.replayed != other.replayed);
    }
    assert_eq!(fixture.count("select count(*) from ledger.transactions").await, KEYS as i64);
    assert_eq!(fixture.count("select coalesce(sum(posted), 0)::bigint from ledger.balances").await, 0);
    println!(
        "{KEYS} keys over 2 engines; reruns {} and {}",
        engines[0].stats().reruns(),
        engines[1].stats().reruns()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_open_the_same_external_id_open_one_account() {
    let fixture = Fixture::new().await;
    let engines = [fixture.engine(), fixture.engine()];
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let open = || fixture.submission(None, Command::Open { external_id: Some(name), floor: None });
        let (one, other) = tokio::join!(engines[0].submit(open()), engines[1].submit(open()));
        let outcomes = [one.unwrap().outcome, other.unwrap().outcome];
        let opened: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(opened.len(), 1, "{outcomes:?}");
        let Done::Opened(id) = opened[0] else { panic!() };
        assert!(outcomes.contains(&Err(Refused::Taken(*id))));
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_cancels_nothing() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let mut gone = 0;
    for n in 0..200_u64 {
        let transfer = fixture.submission(key(format!("{n}")), Command::Transfer { from, to, amount: 1 });
        let patience = Duration::from_micros(n * 20);
        if tokio::time::timeout(patience, engine.submit(transfer)).await.is_err() {
            gone += 1;
        }
    }
    // The lane is still sound: the same keys answer, each with one effect.
    for n in 0..200 {
        let transfer = fixture.submission(key(format!("{n}")), Command::Transfer { from, to, amount: 1 });
        assert!(engine.submit(transfer).await.unwrap().outcome.is_ok());
    }
    assert!(gone > 0);
    assert_eq!(fixture.posted(to).await, 200);
    // Of this test's database: others share the server.
    let lanes = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'zerosum lane'";
    assert!(fixture.count(lanes).await > 0);
    assert_eq!(fixture.count(&format!("{lanes} and state = 'idle in transaction'")).await, 0);
    println!("{gone} of 200 callers went away");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_told_and_nothing_else_happens() {
    let fixture = Fixture::new().await;
    let nowhere = "postgres://zerosum@127.0.0.1:1/none".parse().unwrap();
    let engine = fixture.engine_with(|config| EngineConfig { database: nowhere, ..config });
    let open = fixture.submission(None, Command::Open { external_id: None, floor: None });
    assert_eq!(engine.submit(open).await.unwrap_err(), Fault::Unavailable);
}

#[tokio::test]
async fn a_terminated_backend_costs_a_retry_and_no_money() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let admin = fixture.database.admin().await;
    for n in 0..20 {
        let kill = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'zerosum lane' and datname = current_database()";
        admin.batch_execute(kill).await.unwrap();
        loop {
            let transfer = fixture.submission(key(format!("{n}")), Command::Transfer { from, to, amount: 1 });
            match engine.submit(transfer).await {
                Ok(answer) => break assert!(answer.outcome.is_ok()),
                Err(fault) => assert!(fault.retryable(), "{fault}"),
            }
        }
    }
    assert_eq!(fixture.posted(to).await, 20);
}
