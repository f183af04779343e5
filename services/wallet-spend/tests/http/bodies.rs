//! The bodies that no page publishes whole, held against the page's own objects put together as the contract says:
//! open, settle, unlock, refund, lists, and what is made, looked at and changed.

mod objects;

use http::Method;
use serde_json::{Value, json};

use super::{
    flow::{CARD, gemma, page, same},
    stage::{BRAND, Stage, location, settle_body},
};
pub use objects::{OPEN, SPEND, identity, merchant, moved, purchase, shown_location, summary, with};
use objects::{account, list, wallet};

#[tokio::test]
async fn an_open_answers_the_pages_objects_and_what_can_be_done() {
    let stage = Stage::new().await;
    let (_, opened) = purchase(&stage).await;
    let tier = page("calculate_response")["spendAdjudicationResults"]["appliedTier"].clone();
    let enriched = |account: Value, reference: &str| {
        let enriched = json!({
            "properties": {"redemptionRates": {"AFabulousRetailer": [tier]}}, "schemeReference": reference,
        });
        with(account, &[("/enriched", enriched)])
    };
    let expected = json!({
        // A basket is kept and shown; offers on it are nobody's here.
        "analyseBasketResults": {"basket": null, "discount": [], "points": []},
        "wallet": wallet(),
        "identity": identity(),
        "accounts": [
            enriched(account([25_000, 25_000, 0, 25_000, 0, 0]), "RETAILPOINTS"),
            enriched(account([0; 6]), "OTHERPOINTS"),
        ],
        "additionalEntities": [],
        "walletTransactions": [page("open_transaction")],
        "accountTransactions": [],
        "basketAdjudicationResult": null,
        "spendAdjudicationResults": null,
        "transactionCapabilities": {"loyalty": {"spend": true, "earn": true}},
    });
    same(&expected, &opened);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_settle_answers_the_purchase_its_spend_and_what_moved() {
    let stage = Stage::new().await;
    let (holder, _) = purchase(&stage).await;
    let mut body = settle_body(&holder, OPEN, &[SPEND]);
    body["operations"] =
        json!([{"operationType": "earn", "accountId": holder.account, "balances": {"current": 500}}]);
    let settled = stage.post("settle", "/connect/wallet/settle", &body).await.expect(200);
    let made = json!({"accountId": "1", "accountTransactionId": "1"});
    let parent = with(
        page("open_transaction"),
        &[
            ("/status", json!("SETTLED")),
            ("/identity", identity()),
            ("/accounts", json!([made])),
            ("/basket/summary", summary(&[("earn", 500), ("totalPointsGiven", 500)])),
            ("/location", shown_location()),
        ],
    );
    let child =
        with(page("spend_transaction"), &[("/status", json!("SETTLED")), ("/accounts", json!([made, made]))]);
    let mut said = merchant();
    said["balances"] =
        json!("{\"CURRENT\":20000,\"LIFETIME_SPEND\":20000,\"LIFETIME_SPEND_VALUE\":2000,\"USABLE\":20000}");
    let earn = moved(
        "EARN",
        500,
        [25_000, 25_000],
        [25_500, 25_500],
        merchant(),
        [25_500, 5_500, 20_000, 25_500, 0, 0],
    );
    let earn = with(earn, &[("/parentAccountTransactionId", json!(""))]);
    let spent =
        moved("SPEND", 20_000, [25_500, 0], [5_500, 0], said, [5_500, 5_500, 0, 25_500, 20_000, 2_000]);
    same(&json!({"walletTransactions": [parent, child], "accountTransactions": [earn, spent]}), &settled);
    stage.books_hold().await;
}

#[tokio::test]
async fn an_unlock_answers_the_purchase_and_its_voided_spends() {
    let stage = Stage::new().await;
    let (holder, _) = purchase(&stage).await;
    let body = json!({"identity": {"identityValue": holder.identity}, "reference": OPEN});
    let unlocked = stage.post("unlock", "/connect/wallet/unlock", &body).await.expect(200);
    let published = page("void_response");
    let child = with(
        published["walletTransactions"][0].clone(),
        &[("/parentWalletTransactionId", json!("1")), ("/reference", json!(SPEND))],
    );
    let parent = with(page("open_transaction"), &[("/status", json!("CANCELLED"))]);
    let expected = json!({
        "walletTransactions": [parent, child], "accountTransactions": published["accountTransactions"],
    });
    same(&expected, &unlocked);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_refund_answers_a_transaction_of_its_own() {
    let stage = Stage::new().await;
    let (holder, _) = purchase(&stage).await;
    let settled = stage.settle(&holder, OPEN, &[SPEND]).await;
    settled.expect(200);
    let body = json!({
        "reference": "refund", "originalTransaction": {"reference": SPEND}, "location": location(),
        "pointsValue": 5_000,
    });
    let refunded = stage.post("refund", "/connect/wallet/refund", &body).await.expect(200);
    let results = [("credit", 5_000), ("totalPointsGiven", 5_000), ("totalMonetaryValue", 500)];
    let transaction = with(
        page("open_transaction"),
        &[
            ("/parentWalletTransactionId", json!("1")),
            ("/reference", json!("refund")),
            ("/type", json!("REFUND")),
            ("/status", json!("SETTLED")),
            ("/accounts", json!([{"accountId": "1", "accountTransactionId": "1"}])),
            ("/basket/summary", summary(&results)),
            ("/location", shown_location()),
        ],
    );
    let given = moved(
        "REFUND",
        5_000,
        [5_000, 0],
        [10_000, 0],
        merchant(),
        [10_000, 10_000, 0, 25_000, 15_000, 1_500],
    );
    same(&json!({"walletTransactions": [transaction], "accountTransactions": [given]}), &refunded);
    stage.books_hold().await;
}

#[tokio::test]
async fn lists_and_single_reads_show_the_pages_objects() {
    let stage = Stage::new().await;
    let (holder, _) = purchase(&stage).await;
    let wallet_target = format!("/wallet/{}", holder.wallet);
    let get = |operation: &'static str, rest: String| {
        let (stage, target) = (&stage, format!("{wallet_target}{rest}"));
        async move { stage.get(operation, &target).await.expect(200) }
    };
    same(&wallet(), &get("getWallet", String::new()).await);
    let found = stage.get("findWallet", &format!("/wallet?identity-value={CARD}")).await.expect(200);
    same(&wallet(), &found);
    same(
        &list("identityId", "ASC", vec![identity()]),
        &get("listIdentities", "/identities".to_owned()).await,
    );
    let other = account([0; 6]);
    same(
        &list("accountId", "ASC", vec![page("account_locked"), other]),
        &get("listAccounts", "/accounts".to_owned()).await,
    );
    same(&page("account_locked"), &get("getAccount", format!("/account/{}", holder.account)).await);
    let transactions =
        list("walletTransactionId", "DESC", vec![page("spend_transaction"), page("open_transaction")]);
    let listed = get("listTransactions", "/transactions".to_owned()).await;
    same(&transactions, &listed);
    let id = listed["results"][0]["walletTransactionId"].as_str().unwrap();
    same(&page("spend_transaction"), &get("getTransaction", format!("/transaction/{id}")).await);
    let lock = page("spend_response")["accountTransactions"][0].clone();
    let credit = with(
        lock.clone(),
        &[
            ("/event", json!("CREDIT")),
            ("/value", json!(25_000)),
            ("/balancesBefore/current", json!(0)),
            ("/balancesAfter/lifetime", json!(25_000)),
        ],
    );
    let target = format!("/account/{}/transactions", holder.account);
    same(
        &list("accountTransactionId", "DESC", vec![lock, credit]),
        &get("listAccountTransactions", target).await,
    );
    let header = [("X-EES-TRANSACTION-ID", SPEND)];
    let target = "/connect/wallet/transaction";
    let by_header = stage.ask_as(BRAND, "getConnectTransaction", Method::GET, target, b"", &header).await;
    same(&page("spend_transaction"), &by_header.expect(200));
    let body = json!({"meta": {"till": "7"}}).to_string();
    let noted =
        stage.ask_as(BRAND, "annotateTransaction", Method::PATCH, target, body.as_bytes(), &header).await;
    same(&with(page("spend_transaction"), &[("/meta", json!({"till": "7"}))]), &noted.expect(200));
    stage.books_hold().await;
}

#[tokio::test]
async fn a_list_is_a_part_of_the_whole() {
    let stage = Stage::new().await;
    let (holder, _) = purchase(&stage).await;
    let wallet = &holder.wallet;
    for (operation, target, total) in [
        ("listSchemes", "/schemes/points".to_owned(), 2),
        ("listIdentities", format!("/wallet/{wallet}/identities"), 1),
        ("listAccounts", format!("/wallet/{wallet}/accounts"), 2),
        ("listTransactions", format!("/wallet/{wallet}/transactions"), 2),
        ("listAccountTransactions", format!("/wallet/{wallet}/account/{}/transactions", holder.account), 2),
    ] {
        let whole = stage.get(operation, &target).await.expect(200);
        assert_eq!(whole["total"], total, "{operation}");
        let mut parts = Vec::new();
        for offset in 0..=total {
            let part = stage.get(operation, &format!("{target}?limit=1&offset={offset}")).await.expect(200);
            let figures = ["total", "limit", "offset"].map(|name| part[name].as_i64().unwrap());
            assert_eq!(figures, [total, 1, offset], "{operation}");
            parts.extend(part["results"].as_array().unwrap().clone());
        }
        assert_eq!(json!(parts), whole["results"], "{operation}");
        for wrong in ["limit=0", "limit=-1", "limit=501", "limit=x", "offset=-1", "limit=1&limit=2"] {
            let answer = stage.get(operation, &format!("{target}?{wrong}")).await;
            super::stage::refused(&answer, 400, "INVALID_REQUEST");
        }
    }
    stage.books_hold().await;
}

#[tokio::test]
async fn what_is_made_is_shown_as_it_is_read() {
    let stage = Stage::new().await;
    let sent = json!({
        "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE", "accountClientType": "RETAILPOINTS",
        "details": {"name": "Points", "startDate": "2025-01-01T00:00:00+00:00"},
        "rates": {"redemption": {"AFabulousRetailer": [
            {"floor": 1, "ceiling": 10, "step": 1, "rate": 0.25}]}, "earn": {"any": 1}},
        "rules": [{"of": "theirs"}],
    });
    let scheme = stage.post("createScheme", "/schemes/points", &sent).await.expect(201);
    let expected = json!({
        "id": scheme["id"], "reference": scheme["id"], "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE",
        "version": 1, "accountClientType": "RETAILPOINTS", "timeoutOverride": null, "details": sent["details"],
        "rates": sent["rates"], "services": null, "rules": sent["rules"], "dateCreated": "", "lastUpdated": "",
    });
    let dated = with(
        expected,
        &[("/dateCreated", scheme["dateCreated"].clone()), ("/lastUpdated", scheme["lastUpdated"].clone())],
    );
    same(&dated, &scheme);
    let id = scheme["id"].as_str().unwrap();
    same(&dated, &stage.get("getScheme", &format!("/schemes/points/{id}")).await.expect(200));

    let of = |card: &str| {
        let identity = json!({"type": "CUSTOMER_ID", "value": card, "state": "DEFAULT", "status": "ACTIVE"});
        json!({"type": "CONSUMER", "state": "DEFAULT", "status": "ACTIVE", "identities": [identity]})
    };
    let plain = stage.post("createWallet", "/services/wallet", &of(CARD)).await.expect(201);
    let made = with(wallet(), &[("/identities", json!([identity()]))]);
    same(&made, &plain);

    let mut body = of("second");
    body["accounts"] = json!({"scheme": [
        {"schemeId": id, "status": "ACTIVE", "state": "LOADED"},
        {"schemeId": "99", "status": "ACTIVE", "state": "LOADED"},
    ]});
    body["consumer"] = json!({"friendlyName": "Gemma"});
    let whole = stage.post("createWalletAccounts", "/services/wallet/accounts", &body).await.expect(201);
    let account = account([0; 6]);
    let failed = json!({
        "schemeId": "99", "errorCode": "SCHEME_NOT_FOUND", "errorMessage": "no such scheme",
    });
    let none = json!({"total": 0, "results": []});
    let accounts = json!({
        "campaign": {"total": 0, "results": [], "successful": none, "failed": none},
        "scheme": {
            "total": 2, "results": [account], "successful": {"total": 1, "results": [account]},
            "failed": {"total": 1, "results": [failed]},
        },
    });
    let second = with(identity(), &[("/value", json!("second"))]);
    let made = with(
        wallet(),
        &[
            ("/identities", json!([second])),
            ("/accounts", accounts),
            ("/consumer", json!({"friendlyName": "Gemma"})),
        ],
    );
    same(&made, &whole);

    let id_of = |made: &Value, name: &str| made[name].as_str().unwrap().to_owned();
    let wallet_target = format!("/wallet/{}", id_of(&plain, "walletId"));
    let third = json!({"type": "CUSTOMER_ID", "value": "third"});
    let third = stage.post("createIdentity", &format!("{wallet_target}/identity"), &third).await.expect(200);
    same(&with(identity(), &[("/value", json!("third"))]), &third);
    let target = format!("{wallet_target}/scheme/{id}/account");
    let loaded = json!({"status": "ACTIVE", "state": "LOADED"});
    same(&account, &stage.post("createAccount", &target, &loaded).await.expect(201));
    stage.books_hold().await;
}

#[tokio::test]
async fn what_is_changed_is_shown_as_it_is_then() {
    let stage = Stage::new().await;
    let holder = gemma(&stage, CARD).await;
    let wallet_target = format!("/wallet/{}", holder.wallet);
    let account_target = format!("{wallet_target}/account/{}", holder.account);
    let identities = stage.get("listIdentities", &format!("{wallet_target}/identities")).await.expect(200);
    let identity_id = identities["results"][0]["identityId"].as_str().unwrap();
    let identity_target = format!("{wallet_target}/identity/{identity_id}");
    let figures = [25_000, 25_000, 0, 25_000, 0, 0];
    for (subject, target, object) in [
        ("Wallet", &wallet_target, wallet()),
        ("Identity", &identity_target, identity()),
        ("Account", &account_target, account(figures)),
    ] {
        for (verb, status) in [("suspend", "SUSPENDED"), ("terminate", "TERMINATED"), ("activate", "ACTIVE")]
        {
            let operation = format!("{verb}{subject}");
            let changed =
                stage.patch(&operation, &format!("{target}/{verb}"), &Value::Null).await.expect(200);
            same(&with(object.clone(), &[("/status", json!(status))]), &changed);
        }
        let body = json!({"state": "EARNONLY"});
        let changed =
            stage.patch(&format!("state{subject}"), &format!("{target}/state"), &body).await.expect(200);
        same(&with(object.clone(), &[("/state", json!("EARNONLY"))]), &changed);
        let back = json!({"state": object["state"]});
        stage.patch(&format!("state{subject}"), &format!("{target}/state"), &back).await.expect(200);
    }
    for (verb, event, before, after, lifetime, figures) in [
        ("credit", "CREDIT", 25_000, 25_100, [25_000, 25_100], [25_100, 25_100, 0, 25_100, 0, 0]),
        ("earn", "EARN", 25_100, 25_200, [25_100, 25_200], [25_200, 25_200, 0, 25_200, 0, 0]),
        ("debit", "DEBIT", 25_200, 25_100, [0, 0], [25_100, 25_100, 0, 25_200, 0, 0]),
        ("spend", "SPEND", 25_100, 25_000, [0, 0], [25_000, 25_000, 0, 25_200, 100, 0]),
    ] {
        let operation = format!("{verb}Account");
        let body = json!({"balances": {"current": 100}});
        let adjusted = stage.patch(&operation, &format!("{account_target}/{verb}"), &body).await.expect(200);
        let [from, to] = lifetime;
        let expected = moved(event, 100, [before, from], [after, to], json!([]), figures);
        same(&with(expected, &[("/parentAccountTransactionId", json!(""))]), &adjusted);
    }
    let body = json!({"balances": {"current": 1}, "location": location(), "details": {"why": "gift"}});
    let target = format!("{account_target}/credit");
    let credited = stage.patch("creditAccount", &target, &body).await.expect(200);
    let mut details = json!({"why": "gift"});
    details.as_object_mut().unwrap().extend(merchant().as_object().unwrap().clone());
    assert_eq!(credited["transactionDetails"], details);
    stage.books_hold().await;
}
