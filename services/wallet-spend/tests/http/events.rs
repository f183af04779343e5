//! Events: every call that changes something tells of it exactly once, in the commit of the change; a replay, a refusal
//! and a look tell nothing.

mod kept;
mod steps;

use http::Method;
use serde_json::{Value, json};

use super::{
    bodies::{OPEN, SPEND, identity, merchant, moved, purchase, shown_location, summary, with},
    flow::{page, same, with_ids},
    shape::differences,
    stage::{Stage, refused, settle_body, spend_body},
};
use steps::{stage_of_steps, steps};

#[tokio::test]
async fn every_call_that_changes_something_tells_of_it_once_in_the_commit_of_the_change() {
    let (stage, holder, other, identity) = stage_of_steps().await;
    let admin = stage.database.admin().await;
    let published = page("spend_event");
    let steps = steps(&holder, &other, &identity);
    for (number, step) in steps.iter().enumerate() {
        let before = stage.events().await.len();
        let key = format!("k-{number}");
        let answer = step.ask(&stage, &key).await;
        assert!([200, 201].contains(&answer.status), "{}: {}", step.operation, answer.body);
        let events = stage.events().await;
        let [(name, event)] = &events[before..] else {
            panic!("{}: {:?}", step.operation, &events[before..])
        };
        assert_eq!((name.as_str(), &event["headers"]["eventName"]), (step.event, &json!(step.event)));

        // The envelope is the page's; what was sent and answered is in it word for word.
        let told = |at: &str| event.pointer(at).unwrap().clone();
        let path = step.target.trim_start_matches("/2.0");
        let expected = with(
            published.clone(),
            &[
                ("/headers/eventName", json!(step.event)),
                (
                    "/headers/externalMessageId",
                    json!(if step.operation == "annotateTransaction" { OPEN } else { "till-7" }),
                ),
                ("/request/resource", json!(step.resource.unwrap_or(path))),
                ("/request/method", json!(step.method.as_str())),
                ("/request/body", json!(step.text())),
                ("/request/customHeaders", json!({"X-CUSTOM-A": "1"})),
                ("/response/code", json!(answer.status)),
                ("/response/body", json!(String::from_utf8(answer.raw.clone()).unwrap())),
                ("/atomicOperations", told("/atomicOperations")),
            ],
        );
        same(&expected, event);
        assert_eq!(told("/response/body").as_str().unwrap().as_bytes(), answer.raw);
        assert_eq!(told("/request/body").as_str().unwrap(), step.text());
        assert!(!told("/atomicOperations").as_array().unwrap().is_empty());

        // The row of the event and a row of the change were written by one transaction.
        let sql = format!(
            "select count(*) from {} changed
              where changed.xmin in (select o.xmin from events.outbox o where to_jsonb(o)::text like $1)",
            step.changed
        );
        let id = format!("%{}%", told("/headers/eesEventId").as_str().unwrap());
        let together: i64 = admin.query_one(&sql, &[&id]).await.unwrap().get(0);
        assert!(together > 0, "{}: not in the commit of the change", step.operation);

        let again = step.ask(&stage, &key).await;
        assert!(again.replayed && again.raw == answer.raw, "{}", step.operation);
        assert_eq!(stage.events().await.len(), events.len(), "{}: a replay told something", step.operation);
    }
    let ids: std::collections::BTreeSet<String> =
        stage.events().await.iter().map(|(_, event)| event["headers"]["eesEventId"].to_string()).collect();
    assert_eq!(ids.len(), stage.events().await.len(), "two events have one id");
    println!("{} calls, each told once, in its commit; {} replays told nothing", steps.len(), steps.len());
    stage.books_hold().await;
}

#[tokio::test]
async fn every_operation_that_changes_something_is_among_those_calls() {
    let (stage, holder, other, identity) = stage_of_steps().await;
    let document = zerosum_edge::Contract::parse(zerosum_wallet_spend::api::DOCUMENT).unwrap();
    let called = steps(&holder, &other, &identity);
    // Calculate only looks; the other name of spend is the same call.
    let not_called = ["spendCalculate", "spendSpend"];
    for operation in document.operations() {
        if operation.method == Method::GET || not_called.contains(&&*operation.id) {
            continue;
        }
        assert!(called.iter().any(|step| step.operation == &*operation.id), "{}", operation.id);
    }
    stage.books_hold().await;
}

#[tokio::test]
async fn a_refused_call_tells_nothing() {
    let stage = Stage::new().await;
    let holder = stage.holder(30_000).await;
    for (reference, lock) in [("locked", true), ("spent", false)] {
        stage.spend(&holder, reference, 10_000, lock).await.expect(200);
    }
    stage.open(&holder, "open").await.expect(200);
    let before = (stage.events().await.len(), stage.account(&holder).await);
    let who = json!({"identityValue": holder.identity});
    let account = format!("/wallet/{}/account/{}", holder.wallet, holder.account);
    let much = json!({"balances": {"current": 10_001}});
    let nobody = json!({"identityValue": "nobody"});
    let mut wrong_money = spend_body(&holder, "s-1", 10_000, true);
    wrong_money["spendAdjudicationResults"]["monetaryValue"] = json!(1);
    let mut no_parent = spend_body(&holder, "s-2", 10_000, true);
    no_parent["parentWalletTransactionReference"] = json!("none");
    let refund = |of: &str, points: i64| json!({"reference": "r", "originalTransaction": {"reference": of}, "pointsValue": points});
    let person = json!({"type": "CONSUMER", "identities": [{"type": "CARD", "value": holder.identity}]});
    let scheme = json!({
        "reference": holder.scheme_reference, "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE",
        "details": {"name": "Twice"}, "rates": {"redemption": {}},
    });
    let same_account = format!("/wallet/{}/scheme/{}/account", holder.wallet, holder.scheme);
    let connect = "/connect/wallet";
    let posts = [
        (
            "spend",
            format!("{connect}/spend"),
            spend_body(&holder, "s", 20_000, true),
            400,
            "INSUFFICIENT_POINTS",
        ),
        (
            "spend",
            format!("{connect}/spend"),
            spend_body(&holder, "locked", 10_000, false),
            400,
            "REFERENCE_NOT_UNIQUE",
        ),
        ("spend", format!("{connect}/spend"), wrong_money, 400, "ADJUDICATION_MISMATCH"),
        ("spend", format!("{connect}/spend"), no_parent, 404, "TRANSACTION_NOT_FOUND"),
        (
            "spendVoid",
            format!("{connect}/spend/void"),
            json!({"identity": who, "reference": "spent"}),
            400,
            "TRANSACTION_SETTLED",
        ),
        (
            "spendVoid",
            format!("{connect}/spend/void"),
            json!({"identity": who, "reference": "none"}),
            404,
            "TRANSACTION_NOT_FOUND",
        ),
        (
            "settle",
            format!("{connect}/settle"),
            settle_body(&holder, "open", &["locked", "spent"]),
            400,
            "TRANSACTION_SETTLED",
        ),
        (
            "open",
            format!("{connect}/open"),
            json!({"identity": who, "reference": "spent", "lock": true}),
            400,
            "REFERENCE_NOT_UNIQUE",
        ),
        (
            "open",
            format!("{connect}/open"),
            json!({"identity": nobody, "reference": "o", "lock": true}),
            404,
            "IDENTITY_NOT_FOUND",
        ),
        (
            "unlock",
            format!("{connect}/unlock"),
            json!({"identity": who, "reference": "none"}),
            404,
            "TRANSACTION_NOT_FOUND",
        ),
        ("refund", format!("{connect}/refund"), refund("spent", 10_001), 400, "INVALID_REQUEST"),
        ("refund", format!("{connect}/refund"), refund("none", 1), 404, "TRANSACTION_NOT_FOUND"),
        ("createScheme", "/schemes/points".to_owned(), scheme, 400, "REFERENCE_NOT_UNIQUE"),
        ("createWallet", "/services/wallet".to_owned(), person, 400, "INVALID_REQUEST"),
        ("createAccount", same_account, json!({}), 400, "INVALID_REQUEST"),
        (
            "createIdentity",
            "/wallet/1/identity".to_owned(),
            json!({"type": "CARD", "value": "x"}),
            404,
            "WALLET_NOT_FOUND",
        ),
    ];
    let number = posts.len();
    for (operation, target, body, status, code) in posts {
        refused(&stage.post(operation, &target, &body).await, status, code);
    }
    refused(
        &stage.patch("debitAccount", &format!("{account}/debit"), &much).await,
        400,
        "INSUFFICIENT_POINTS",
    );
    refused(
        &stage.patch("spendAccount", &format!("{account}/spend"), &much).await,
        400,
        "INSUFFICIENT_POINTS",
    );
    refused(&stage.patch("suspendWallet", "/wallet/1/suspend", &Value::Null).await, 404, "WALLET_NOT_FOUND");
    assert_eq!((stage.events().await.len(), stage.account(&holder).await), before);
    println!("{} refusals told nothing", number + 3);
    stage.books_hold().await;
}

#[tokio::test]
async fn a_look_tells_nothing() {
    let stage = Stage::new().await;
    let (holder, _) = purchase(&stage).await;
    let before = stage.events().await.len();
    let request = page("calculate_request");
    stage.post("spendCalculate", "/connect/wallet/spend/calculate", &request).await.expect(200);
    let look = json!({"identity": {"identityValue": holder.identity}, "reference": "look"});
    stage.post("open", "/connect/wallet/open", &look).await.expect(200);
    stage.get("getWallet", &format!("/wallet/{}", holder.wallet)).await.expect(200);
    assert_eq!(stage.events().await.len(), before);
    stage.books_hold().await;
}

/// The contract's sequence, each operation with the page's objects: the purchase SETTLED without accounts, EARN, CREDIT,
/// the purchase with its accounts, and for each spend SPEND, the spend ACTIVE with LOCK and SPEND, SETTLED twice.
#[tokio::test]
async fn a_settle_tells_its_steps_in_the_contracts_order() {
    let stage = Stage::new().await;
    let (holder, _) = purchase(&stage).await;
    let mut body = settle_body(&holder, OPEN, &[SPEND]);
    body["operations"] = json!([
        {"operationType": "credit", "accountId": holder.account, "balances": {"current": 7}},
        {"operationType": "earn", "accountId": holder.account, "balances": {"current": 500}},
    ]);
    stage.post("settle", "/connect/wallet/settle", &body).await.expect(200);
    let made = json!({"accountId": "1", "accountTransactionId": "1"});
    let settled = [("/status", json!("SETTLED"))];
    let given = [("earn", 500), ("credit", 7), ("totalPointsGiven", 507)];
    let parent = |accounts: Value, given: &[(&str, i64)]| {
        let parent = with(page("open_transaction"), &settled);
        with(
            parent,
            &[
                ("/identity", identity()),
                ("/accounts", accounts),
                ("/basket/summary", summary(given)),
                ("/location", shown_location()),
            ],
        )
    };
    let child = with(page("spend_transaction"), &[("/accounts", json!([made, made]))]);
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
    let credit = moved(
        "CREDIT",
        7,
        [25_500, 25_500],
        [25_507, 25_507],
        merchant(),
        [25_507, 5_507, 20_000, 25_507, 0, 0],
    );
    let spent =
        moved("SPEND", 20_000, [25_507, 0], [5_507, 0], said, [5_507, 5_507, 0, 25_507, 20_000, 2_000]);
    // In an event an account has empty lists where an answer has nulls, and no parent is null.
    let in_event =
        |made: Value| with(made, &[("/account/meta", json!([])), ("/account/relationships", json!([]))]);
    let first = |made: Value| with(in_event(made), &[("/parentAccountTransactionId", Value::Null)]);
    let operation = |entity: &str, value: Value| json!({"objectType": entity, "operationType": "UPDATE", "objectValue": value});
    let (wtx, atx) = ("walletTransactionEntity", "walletAccountTransactionEntity");
    let expected = json!([
        operation(wtx, parent(json!([]), &[])),
        operation(atx, first(earn)),
        operation(atx, first(credit)),
        operation(wtx, parent(json!([made, made]), &given)),
        operation(atx, in_event(spent)),
        operation(wtx, child.clone()),
        operation(wtx, with(child.clone(), &settled)),
        operation(wtx, with(child, &settled)),
    ]);
    let event = stage.event("POSCONNECT.WALLET.SETTLE").await;
    same(&expected, &event["atomicOperations"]);
    stage.books_hold().await;
}

#[tokio::test]
async fn what_ends_in_one_call_is_told_spend_by_spend() {
    let stage = Stage::new().await;
    let (holder, _) = purchase(&stage).await;
    let body = json!({"identity": {"identityValue": holder.identity}, "reference": OPEN});
    stage.post("unlock", "/connect/wallet/unlock", &body).await.expect(200);
    // A void's three operations, and the purchase after them.
    let unlocked = stage.event("POSCONNECT.WALLET.UNLOCK").await;
    let told = unlocked["atomicOperations"].as_array().unwrap();
    let void = page("void_event");
    let void: Vec<Value> = void["atomicOperations"].as_array().unwrap().clone();
    for (published, ours) in void.iter().zip(told) {
        // The page's void is of another spend, which had no parent.
        let changes = [
            ("/objectValue/reference", json!(SPEND)),
            ("/objectValue/parentWalletTransactionId", json!("1")),
        ];
        let published = match published["objectType"].as_str() {
            Some("walletTransactionEntity") => with(published.clone(), &changes),
            _ => published.clone(),
        };
        same(&published, ours);
    }
    assert_eq!(told.len(), void.len() + 1);
    assert_eq!(told[3]["objectValue"]["status"], "CANCELLED");
    let mut late = with_ids(page("spend_request"), &holder);
    late["reference"] = json!("late");
    late.as_object_mut().unwrap().remove("parentWalletTransactionReference");
    stage.post("spend", "/connect/wallet/spend", &late).await.expect(200);
    // Without a parent the sequence of a spend is the page's too.
    let spend = stage.event("POSCONNECT.WALLET.SPEND").await;
    let kinds = |event: &Value| {
        let operations = event["atomicOperations"].as_array().unwrap().clone();
        operations
            .iter()
            .map(|told| (told["objectType"].clone(), told["operationType"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&spend), kinds(&page("spend_event")));
    assert!(differences(&page("spend_event")["headers"], &spend["headers"]).is_empty());
    stage.books_hold().await;
}
