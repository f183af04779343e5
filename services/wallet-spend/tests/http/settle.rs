//! Settle, unlock and what they end.

use serde_json::{Value, json};

use super::stage::{Stage, refused, settle_body};

fn events(body: &Value) -> Vec<&str> {
    body["accountTransactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|made| made["event"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_settle_debits_what_was_locked() {
    let stage = Stage::new().await;
    let holder = stage.holder(25_000).await;
    stage.open(&holder, "buy-1").await.expect(200);
    let mut spend = super::stage::spend_body(&holder, "spend-1", 20_000, true);
    spend["parentWalletTransactionReference"] = json!("buy-1");
    stage.post("spend", "/connect/wallet/spend", &spend).await.expect(200);
    let settled = stage.settle(&holder, "buy-1", &["spend-1"]).await.expect(200);

    let [parent, child] = settled["walletTransactions"].as_array().unwrap().as_slice() else {
        panic!("{settled}")
    };
    assert_eq!((&parent["type"], &parent["status"]), (&json!("SETTLE"), &json!("SETTLED")));
    assert_eq!(parent["identity"]["value"], json!(holder.identity));
    assert_eq!(parent["location"], json!({"storeId": "111", "storeParentId": "AFabulousRetailer"}));
    assert_eq!((&child["status"], &child["identity"]), (&json!("SETTLED"), &Value::Null));
    assert_eq!(child["parentWalletTransactionId"], parent["walletTransactionId"]);
    let [spent] = settled["accountTransactions"].as_array().unwrap().as_slice() else { panic!("{settled}") };
    let [lock, shown] = child["accounts"].as_array().unwrap().as_slice() else { panic!("{child}") };
    assert_eq!(spent["parentAccountTransactionId"], lock["accountTransactionId"]);
    assert_eq!(spent["accountTransactionId"], shown["accountTransactionId"]);
    assert_eq!((&spent["event"], &spent["value"]), (&json!("SPEND"), &json!(20_000)));
    assert_eq!(spent["balancesBefore"]["current"], 25_000);
    assert_eq!(spent["balancesAfter"]["current"], 5_000);
    let details = json!({
        "merchant_store_id": "111", "merchant_store_parent_id": "AFabulousRetailer",
        "balances": "{\"CURRENT\":20000,\"LIFETIME_SPEND\":20000,\"LIFETIME_SPEND_VALUE\":2000,\"USABLE\":20000}",
    });
    assert_eq!(spent["transactionDetails"], details);
    assert_eq!(stage.figures(&holder).await, [5_000, 5_000, 0, 20_000, 2_000]);

    let event = stage.event("POSCONNECT.WALLET.SETTLE").await;
    let told: Vec<(&str, &str)> = event["atomicOperations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|told| {
            let value = &told["objectValue"];
            (
                told["objectType"].as_str().unwrap(),
                value["status"].as_str().or(value["event"].as_str()).unwrap(),
            )
        })
        .collect();
    let (wtx, atx) = ("walletTransactionEntity", "walletAccountTransactionEntity");
    let sequence = [
        (wtx, "SETTLED"),
        (wtx, "SETTLED"),
        (atx, "SPEND"),
        (wtx, "ACTIVE"),
        (wtx, "SETTLED"),
        (wtx, "SETTLED"),
    ];
    assert_eq!(told, sequence);
    stage.books_hold().await;
}

#[tokio::test]
async fn what_is_earned_and_credited_is_there_before_the_spend() {
    let stage = Stage::new().await;
    let holder = stage.holder(20_000).await;
    stage.open(&holder, "buy-1").await.expect(200);
    stage.spend(&holder, "spend-1", 20_000, true).await.expect(200);
    let mut settle = settle_body(&holder, "buy-1", &["spend-1"]);
    settle["basket"] = json!({"summary": {"totalItems": 2, "adjudicationResults": [
        {"type": "credit", "targetedAccountId": holder.account, "balances": {"current": 7}},
        {"type": "earn", "targetedAccountId": holder.account, "balances": {"current": 500}},
    ]}});
    let settled = stage.post("settle", "/connect/wallet/settle", &settle).await.expect(200);
    assert_eq!(events(&settled), ["EARN", "CREDIT", "SPEND"]);
    assert_eq!(stage.figures(&holder).await, [507, 507, 0, 20_000, 2_000]);
    let summary = &settled["walletTransactions"][0]["basket"]["summary"];
    assert_eq!(summary["totalItems"], 2);
    assert_eq!(summary["results"]["points"]["totalPointsGiven"], 507);
    assert_eq!(stage.account(&holder).await["balances"]["lifetime"], 20_507);
    stage.books_hold().await;
}

#[tokio::test]
async fn what_is_not_ours_is_an_issue_and_the_rest_is_done() {
    let stage = Stage::new().await;
    let holder = stage.holder(20_000).await;
    let mut settle = settle_body(&holder, "buy-1", &[]);
    settle["operations"] = json!([
        {"operationType": "redeem", "token": "T1"},
        {"operationType": "earn", "accountId": "999", "balances": {"current": 5}},
        {"operationType": "earn", "accountId": holder.account, "balances": {"current": 5}},
    ]);
    let settled = stage.post("settle", "/connect/wallet/settle", &settle).await.expect(207);
    assert_eq!(settled["issues"].as_array().unwrap().len(), 2);
    assert_eq!(stage.figures(&holder).await[0], 20_005);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_settle_is_all_or_nothing_and_answers_the_same_again() {
    let stage = Stage::new().await;
    let holder = stage.holder(40_000).await;
    for spend in ["spend-1", "spend-2"] {
        stage.spend(&holder, spend, 20_000, true).await.expect(200);
    }
    stage.void(&holder, "spend-2").await.expect(200);
    let answer = stage.settle(&holder, "buy-1", &["spend-1", "spend-2"]).await;
    refused(&answer, 400, "TRANSACTION_VOIDED");
    assert!(answer.body["errorMessage"].as_str().unwrap().contains("spend-2"));
    assert_eq!(stage.figures(&holder).await, [40_000, 20_000, 20_000, 0, 0]);
    // A refusal leaves the reference free.
    let first = stage.settle(&holder, "buy-1", &["spend-1"]).await;
    let again = stage.settle(&holder, "buy-1", &["spend-1"]).await;
    assert!(!first.replayed && again.replayed && first.raw == again.raw && first.status == 200);
    refused(&stage.settle(&holder, "buy-1", &[]).await, 400, "REFERENCE_NOT_UNIQUE");
    refused(&stage.settle(&holder, "buy-2", &["spend-1"]).await, 400, "TRANSACTION_SETTLED");
    refused(&stage.void(&holder, "spend-1").await, 400, "TRANSACTION_SETTLED");
    assert_eq!(stage.figures(&holder).await, [20_000, 20_000, 0, 20_000, 2_000]);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_reference_that_names_a_spend_settles_just_that() {
    let stage = Stage::new().await;
    let holder = stage.holder(25_000).await;
    stage.spend(&holder, "spend-1", 10_000, true).await.expect(200);
    let settled = stage.settle(&holder, "spend-1", &[]).await.expect(200);
    assert_eq!(settled["walletTransactions"].as_array().unwrap().len(), 1);
    assert_eq!(stage.figures(&holder).await, [15_000, 15_000, 0, 10_000, 1_000]);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_part_of_a_lock_is_settled_and_the_rest_is_free_again() {
    let stage = Stage::new().await;
    let holder = stage.holder(30_000).await;
    stage.spend(&holder, "spend-1", 30_000, true).await.expect(200);
    let part = |points: i64| {
        let mut settle = settle_body(&holder, "buy-1", &["spend-1"]);
        settle["walletTransactions"][0]["pointsValue"] = json!(points);
        settle
    };
    for wrong in [15_000, 5_000, 40_000] {
        let answer = stage.post("settle", "/connect/wallet/settle", &part(wrong)).await;
        assert!(refused(&answer, 400, "ADJUDICATION_MISMATCH")[0].contains("spend-1"));
    }
    let settled = stage.post("settle", "/connect/wallet/settle", &part(20_000)).await.expect(200);
    let points = &settled["walletTransactions"][1]["basket"]["summary"]["results"]["points"];
    assert_eq!((&points["spend"], &points["totalMonetaryValue"]), (&json!(20_000), &json!(2_000)));
    assert_eq!(stage.figures(&holder).await, [10_000, 10_000, 0, 20_000, 2_000]);
    stage.books_hold().await;
}

#[tokio::test]
async fn points_come_back_when_their_tier_says_so() {
    let stage = Stage::new().await;
    let tier =
        json!({"floor": 100, "ceiling": 50_000, "step": 100, "rate": 0.1, "bonus": 3, "pointsBack": 25});
    let rates = json!({"rates": {"redemption": {super::stage::BRAND: [tier]}}});
    let scheme = stage.scheme_with("BACK", rates).await;
    let holder = stage.holder_of("card", &[(&scheme, "BACK")]).await;
    stage.credit(&holder, 1_000).await;
    let mut spend = super::stage::spend_body(&holder, "spend-1", 500, true);
    spend["spendAdjudicationResults"]["monetaryValue"] = json!(53);
    stage.post("spend", "/connect/wallet/spend", &spend).await.expect(200);
    let settled = stage.settle(&holder, "buy-1", &["spend-1"]).await.expect(200);
    assert_eq!(events(&settled), ["SPEND", "CREDIT"]);
    assert_eq!(stage.figures(&holder).await, [525, 525, 0, 500, 53]);
    // The company's tiers apply where the banner has none.
    let results = stage.calculate(&holder, 525).await.expect(200);
    assert_eq!(results["spendAdjudicationResults"]["monetaryValue"], 53);
    stage.books_hold().await;
}

#[tokio::test]
async fn an_unlock_cancels_the_purchase_and_voids_its_spends() {
    let stage = Stage::new().await;
    let holder = stage.holder(40_000).await;
    stage.open(&holder, "buy-1").await.expect(200);
    for spend in ["spend-1", "spend-2"] {
        let mut body = super::stage::spend_body(&holder, spend, 20_000, true);
        body["parentWalletTransactionReference"] = json!("buy-1");
        stage.post("spend", "/connect/wallet/spend", &body).await.expect(200);
    }
    let body = json!({"identity": {"identityValue": holder.identity}, "reference": "buy-1"});
    let unlocked = stage.post("unlock", "/connect/wallet/unlock", &body).await;
    assert_eq!(events(&unlocked.body), ["VOID", "VOID"]);
    assert_eq!(stage.figures(&holder).await, [40_000, 40_000, 0, 0, 0]);
    assert_eq!(stage.status("buy-1").await, "CANCELLED");
    assert_eq!(stage.status("spend-2").await, "VOIDED");
    let again = stage.post("unlock", "/connect/wallet/unlock", &body).await;
    assert!(again.replayed && again.raw == unlocked.raw);
    // A void of what the unlock has voided answers like a void, and changes nothing.
    let void = stage.void(&holder, "spend-1").await.expect(200);
    assert_eq!(void["accountTransactions"][0]["event"], "VOID");
    refused(&stage.settle(&holder, "buy-1", &[]).await, 400, "TRANSACTION_VOIDED");
    stage.books_hold().await;
}

#[tokio::test]
async fn an_open_takes_the_reference_of_one_before() {
    let stage = Stage::new().await;
    let holder = stage.holder(1_000).await;
    let first = stage.open(&holder, "buy-1").await.expect(200);
    let again = stage.open(&holder, "buy-1").await;
    assert!(again.replayed);
    let body = json!({"identity": {"identityValue": holder.identity}, "reference": "buy-1", "lock": true});
    let second = stage.post("open", "/connect/wallet/open", &body).await.expect(200);
    let id = |open: &Value| open["walletTransactions"][0]["walletTransactionId"].as_str().unwrap().to_owned();
    assert_ne!(id(&first), id(&second));
    assert_eq!(stage.status(&format!("buy-1_DELETED_{}", id(&first))).await, "DELETED");
    assert_eq!(second["transactionCapabilities"], json!({"loyalty": {"spend": true, "earn": true}}));
    let enriched = &second["accounts"][0]["enriched"];
    assert_eq!(enriched["schemeReference"], json!(holder.scheme_reference));
    assert_eq!(enriched["properties"]["redemptionRates"]["AFabulousRetailer"][0]["rate"], json!(0.1));
    // Without a lock it only looks.
    let body = json!({"identity": {"identityValue": holder.identity}, "reference": "look"});
    let looked = stage.post("open", "/connect/wallet/open", &body).await.expect(200);
    assert_eq!(looked["walletTransactions"], json!([]));
    assert_eq!(looked["accounts"], second["accounts"]);
    stage.books_hold().await;
}
