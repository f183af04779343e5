//! The rules of a brand: what is set is what calculate and open go by, each brand by its own.

use http::Method;
use serde_json::{Value, json};

use super::stage::{BRAND, Holder, OTHER_BRAND, Stage, location, refused};

const TARGET: &str = "/services/permissions";

async fn set(stage: &Stage, rules: Value) -> Value {
    let body = json!({"rules": rules}).to_string();
    stage.ask_as(BRAND, "setPermissions", Method::PUT, TARGET, body.as_bytes(), &[]).await.expect(200)
}

/// Whether it may spend and earn, as open says; with a transaction and without one.
async fn capabilities(stage: &Stage, holder: &Holder) -> (bool, bool) {
    let mut told = Vec::new();
    for lock in [false, true] {
        let body = json!({
            "identity": {"identityValue": holder.identity}, "reference": stage.name("open"), "lock": lock,
            "location": location(),
        });
        let opened = stage.post("open", "/connect/wallet/open", &body).await.expect(200);
        let of = opened["transactionCapabilities"]["loyalty"].clone();
        told.push((of["spend"].as_bool().unwrap(), of["earn"].as_bool().unwrap()));
    }
    assert_eq!(told[0], told[1]);
    told[0]
}

async fn state(stage: &Stage, holder: &Holder, state: &str) {
    let target = format!("/wallet/{}/account/{}/state", holder.wallet, holder.account);
    stage.patch("stateAccount", &target, &json!({"state": state})).await.expect(200);
}

#[tokio::test]
async fn calculate_and_open_agree_with_the_rules_of_the_brand() {
    let stage = Stage::new().await;
    let holder = stage.holder(25_000).await;
    let rule = |state: Value, earn: bool, spend: bool| json!({"subject": "account", "status": null, "state": state, "mayEarn": earn, "maySpend": spend});
    let all = rule(json!(null), true, false);
    let vip = rule(json!("VIP"), false, true);
    let early = rule(json!("EARNONLY"), true, true);
    for (rules, in_state, expected) in [
        (json!([]), "LOADED", (true, true)),
        // Built in.
        (json!([]), "EARNONLY", (false, true)),
        (json!([early]), "EARNONLY", (false, true)),
        (json!([all]), "LOADED", (false, true)),
        // The more particular rule decides.
        (json!([all, vip]), "VIP", (true, false)),
        (json!([all, vip]), "LOADED", (false, true)),
        (json!([]), "VIP", (true, true)),
    ] {
        let answered = set(&stage, rules.clone()).await;
        assert_eq!(answered["rules"], rules);
        assert_eq!(stage.get("getPermissions", TARGET).await.expect(200)["rules"], rules);
        state(&stage, &holder, in_state).await;
        assert_eq!(capabilities(&stage, &holder).await, expected, "{rules} {in_state}");
        let calculated = stage.calculate(&holder, 20_000).await;
        if expected.0 {
            calculated.expect(200);
        } else {
            refused(&calculated, 400, "SPEND_NOT_PERMITTED");
        }
    }
    let event = stage.event("WALLET.PERMISSIONS.UPDATE").await;
    assert_eq!(event["request"]["method"], "PUT");
    assert_eq!(event["atomicOperations"][0]["objectValue"]["rules"], json!([]));
    stage.books_hold().await;
}

/// What the contract has of earning is that open tells of it: a settle is of a purchase that is paid, and does what it
/// is told was adjudicated.
#[tokio::test]
async fn who_may_not_earn_is_told_so_by_open_and_settle_does_not_ask_again() {
    let stage = Stage::new().await;
    let holder = stage.holder(10_000).await;
    let frozen =
        json!({"subject": "account", "status": null, "state": "FROZEN", "mayEarn": false, "maySpend": false});
    set(&stage, json!([frozen])).await;
    stage.spend(&holder, "before", 10_000, true).await.expect(200);
    state(&stage, &holder, "FROZEN").await;
    assert_eq!(capabilities(&stage, &holder).await, (false, false));
    refused(&stage.calculate(&holder, 10_000).await, 400, "SPEND_NOT_PERMITTED");
    let mut settle = super::stage::settle_body(&holder, "buy", &["before"]);
    settle["operations"] =
        json!([{"operationType": "earn", "accountId": holder.account, "balances": {"current": 500}}]);
    stage.post("settle", "/connect/wallet/settle", &settle).await.expect(200);
    assert_eq!(stage.figures(&holder).await, [500, 500, 0, 10_000, 1_000]);
    stage.books_hold().await;
}

#[tokio::test]
async fn rules_are_the_brands_own_and_make_sense() {
    let stage = Stage::new().await;
    let rule =
        json!({"subject": "wallet", "status": "ACTIVE", "state": null, "mayEarn": true, "maySpend": false});
    set(&stage, json!([rule])).await;
    let theirs = stage.ask_as(OTHER_BRAND, "getPermissions", Method::GET, TARGET, b"", &[]).await.expect(200);
    assert_eq!(theirs["rules"], json!([]));
    for rules in [
        json!([rule, rule]),
        json!([{"subject": "basket", "mayEarn": true, "maySpend": true}]),
        json!([{"subject": "wallet", "status": "ASLEEP", "mayEarn": true, "maySpend": true}]),
        json!([{"subject": "wallet", "state": "", "mayEarn": true, "maySpend": true}]),
        json!([{"subject": "wallet", "mayEarn": true}]),
    ] {
        let body = json!({"rules": rules}).to_string();
        let answer = stage.ask_as(BRAND, "setPermissions", Method::PUT, TARGET, body.as_bytes(), &[]).await;
        refused(&answer, 400, "INVALID_REQUEST");
    }
    assert_eq!(stage.get("getPermissions", TARGET).await.expect(200)["rules"], json!([rule]));
    stage.books_hold().await;
}

#[tokio::test]
async fn of_two_settings_at_once_one_stands_whole() {
    let stage = Stage::new().await;
    let other = stage.second_instance();
    let rules = |state: &str| {
        let of = |subject: &str| json!({"subject": subject, "status": null, "state": state, "mayEarn": true, "maySpend": true});
        json!([of("account"), of("wallet")])
    };
    for round in 0..10 {
        let ask = |till, state: String| {
            let body = json!({"rules": rules(&state)}).to_string();
            let request = super::stage::signed(BRAND, Method::PUT, TARGET, body.as_bytes(), &[]);
            super::stage::patient(till, "setPermissions", request)
        };
        let both = futures_util::future::join(
            ask(stage.till(), format!("A{round}")),
            ask(&other, format!("B{round}")),
        );
        let (one, two) = both.await;
        let stands = stage.get("getPermissions", TARGET).await.expect(200);
        assert!([one.expect(200), two.expect(200)].contains(&stands), "{stands}");
    }
    stage.books_hold().await;
}
