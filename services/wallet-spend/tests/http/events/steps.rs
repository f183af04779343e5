//! A call of every kind that changes something, and what each is to tell.

use http::Method;
use serde_json::{Value, json};

use crate::{
    bodies::{OPEN, SPEND},
    stage::{Answer, BRAND, Holder, Stage, location, settle_body, spend_body},
};

/// A call, and what it is to tell.
pub struct Step {
    pub operation: &'static str,
    pub method: Method,
    pub target: String,
    pub body: Value,
    pub event: &'static str,
    /// What it is called in the event, where that is not its path.
    pub resource: Option<&'static str>,
    /// Where the change is.
    pub changed: &'static str,
}

impl Step {
    pub async fn ask(&self, stage: &Stage, key: &str) -> Answer {
        let text = self.text();
        let headers = [("idempotency-key", key), ("x-transaction-id", "till-7"), ("x-custom-a", "1")];
        // What is named in a header is named there; elsewhere the header is not looked at.
        let named = ("x-ees-transaction-id", OPEN);
        let headers: Vec<_> = match self.operation {
            "annotateTransaction" => headers.into_iter().chain([named]).collect(),
            _ => headers.to_vec(),
        };
        stage
            .ask_as(BRAND, self.operation, self.method.clone(), &self.target, text.as_bytes(), &headers)
            .await
    }

    pub fn text(&self) -> String {
        if self.body.is_null() { String::new() } else { self.body.to_string() }
    }
}

/// A call of every kind that changes something, in an order in which each can be done.
pub fn steps(holder: &Holder, other_scheme: &str, identity: &str) -> Vec<Step> {
    let wallet = format!("/wallet/{}", holder.wallet);
    let account = format!("{wallet}/account/{}", holder.account);
    let who = json!({"identityValue": holder.identity});
    let person = |value: &str| json!({"type": "CUSTOMER_ID", "value": value});
    let step = |operation, method: &Method, target: &str, body, event, changed| Step {
        operation,
        method: method.clone(),
        target: target.to_owned(),
        body,
        event,
        resource: None,
        changed,
    };
    let (post, patch) = (&Method::POST, &Method::PATCH);
    let scheme = json!({
        "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE", "details": {"name": "Third"},
        "rates": {"redemption": {}},
    });
    let new = json!({"type": "CONSUMER", "identities": [person("new")]});
    let newer = json!({
        "type": "CONSUMER", "identities": [person("newer")], "accounts": {"scheme": [{"schemeId": holder.scheme}]},
    });
    let open = |reference: &str| json!({"identity": who, "reference": reference, "lock": true, "location": location()});
    let end = |reference: &str| json!({"identity": who, "reference": reference});
    let locked = |reference: &str| spend_body(holder, reference, 10_000, true);
    let mut child = locked("e-child");
    child["parentWalletTransactionReference"] = json!("e-open");
    let points = json!({"balances": {"current": 10}});
    let refund = json!({"reference": "e-refund", "originalTransaction": {"reference": "e-spent"}});
    let rules =
        json!({"rules": [{"subject": "wallet", "state": "FROZEN", "mayEarn": false, "maySpend": false}]});
    let frozen = json!({"state": "FROZEN"});
    let spend = |target: &str, body| Step {
        resource: Some("/connect/wallet/spend/spend"),
        ..step("spend", post, target, body, "POSCONNECT.WALLET.SPEND", "wallet.wallet_transactions")
    };
    let transactions = "wallet.wallet_transactions";
    let mut all = vec![
        step("createScheme", post, "/schemes/points", scheme, "SCHEME.CREATE", "wallet.schemes"),
        step("createWallet", post, "/services/wallet", new, "SERVICE.WALLET.CREATE", "wallet.wallets"),
        step(
            "createWalletAccounts",
            post,
            "/services/wallet/accounts",
            newer,
            "SERVICE.WALLET.ACCOUNTS.CREATE",
            "wallet.accounts",
        ),
        step(
            "createIdentity",
            post,
            &format!("{wallet}/identity"),
            person("another"),
            "WALLET.IDENTITY.CREATE",
            "wallet.identities",
        ),
        step(
            "createAccount",
            post,
            &format!("{wallet}/scheme/{other_scheme}/account"),
            json!({"status": "ACTIVE"}),
            "WALLET.ACCOUNT.CREATE.SCHEME",
            "wallet.accounts",
        ),
        step("open", post, "/connect/wallet/open", open(OPEN), "POSCONNECT.WALLET.OPEN", transactions),
        step(
            "annotateTransaction",
            patch,
            "/connect/wallet/transaction",
            json!({"meta": {"till": "7"}}),
            "POSCONNECT.WALLET.TRANSACTION.UPDATE",
            transactions,
        ),
        spend("/connect/wallet/spend", locked(SPEND)),
        spend("/2.0/connect/wallet/spend", spend_body(holder, "e-spent", 20_000, false)),
        step(
            "settle",
            post,
            "/connect/wallet/settle",
            settle_body(holder, OPEN, &[SPEND]),
            "POSCONNECT.WALLET.SETTLE",
            "ledger.entries",
        ),
        step("refund", post, "/connect/wallet/refund", refund, "POSCONNECT.WALLET.REFUND", "ledger.entries"),
        spend("/connect/wallet/spend", locked("e-void")),
        step(
            "spendVoid",
            post,
            "/connect/wallet/spend/void",
            end("e-void"),
            "POSCONNECT.WALLET.SPEND.VOID",
            transactions,
        ),
        step(
            "open",
            post,
            "/2.0/connect/wallet/open",
            open("e-open"),
            "POSCONNECT.WALLET.OPEN",
            transactions,
        ),
        spend("/connect/wallet/spend", child),
        step(
            "unlock",
            post,
            "/connect/wallet/unlock",
            end("e-open"),
            "POSCONNECT.WALLET.UNLOCK",
            transactions,
        ),
        Step {
            method: Method::PUT,
            ..step(
                "setPermissions",
                post,
                "/services/permissions",
                rules,
                "WALLET.PERMISSIONS.UPDATE",
                "wallet.permission_rules",
            )
        },
    ];
    for (operation, verb, event) in [
        ("creditAccount", "credit", "WALLET.ACCOUNT.CREDIT"),
        ("debitAccount", "debit", "WALLET.ACCOUNT.DEBIT"),
        ("earnAccount", "earn", "WALLET.ACCOUNT.EARN"),
        ("spendAccount", "spend", "WALLET.ACCOUNT.SPEND"),
    ] {
        all.push(step(
            operation,
            patch,
            &format!("/2.0{account}/{verb}"),
            points.clone(),
            event,
            "ledger.entries",
        ));
    }
    let identity = format!("{wallet}/identity/{identity}");
    for (operations, target, event, changed) in [
        (
            ["suspendWallet", "terminateWallet", "activateWallet", "stateWallet"],
            &wallet,
            "WALLET.UPDATE",
            "wallet.wallets",
        ),
        (
            ["suspendIdentity", "terminateIdentity", "activateIdentity", "stateIdentity"],
            &identity,
            "WALLET.IDENTITY.UPDATE",
            "wallet.identities",
        ),
        (
            ["suspendAccount", "terminateAccount", "activateAccount", "stateAccount"],
            &account,
            "WALLET.ACCOUNT.UPDATE",
            "wallet.accounts",
        ),
    ] {
        for (operation, verb) in operations.into_iter().zip(["suspend", "terminate", "activate", "state"]) {
            let body = if verb == "state" { frozen.clone() } else { Value::Null };
            all.push(step(operation, patch, &format!("{target}/{verb}"), body, event, changed));
        }
    }
    all
}

/// A holder whose scheme is not the only one, and the id of its identity.
pub async fn stage_of_steps() -> (Stage, Holder, String, String) {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    let other = stage.scheme("OTHER").await;
    let listed =
        stage.get("listIdentities", &format!("/wallet/{}/identities", holder.wallet)).await.expect(200);
    let identity = listed["results"][0]["identityId"].as_str().unwrap().to_owned();
    (stage, holder, other, identity)
}
