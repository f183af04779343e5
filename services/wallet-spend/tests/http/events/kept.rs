//! Events that are rendered from the answers of their calls: always the same, from one copy of what they quote.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};
use zerosum_events::PageError;
use zerosum_wallet_spend::command::rendered;

use super::steps::{stage_of_steps, steps};
use crate::stage::{Stage, settle_body};

/// The names of the calls whose references keep their answers.
const KEPT: [&str; 6] = [
    "POSCONNECT.WALLET.OPEN",
    "POSCONNECT.WALLET.SPEND",
    "POSCONNECT.WALLET.SPEND.VOID",
    "POSCONNECT.WALLET.SETTLE",
    "POSCONNECT.WALLET.UNLOCK",
    "POSCONNECT.WALLET.REFUND",
];

/// Balances, statuses, states, meta and identities change step by step, then what the brand and its client are called.
#[tokio::test]
async fn what_an_event_says_does_not_change_with_what_it_tells_of() {
    let (stage, holder, other, identity) = stage_of_steps().await;
    let admin = stage.database.admin().await;
    let mut first_seen: Vec<(String, Value)> = stage.events().await;
    let steps = steps(&holder, &other, &identity);
    for (number, step) in steps.iter().enumerate() {
        step.ask(&stage, &format!("k-{number}")).await;
        let events = stage.events().await;
        first_seen.extend_from_slice(&events[first_seen.len()..]);
    }
    admin
        .batch_execute(
            "update wallet.brand_settings
                set unit_id = 'u-2', unit_name = 'renamed', environment_type = 'e-2', subsystem_id = 's-2',
                    mobile_wallet_url = 'https://elsewhere.example';
             update wallet.clients set name = 'renamed'",
        )
        .await
        .unwrap();
    let again = stage.events().await;
    assert_eq!(again.len(), first_seen.len());
    for (first, again) in first_seen.iter().zip(&again) {
        assert_eq!(first, again);
        // Equal maps may differ in their order; texts do not.
        assert_eq!(first.1.to_string(), again.1.to_string());
    }
    for name in KEPT {
        assert!(again.iter().any(|(told, _)| told == name), "{name} was not told");
    }
    println!("{} events, each as it was first read", again.len());
    stage.books_hold().await;
}

#[tokio::test]
async fn what_a_call_answers_is_stored_once() {
    let (stage, holder, other, identity) = stage_of_steps().await;
    let admin = stage.database.admin().await;
    for (number, step) in steps(&holder, &other, &identity).iter().enumerate() {
        step.ask(&stage, &format!("k-{number}")).await;
    }
    let quoting = "select count(*) from events.outbox
                    where kind = any ($1) and (payload like '%atomicOperations%' or payload like '%response%')";
    let quoting: i64 = admin.query_one(quoting, &[&KEPT.as_slice()]).await.unwrap().get(0);
    assert_eq!(quoting, 0);
    stage.books_hold().await;
}

/// Calls that are decided together share a row.
#[tokio::test]
async fn each_event_of_a_row_is_told_by_itself() {
    let stage = Stage::new().await;
    let holder = stage.holder(300_000).await;
    let references: Vec<String> = (0..30).map(|n| format!("spend-{n}")).collect();
    let spends = references.iter().map(|reference| stage.spend(&holder, reference, 10_000, true));
    for answer in join_all(spends).await {
        answer.expect(200);
    }
    let app = stage.database.app().await;
    app.batch_execute("set role zerosum_app").await.unwrap();
    let (events, _) = zerosum_events::page(&app, rendered, None, 1_000).await.unwrap();
    let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids.len(), events.len(), "two events have one id");
    let told = stage.events().await;
    let of_spends = told.iter().filter(|(name, _)| name == "POSCONNECT.WALLET.SPEND");
    let mut quoted: Vec<String> = of_spends
        .map(|(_, event)| {
            let part = |at: &str| serde_json::from_str(event.pointer(at).unwrap().as_str().unwrap()).unwrap();
            let (asked, answered): (Value, Value) = (part("/request/body"), part("/response/body"));
            assert_eq!(asked["reference"], answered["walletTransactions"][0]["reference"]);
            asked["reference"].as_str().unwrap().to_owned()
        })
        .collect();
    quoted.sort_unstable();
    let mut expected = references.clone();
    expected.sort_unstable();
    assert_eq!(quoted, expected);
    let admin = stage.database.admin().await;
    let rows: i64 = admin
        .query_one("select count(*) from events.outbox where payload like '%POSCONNECT.WALLET.SPEND%'", &[])
        .await
        .unwrap()
        .get(0);
    assert!(rows < 30, "{rows} rows for 30 spends");
    println!("30 spends in {rows} rows");
    let shared = "select count(*) from ledger.idempotency_keys where outcome like '[%'";
    let shared: i64 = admin.query_one(shared, &[]).await.unwrap().get(0);
    assert!(shared > 0, "no answer shares a row");

    // As rows were before events shared them.
    let alone = "update events.outbox
                    set kind = payload::json -> 0 ->> 'kind', payload = (payload::json -> 0 -> 'told')::text
                  where kind = 'events' and json_array_length(payload::json) = 1";
    assert!(admin.execute(alone, &[]).await.unwrap() > 0);
    let (again, _) = zerosum_events::page(&app, rendered, None, 1_000).await.unwrap();
    assert_eq!(again, events);
    stage.books_hold().await;
}

/// The one that was there is told as it is left, before the one that took its place.
#[tokio::test]
async fn a_purchase_opened_again_tells_of_the_one_whose_reference_it_took() {
    let stage = Stage::new().await;
    let holder = stage.holder(30_000).await;
    stage.open(&holder, "basket").await.expect(200);
    let body = json!({
        "identity": {"identityValue": holder.identity}, "reference": "basket", "lock": true, "basket": {"n": 1},
    });
    stage.post("open", "/connect/wallet/open", &body).await.expect(200);
    let event = stage.event("POSCONNECT.WALLET.OPEN").await;
    let told = event["atomicOperations"].as_array().unwrap();
    let statuses: Vec<(&Value, &Value)> =
        told.iter().map(|told| (&told["operationType"], &told["objectValue"]["status"])).collect();
    let (create, update) = (json!("CREATE"), json!("UPDATE"));
    let (active, deleted) = (json!("ACTIVE"), json!("DELETED"));
    assert_eq!(statuses, [(&update, &deleted), (&create, &active), (&update, &active)]);
    stage.books_hold().await;
}

#[tokio::test]
async fn an_event_whose_answer_is_gone_is_not_passed_over() {
    let stage = Stage::new().await;
    let holder = stage.holder(30_000).await;
    stage.spend(&holder, "spent", 10_000, true).await.expect(200);
    let body = settle_body(&holder, "basket", &["spent"]);
    stage.post("settle", "/connect/wallet/settle", &body).await.expect(200);
    let admin = stage.database.admin().await;
    // As only a superuser can.
    admin
        .batch_execute(
            "begin; set local session_replication_role = replica;
             delete from ledger.idempotency_keys where scope = 'wallet-spend/settle'; commit",
        )
        .await
        .unwrap();
    let app = stage.database.app().await;
    app.batch_execute("set role zerosum_app").await.unwrap();
    let page = zerosum_events::page(&app, rendered, None, 1_000).await;
    assert!(matches!(page, Err(PageError::NoAnswer(_))), "{page:?}");
    stage.books_hold().await;
}
