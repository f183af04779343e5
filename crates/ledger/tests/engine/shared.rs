//! Outcomes that are kept for ever share rows, and are found there.

use std::collections::HashMap;

use futures_util::future::join_all;
use zerosum_domain::BrandId;
use zerosum_ledger::{Engine, Key, Submission};

use crate::common::{Bank, Command, Done, Fixture, key};

fn reference(name: String) -> Option<Key> {
    Some(Key::new("bank/reference", name, [1; 32]).of_reference())
}

/// What a key was answered, by the key.
async fn submit(
    engine: &Engine<Bank>,
    submissions: Vec<Submission<Command>>,
) -> HashMap<String, (Done, bool)> {
    let keys: Vec<String> =
        submissions.iter().map(|one| one.key.as_ref().unwrap().key().to_string()).collect();
    let answers = join_all(submissions.into_iter().map(|one| engine.submit(one))).await;
    let answered = keys.into_iter().zip(answers).map(|(key, answer)| {
        let answer = answer.unwrap();
        (key, (answer.outcome.unwrap(), answer.replayed))
    });
    answered.collect()
}

/// Submits once, and again to a process that has to ask the books. Everything is told as it was, and by the view too.
async fn told_again(
    fixture: &Fixture,
    engine: &Engine<Bank>,
    submissions: impl Fn() -> Vec<Submission<Command>>,
) {
    let first = submit(engine, submissions()).await;
    assert!(first.values().all(|(_, replayed)| !replayed));
    let again = submit(&fixture.engine(), submissions()).await;
    assert!(again.values().all(|(_, replayed)| *replayed));
    let admin = fixture.database.admin().await;
    for (key, (done, _)) in &first {
        assert_eq!(again[key].0, *done, "{key}");
        let row = admin.query_one("select outcome from ledger.answers where key = $1", &[key]).await.unwrap();
        assert_eq!(row.get::<_, String>(0), serde_json::to_string(done).unwrap(), "{key}");
    }
}

/// The lengths of the rows that are shared, and how many keys have their outcome themselves.
async fn shared(fixture: &Fixture) -> (Vec<i64>, i64) {
    let admin = fixture.database.admin().await;
    let sql = "select cardinality(outcomes)::bigint from ledger.shared_outcomes order by 1";
    let rows = admin.query(sql, &[]).await.unwrap();
    let alone = "select count(*) from ledger.idempotency_keys where outcome like '{%'";
    (rows.iter().map(|row| row.get(0)).collect(), fixture.count(alone).await)
}

#[tokio::test]
async fn what_is_kept_for_ever_shares_rows_and_is_found_there() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let transfer = |key| fixture.submission(key, Command::Transfer { from, to, amount: 1 });
    let alone = || Submission {
        brand: BrandId::parse("other").unwrap(),
        ..fixture.submission(reference("alone".into()), Command::Open { external_id: None, floor: None })
    };
    let submissions = || {
        let kept = (0..20).map(|n| transfer(reference(format!("kept {n}"))));
        let expiring = (0..5).map(|n| transfer(key(format!("expires {n}"))));
        kept.chain(expiring).chain([alone()]).collect()
    };
    told_again(&fixture, &engine, submissions).await;
    assert_eq!(shared(&fixture).await, (vec![20], 6));
    assert_eq!(fixture.posted(to).await, 25);
}

/// The view shows what its reader may see.
#[tokio::test]
async fn readers_see_the_shared_outcomes_of_their_brand() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let (from, to) = (fixture.open(&engine, None).await, fixture.open(&engine, None).await);
    let transfer =
        |n| fixture.submission(reference(format!("{n}")), Command::Transfer { from, to, amount: 1 });
    submit(&engine, (0..3).map(transfer).collect()).await;
    let reader = fixture.database.app().await;
    reader.batch_execute("set role zerosum_read").await.unwrap();
    for (brand, seen) in [("acme", 3_i64), ("other", 0)] {
        let brand = BrandId::parse(brand).unwrap().key().get();
        reader.batch_execute(&format!("set zerosum.brand = '{brand}'")).await.unwrap();
        let answers = "select count(*) from ledger.answers where outcome like '{\"Posted\":%'";
        assert_eq!(reader.query_one(answers, &[]).await.unwrap().get::<_, i64>(0), seen);
        let rows = "select coalesce(sum(cardinality(outcomes)), 0) from ledger.shared_outcomes";
        assert_eq!(reader.query_one(rows, &[]).await.unwrap().get::<_, i64>(0), seen);
    }
}

/// Under locks keys are stored before everything else.
#[tokio::test]
async fn a_batch_under_locks_shares_them_too() {
    let fixture = Fixture::new().await;
    let engine = fixture.engine();
    let names = ["a", "b", "c"];
    let open = |name: &'static str| {
        let command = Command::Open { external_id: Some(name), floor: None };
        fixture.submission(reference(name.into()), command)
    };
    told_again(&fixture, &engine, || names.map(open).into()).await;
    assert_eq!(shared(&fixture).await, (vec![3], 0));
}
