//! A posting puts its events into the outbox in the same commit, and they say what was posted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;
use zerosum_accounting::command::{
    Accounting, Command, Done, Entry, Open, Post, Posted,
    text::{AccountName, Memo, PartyType, Reference, TransactionType},
};
use zerosum_domain::{AccountId, AccountType, Amount, BrandId, Currency, Limits};
use zerosum_events::{Event, PageError, page};
use zerosum_ledger::{Engine, EngineConfig, Submission};
use zerosum_testkit::TestDatabase;

/// The books of a brand, and what posts into them.
async fn acme() -> (TestDatabase, Engine<Accounting>) {
    let database = TestDatabase::new().await;
    let admin = database.admin().await;
    admin.batch_execute("insert into ledger.brands (brand_id, name) values ('acme', 'Acme')").await.unwrap();
    let engine = Engine::start(Accounting, EngineConfig::new(database.app_url().parse().unwrap()));
    (database, engine)
}

async fn submit(engine: &Engine<Accounting>, command: Command) -> Option<Done> {
    let submission = Submission {
        brand: BrandId::parse("acme").unwrap(),
        key: None,
        command,
        deadline: Instant::now() + Duration::from_secs(10),
    };
    engine.submit(submission).await.unwrap().outcome.ok()
}

async fn open(engine: &Engine<Accounting>, party: Option<&str>) -> AccountId {
    let command = Command::Open(Open {
        name: AccountName::parse("an account").unwrap(),
        kind: AccountType::Asset,
        currency: Currency::parse("USD").unwrap(),
        external_id: None,
        party_type: party.map(|_| PartyType::parse("user").unwrap()),
        party_id: party.map(|id| Reference::parse(id).unwrap()),
        limits: Limits { floor: party.map(|_| 0), ceiling: None },
        metadata: None,
    });
    match submit(engine, command).await {
        Some(Done::Opened(opened)) => opened.id,
        other => panic!("{other:?}"),
    }
}

fn post(entries: &[(AccountId, i64, Option<&str>)]) -> Command {
    Command::Post(Post {
        kind: TransactionType::parse("payout").unwrap(),
        external_ref: Some(Reference::parse("payment-1").unwrap()),
        memo: None,
        metadata: None,
        entries: entries
            .iter()
            .map(|(account, amount, memo)| Entry {
                account: *account,
                amount: Amount::new(*amount).unwrap(),
                memo: memo.map(|memo| Memo::parse(memo).unwrap()),
            })
            .collect(),
    })
}

/// Postings are rendered from their rows alone.
fn nothing_to_render(kind: &str, _: &str, _: &str) -> Result<Value, serde_json::Error> {
    panic!("{kind} is no event of a service")
}

async fn app(database: &TestDatabase) -> tokio_postgres::Client {
    let mut app = database.app_url().parse::<tokio_postgres::Config>().unwrap();
    let (client, connection) =
        app.options("-c role=zerosum_app").connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn all(database: &TestDatabase) -> Vec<Event> {
    // One row at a time, to cross every page border.
    let client = app(database).await;
    let (mut events, mut after) = (Vec::new(), None);
    loop {
        let (next, last) = page(&client, nothing_to_render, after, 1).await.unwrap();
        if next.is_empty() {
            return events;
        }
        events.extend(next);
        after = last;
    }
}

#[tokio::test]
async fn a_posting_tells_of_itself_and_of_each_balance_it_changed() {
    let (database, engine) = acme().await;
    let (from, to) = (open(&engine, None).await, open(&engine, Some("u-1")).await);
    let done = submit(&engine, post(&[(from, -700, None), (to, 500, Some("first")), (to, 200, None)])).await;
    let Some(Done::Posted(Posted { id, posted_at, .. })) = done else { panic!("{done:?}") };
    // A refused posting tells of nothing: the second use of the reference, and an overdraft.
    assert!(submit(&engine, post(&[(from, -1, None), (to, 1, None)])).await.is_none());
    assert!(submit(&engine, post(&[(from, 900, None), (to, -900, None)])).await.is_none());

    let events = all(&database).await;
    let told: Vec<(&str, Value)> = events
        .iter()
        .map(|event| (event.r#type.as_str(), serde_json::to_value(&event.data).unwrap()))
        .collect();
    let (id, at) = (id.to_string(), serde_json::to_value(posted_at).unwrap());
    let (from, to) = (from.to_string(), to.to_string());
    assert_eq!(
        told,
        [
            (
                "accounting.transaction.posted.v1",
                json!({
                    "transaction_id": id, "type": "payout", "external_ref": "payment-1",
                    "entries": [
                        {"account_id": from, "amount_cents": -700, "memo": null},
                        {"account_id": to, "amount_cents": 500, "memo": "first"},
                        {"account_id": to, "amount_cents": 200, "memo": null},
                    ],
                    "posted_at": at,
                })
            ),
            (
                "accounting.balance.changed.v1",
                json!({
                    "account_id": from, "party_type": null, "party_id": null, "previous_balance_cents": 0,
                    "new_balance_cents": -700, "transaction_id": id, "changed_at": at,
                })
            ),
            (
                "accounting.balance.changed.v1",
                json!({
                    "account_id": to, "party_type": "user", "party_id": "u-1", "previous_balance_cents": 0,
                    "new_balance_cents": 700, "transaction_id": id, "changed_at": at,
                })
            ),
        ]
    );
    let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), events.len(), "each event has an id of its own");
    assert_eq!(all(&database).await, events, "read again, they are the same");
}

#[tokio::test]
async fn a_transaction_that_is_gone_is_not_passed_over() {
    let (database, engine) = acme().await;
    let (from, to) = (open(&engine, None).await, open(&engine, None).await);
    assert!(submit(&engine, post(&[(from, -1, None), (to, 1, None)])).await.is_some());
    // As only a superuser can.
    let admin = database.admin().await;
    admin
        .batch_execute("set session_replication_role = replica; delete from ledger.transactions")
        .await
        .unwrap();
    let read = page(&app(&database).await, nothing_to_render, None, 10).await;
    assert!(matches!(read, Err(PageError::NothingToTell(_))), "{read:?}");
}

#[tokio::test]
async fn a_page_reads_what_is_on_it_however_long_the_outbox_is() {
    let database = TestDatabase::new().await;
    let admin = database.admin().await;
    // Of two brands in turns, so that those of one are not in a row.
    admin
        .batch_execute(
            "insert into ledger.brands (brand_id, name) values ('acme', 'Acme'), ('umbrella', 'Umbrella');
             insert into events.outbox (brand_key, event_id, kind, subjects, payload, created_at)
             select ledger.brand_key(case when n % 2 = 0 then 'acme' else 'umbrella' end),
                    lpad(to_hex(n), 32, '0')::uuid, 'events', '{}',
                    json_build_array(json_build_object('kind', 'test.told.v1', 'told', n))::text, now()
               from generate_series(1, 20000) n;
             analyze events.outbox",
        )
        .await
        .unwrap();
    let read = "select seq_tup_read, idx_tup_fetch from pg_stat_user_tables where relname = 'outbox'";
    let app = app(&database).await;
    let (mut after, mut told) = (None, Vec::new());
    for _ in 0..10 {
        let (events, last) = page(&app, nothing_to_render, after, 20).await.unwrap();
        told.extend(events.into_iter().map(|event| serde_json::to_value(&event.data).unwrap()));
        after = last;
    }
    app.batch_execute("select pg_stat_force_next_flush()").await.unwrap();
    assert_eq!(told, (1..=200).map(|n| json!(n)).collect::<Vec<Value>>());
    let row = admin.query_one(read, &[]).await.unwrap();
    let (through_all, by_index): (i64, i64) = (row.get(0), row.get(1));
    // A page may look at the row after its last.
    assert!(
        through_all == 0 && (200..=210).contains(&by_index),
        "{through_all} and {by_index} rows were read"
    );
}
