//! Schemes, wallets, identities and accounts; who may spend; looking at it all.

use serde_json::{Value, json};

use super::stage::{Stage, refused, spend_body};

#[tokio::test]
async fn a_wallet_is_made_with_what_can_be_made() {
    let stage = Stage::new().await;
    let scheme = stage.scheme("S").await;
    let made = stage.holder_of_any("card", &[(&scheme, "S"), ("999", "?")]).await;
    let of = |pointer: &str| made.pointer(pointer).cloned().unwrap();
    assert_eq!(of("/accounts/scheme/total"), 2);
    assert_eq!(of("/accounts/scheme/successful/total"), 1);
    assert_eq!(of("/accounts/scheme/failed/results/0/errorCode"), "SCHEME_NOT_FOUND");
    // The same identity continues on its wallet; a second account of the scheme is not to be had.
    let again = stage.holder_of_any("card", &[(&scheme, "S")]).await;
    assert_eq!(again["walletId"], made["walletId"]);
    assert_eq!(again.pointer("/accounts/scheme/failed/total").unwrap(), 1);
    let plain = json!({"type": "CONSUMER", "identities": [{"type": "CUSTOMER_ID", "value": "card"}]});
    refused(&stage.post("createWallet", "/services/wallet", &plain).await, 400, "INVALID_REQUEST");
    stage.books_hold().await;
}

#[tokio::test]
async fn what_was_made_can_be_looked_at() {
    let stage = Stage::new().await;
    let holder = stage.holder(25_000).await;
    let wallet = &holder.wallet;
    let identity = json!({"type": "PHONENUMBER", "value": "0123", "state": "DEFAULT", "status": "ACTIVE"});
    stage.post("createIdentity", &format!("/wallet/{wallet}/identity"), &identity).await.expect(200);
    let found = stage.get("findWallet", "/wallet?identity-value=0123").await.expect(200);
    assert_eq!(found, stage.get("getWallet", &format!("/wallet/{wallet}")).await.expect(200));
    let identities = stage.get("listIdentities", &format!("/wallet/{wallet}/identities")).await.expect(200);
    assert_eq!(identities["total"], 2);
    let scheme = stage.scheme("SECOND").await;
    let target = format!("/wallet/{wallet}/scheme/{scheme}/account");
    let account = json!({"status": "ACTIVE", "state": "EARNBURN"});
    let account = stage.post("createAccount", &target, &account).await.expect(201);
    assert_eq!(account["dates"]["end"], "2038-01-19T03:14:07+00:00");
    let accounts = stage.get("listAccounts", &format!("/wallet/{wallet}/accounts")).await.expect(200);
    assert_eq!(accounts["results"][1], account);
    let schemes = stage.get("listSchemes", "/schemes/points?limit=1&offset=1").await.expect(200);
    assert_eq!((&schemes["total"], &schemes["results"][0]["reference"]), (&json!(2), &json!("SECOND")));
    let one = stage.get("getScheme", &format!("/schemes/points/{scheme}")).await.expect(200);
    assert_eq!(one, schemes["results"][0]);
    assert_eq!(one["rates"]["redemption"]["AFabulousRetailer"][0]["rate"], json!(0.1));

    stage.spend(&holder, "s-1", 10_000, true).await.expect(200);
    let listed = stage.get("listTransactions", &format!("/wallet/{wallet}/transactions")).await.expect(200);
    let id = listed["results"][0]["walletTransactionId"].as_str().unwrap();
    let one = stage.get("getTransaction", &format!("/wallet/{wallet}/transaction/{id}")).await.expect(200);
    assert_eq!(one, listed["results"][0]);
    let header = [("X-EES-TRANSACTION-ID", "s-1")];
    let target = "/connect/wallet/transaction";
    let get = stage.ask_as("demo", "getConnectTransaction", http::Method::GET, target, b"", &header);
    assert_eq!(get.await.expect(200), one);
    let body = json!({"meta": {"till": "7"}}).to_string();
    let patch = stage
        .ask_as("demo", "annotateTransaction", http::Method::PATCH, target, body.as_bytes(), &header)
        .await;
    assert_eq!(patch.expect(200)["meta"], json!({"till": "7"}));
    stage.books_hold().await;
}

#[tokio::test]
async fn points_are_adjusted_by_hand() {
    let stage = Stage::new().await;
    let holder = stage.holder(1_000).await;
    let adjust = |operation, verb, points: i64| {
        let target = format!("/wallet/{}/account/{}/{verb}", holder.wallet, holder.account);
        let stage = &stage;
        async move { stage.patch(operation, &target, &json!({"balances": {"current": points}})).await }
    };
    let earned = adjust("earnAccount", "earn", 500).await.expect(200);
    assert_eq!(
        (&earned["event"], &earned["account"]["balances"]["lifetime"]),
        (&json!("EARN"), &json!(1_500))
    );
    assert_eq!(earned["balancesBefore"], json!({"current": 1_000, "lifetime": 1_000}));
    assert_eq!(adjust("debitAccount", "debit", 200).await.expect(200)["event"], "DEBIT");
    assert_eq!(adjust("spendAccount", "spend", 300).await.expect(200)["event"], "SPEND");
    refused(&adjust("debitAccount", "debit", 1_001).await, 400, "INSUFFICIENT_POINTS");
    refused(&adjust("spendAccount", "spend", 1_001).await, 400, "INSUFFICIENT_POINTS");
    assert_eq!(stage.figures(&holder).await, [1_000, 1_000, 0, 300, 0]);
    stage.books_hold().await;
}

#[tokio::test]
async fn who_may_spend_depends_on_status_state_and_rules() {
    let stage = Stage::new().await;
    let holder = stage.holder(25_000).await;
    let wallet = &holder.wallet;
    let account = format!("/wallet/{wallet}/account/{}", holder.account);
    let change = |operation, target: String, body: Value| {
        let stage = &stage;
        async move { stage.patch(operation, &target, &body).await.expect(200) }
    };
    let denied =
        || async { drop(refused(&stage.calculate(&holder, 10_000).await, 400, "SPEND_NOT_PERMITTED")) };
    let state = |state: &str| json!({"state": state});
    assert_eq!(
        change("stateAccount", format!("{account}/state"), state("EARNONLY")).await["state"],
        "EARNONLY"
    );
    denied().await;
    // Spend does not ask: calculate did.
    stage.spend(&holder, "s-1", 10_000, true).await.expect(200);
    change("stateAccount", format!("{account}/state"), state("VIP")).await;
    stage.calculate(&holder, 10_000).await.expect(200);
    assert_eq!(
        change("suspendWallet", format!("/wallet/{wallet}/suspend"), Value::Null).await["status"],
        "SUSPENDED"
    );
    denied().await;
    change("activateWallet", format!("/wallet/{wallet}/activate"), Value::Null).await;
    stage.calculate(&holder, 10_000).await.expect(200);
    let rule = "insert into wallet.permission_rules values (ledger.brand_key('demo'), 'account', null, 'VIP', true, false)";
    stage.database.admin().await.execute(rule, &[]).await.unwrap();
    denied().await;
    let opened = stage.open(&holder, "buy").await.expect(200);
    assert_eq!(opened["transactionCapabilities"]["loyalty"], json!({"spend": false, "earn": true}));
    stage.books_hold().await;
}

#[tokio::test]
async fn a_claim_that_is_not_what_the_scheme_gives_is_refused_by_name() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    let stranger = stage.holder(100_000).await;
    let spend = |change: &dyn Fn(&mut Value)| {
        let mut body = spend_body(&holder, "s", 20_000, true);
        change(&mut body);
        let stage = &stage;
        async move { stage.post("spend", "/connect/wallet/spend", &body).await }
    };
    let results = "/spendAdjudicationResults";
    let set = |at: &'static str, value: Value| {
        move |body: &mut Value| *body.pointer_mut(&format!("{results}{at}")).unwrap() = value.clone()
    };
    let mut wrong: Vec<(&str, super::stage::Answer)> = Vec::new();
    wrong.push(("monetaryValue", spend(&set("/monetaryValue", json!(2_001))).await));
    wrong.push(("monetaryValue", spend(&set("/monetaryValue", json!(1_999))).await));
    wrong.push(("accountId", spend(&set("/operations/0/accountId", json!(stranger.account))).await));
    wrong.push(("walletId", spend(&set("/operations/0/walletId", json!(stranger.wallet))).await));
    wrong.push(("resourceId", spend(&set("/operations/0/resourceId", json!(stranger.scheme))).await));
    wrong.push(("value", spend(&set("/operations/0/value", json!(10_000))).await));
    wrong.push(("operations", spend(&set("/operations", json!([]))).await));
    wrong.push((
        "location",
        spend(&|body| body["location"] = json!({"parentIncomingIdentifier": "Other"})).await,
    ));
    for (named, answer) in wrong {
        let details = refused(&answer, 400, "ADJUDICATION_MISMATCH");
        assert!(details[0].contains(named), "{details:?} does not name {named}");
    }
    assert_eq!(stage.figures(&holder).await, [100_000, 100_000, 0, 0, 0]);
    let parent = |reference: &'static str| {
        spend(&move |body: &mut Value| body["parentWalletTransactionReference"] = json!(reference))
    };
    refused(&parent("nothing").await, 404, "TRANSACTION_NOT_FOUND");
    stage.open(&stranger, "theirs").await.expect(200);
    refused(&parent("theirs").await, 404, "TRANSACTION_NOT_FOUND");
    stage.settle(&holder, "done", &[]).await.expect(200);
    refused(&parent("done").await, 400, "TRANSACTION_SETTLED");
    stage.books_hold().await;
}

#[tokio::test]
async fn no_figure_leaves_what_a_reader_can_be_told() {
    const MOST: i64 = (1 << 53) - 1;
    let stage = Stage::new().await;
    let holder = stage.holder(MOST).await;
    let adjust = |operation, verb, points: i64| {
        let target = format!("/wallet/{}/account/{}/{verb}", holder.wallet, holder.account);
        let stage = &stage;
        async move { stage.patch(operation, &target, &json!({"balances": {"current": points}})).await }
    };
    refused(&adjust("creditAccount", "credit", 1).await, 400, "INVALID_REQUEST");
    adjust("debitAccount", "debit", MOST).await.expect(200);
    // The counter of a lifetime stops; the points do not.
    adjust("creditAccount", "credit", MOST).await.expect(200);
    let account = stage.account(&holder).await;
    assert_eq!(
        (&account["balances"]["current"], &account["balances"]["lifetime"]),
        (&json!(MOST), &json!(MOST))
    );
    let results = stage.calculate(&holder, MOST).await.expect(200);
    assert_eq!(results["spendAdjudicationResults"]["pointsValue"], 500_000);
    stage.books_hold().await;
}
