//! Events that are rendered from the answers of their calls: always the same, from one copy of what they quote.

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
