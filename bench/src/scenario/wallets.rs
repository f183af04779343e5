//! Wallets with points, made through wallet-spend's own doors.

use std::sync::{Arc, PoisonError};

use anyhow::Context as _;
use serde_json::{Value, value::RawValue};

use super::Ground;
use crate::{
    books::Brand,
    http::Signer,
    traffic::{Steps, Till, Wallet},
};

/// Callers that set up: enough to fill batches.
const CALLERS: usize = 32;
/// More than any run spends of one wallet.
const POINTS: u64 = 1_000_000_000;
const SCHEME: &str = "bench-points";
const CLIENT_ID: &str = "1234567890";
const CLIENT_SECRET: &str = "bench-client-secret";

/// A till of the brand, and `count` wallets that it may spend from.
pub(super) async fn open(
    ground: &Ground,
    target: usize,
    brand: &Brand,
    count: usize,
) -> anyhow::Result<(Till, Arc<Vec<Wallet>>)> {
    let owner = ground.database.owner().await?;
    owner.execute(include_str!("client.sql"), &[&brand.id, &CLIENT_ID, &CLIENT_SECRET]).await?;
    let signer = Signer::new(CLIENT_ID, CLIENT_SECRET);
    let till = Till { signer, brand: brand.id.clone(), scheme: SCHEME.to_owned(), points: 100 };
    let setup = Setup { ground, target, till: &till };
    let scheme = setup.scheme().await?;
    let made = setup.wallets(&scheme, count).await?;
    setup.credit(&made).await?;
    let wallets = setup.calculate(&made).await?;
    Ok((till, Arc::new(wallets)))
}

/// What a new wallet is called.
struct Made {
    wallet: String,
    account: String,
    identity: String,
}

struct Setup<'a> {
    ground: &'a Ground,
    target: usize,
    till: &'a Till,
}

impl Setup<'_> {
    fn signed(&self, method: &str, target: &str, body: &Value) -> Vec<u8> {
        let mut request = Vec::new();
        self.till.signer.send(method, target, body.to_string().as_bytes(), &mut request);
        request
    }

    async fn ask(&self, requests: Vec<Vec<u8>>) -> anyhow::Result<Vec<Vec<u8>>> {
        let (callers, kept) = Steps::deal(requests, CALLERS);
        self.ground.drain(self.target, callers).await?;
        Ok(std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Ten points are a cent.
    async fn scheme(&self) -> anyhow::Result<String> {
        let body = serde_json::json!({
            "reference": SCHEME, "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE",
            "details": { "name": "Bench" },
            "rates": { "redemption": { &self.till.brand: [
                { "floor": 10, "ceiling": 500_000, "step": 10, "rate": 0.1, "bonus": 0, "pointsBack": 0 }
            ] } },
        });
        let answers = self.ask(vec![self.signed("POST", "/schemes/points", &body)]).await?;
        let answer: Value = serde_json::from_slice(answers.first().context("no scheme was made")?)?;
        text(&answer, "/id")
    }

    async fn wallets(&self, scheme: &str, count: usize) -> anyhow::Result<Vec<Made>> {
        let request = |number| {
            let body = serde_json::json!({
                "type": "CONSUMER", "state": "DEFAULT", "status": "ACTIVE",
                "identities": [{
                    "type": "CUSTOMER_ID", "value": format!("customer-{number:08}"),
                    "state": "DEFAULT", "status": "ACTIVE"
                }],
                "accounts": { "scheme": [{ "schemeId": scheme, "status": "ACTIVE", "state": "LOADED" }] },
            });
            self.signed("POST", "/services/wallet/accounts", &body)
        };
        let answers = self.ask((0..count).map(request).collect()).await?;
        let made = |answer: &Vec<u8>| {
            let answer: Value = serde_json::from_slice(answer)?;
            Ok(Made {
                wallet: text(&answer, "/walletId")?,
                account: text(&answer, "/accounts/scheme/results/0/accountId")?,
                identity: text(&answer, "/identities/0/value")?,
            })
        };
        answers.iter().map(made).collect()
    }

    async fn credit(&self, made: &[Made]) -> anyhow::Result<()> {
        let body = serde_json::json!({ "balances": { "current": POINTS } });
        let request = |Made { wallet, account, .. }: &Made| {
            self.signed("PATCH", &format!("/wallet/{wallet}/account/{account}/credit"), &body)
        };
        self.ask(made.iter().map(request).collect()).await?;
        Ok(())
    }

    /// What each wallet's spends will send back.
    async fn calculate(&self, made: &[Made]) -> anyhow::Result<Vec<Wallet>> {
        let request = |made: &Made| {
            let mut request = Vec::new();
            self.till.calculate(&made.identity, &mut request);
            request
        };
        let answers = self.ask(made.iter().map(request).collect()).await?;
        answers.iter().map(|answer| wallet(answer)).collect()
    }
}

fn wallet(answer: &[u8]) -> anyhow::Result<Wallet> {
    #[derive(serde::Deserialize)]
    struct Calculated<'a> {
        wallet: Value,
        identity: Value,
        /// As it was sent: a rate keeps its digits.
        #[serde(borrow, rename = "spendAdjudicationResults")]
        adjudication: &'a RawValue,
    }
    let answer: Calculated<'_> = serde_json::from_slice(answer)?;
    Ok(Wallet {
        id: text(&answer.wallet, "/walletId")?,
        identity: text(&answer.identity, "/value")?,
        adjudication: answer.adjudication.get().to_owned(),
    })
}

fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.map(str::to_owned).with_context(|| format!("an answer has no {pointer}: {value}"))
}
