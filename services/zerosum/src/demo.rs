//! The demo brand: what a first look at an empty database needs. Made through the services' own doors, so that it
//! holds nothing that a caller could not have made; each step looks first, so a run that is killed half-way is
//! finished by the next.

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::brand::{self, Credentials, NewBrand};
use crate::up::Facts;

mod caller;

use caller::Caller;

pub const BRAND: &str = "demo";
/// The consumer with points, and the one with cash.
pub const IDENTITY: &str = "demo-customer";
pub const SCHEME: &str = "demo-points";
/// Enough for a thousand spends of the smallest step.
const POINTS: i64 = 1_000_000;

/// What the printed lines name.
#[derive(Debug)]
pub struct Demo {
    pub bank_account: String,
    pub sales_account: String,
    pub wallet_id: String,
}

/// The demo brand's client. The brand is made where there is no brand at all; a database with other brands
/// gets none.
pub async fn ensure_brand(owner: &Client) -> anyhow::Result<Option<Credentials>> {
    let known: bool = owner
        .query_one("select exists (select from ledger.brands)", &[])
        .await
        .context("looking for brands failed")?
        .get(0);
    if !known {
        let demo = NewBrand { brand_id: BRAND, name: "Demo brand", currency: "USD" };
        brand::create(owner, &demo).await?;
    }
    // Also right after making it: another process may have been first.
    let row = owner
        .query_opt(
            "select $1, client_id, secret from wallet.clients
              where brand_key = ledger.brand_key($1) and revoked_at is null order by created_at, client_id limit 1",
            &[&BRAND],
        )
        .await
        .context("looking for the demo brand failed")?;
    Ok(row.map(|row| Credentials { brand_id: row.get(0), client_id: row.get(1), client_secret: row.get(2) }))
}

/// Two accounts of the ledger, and a consumer with points; `None` without a demo brand.
pub async fn seed(facts: &Facts) -> anyhow::Result<Option<Demo>> {
    let Some(caller) = Caller::new(facts) else { return Ok(None) };
    let bank_account = account(&caller, "demo-bank", "Bank", "asset").await?;
    let sales_account = account(&caller, "demo-sales", "Sales", "revenue").await?;
    let wallet_id = wallet(&caller).await?;
    Ok(Some(Demo { bank_account, sales_account, wallet_id }))
}

async fn account(caller: &Caller<'_>, external_id: &str, name: &str, kind: &str) -> anyhow::Result<String> {
    let found = caller.ledger_get(&format!("/v1/accounts?external_id={external_id}")).await?;
    if let Some(id) = text(&found, "/data/0/id") {
        return Ok(id);
    }
    let request = json!({ "name": name, "type": kind, "currency": "USD", "external_id": external_id });
    let made = caller.ledger_post("/v1/accounts", &format!("make-{external_id}"), &request).await?;
    text(&made, "/id").with_context(|| format!("the new account {external_id} came without an id"))
}

async fn wallet(caller: &Caller<'_>) -> anyhow::Result<String> {
    let wallet_id = match caller.wallet_find(&format!("/wallet?identity-value={IDENTITY}")).await? {
        Some(wallet) => text(&wallet, "/walletId"),
        None => {
            let scheme_id = scheme(caller).await?;
            let request = json!({
                "type": "CONSUMER", "state": "DEFAULT", "status": "ACTIVE",
                "identities": [
                    { "type": "CUSTOMER_ID", "value": IDENTITY, "state": "DEFAULT", "status": "ACTIVE" }
                ],
                "accounts": { "scheme": [{ "schemeId": scheme_id, "status": "ACTIVE", "state": "LOADED" }] },
            });
            text(&caller.wallet_send("POST", "/services/wallet/accounts", &request).await?, "/walletId")
        }
    };
    let wallet_id = wallet_id.context("the demo wallet came without an id")?;
    let accounts = caller.wallet_find(&format!("/wallet/{wallet_id}/accounts")).await?.unwrap_or_default();
    let Some(account_id) = text(&accounts, "/results/0/accountId") else {
        bail!("the demo wallet {wallet_id} has no points account");
    };
    if accounts.pointer("/results/0/balances/lifetime").and_then(Value::as_i64) == Some(0) {
        let path = format!("/wallet/{wallet_id}/account/{account_id}/credit");
        caller.wallet_send("PATCH", &path, &json!({ "balances": { "current": POINTS } })).await?;
    }
    Ok(wallet_id)
}

async fn scheme(caller: &Caller<'_>) -> anyhow::Result<String> {
    let schemes = caller.wallet_find("/schemes/points").await?.unwrap_or_default();
    let known = schemes["results"].as_array().into_iter().flatten();
    if let Some(scheme) = known.into_iter().find(|scheme| scheme["reference"] == SCHEME) {
        return text(scheme, "/id").context("the demo scheme came without an id");
    }
    let request = json!({
        "reference": SCHEME, "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE",
        "details": { "name": "Demo points" },
        // Ten points are a cent.
        "rates": { "redemption": { BRAND: [
            { "floor": 1000, "ceiling": 500_000, "step": 1000, "rate": 0.1, "bonus": 0, "pointsBack": 0 }
        ] } },
    });
    let made = caller.wallet_send("POST", "/schemes/points", &request).await?;
    text(&made, "/id").context("the new scheme came without an id")
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}
