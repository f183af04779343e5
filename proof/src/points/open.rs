//! Consumers and their points, made over HTTP like everything else of the wallet.

use std::time::Duration;

use anyhow::{Context as _, bail};
use rand::rngs::SmallRng;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use zerosum_testkit::schedule::Seed;

use super::{Holder, Points};
use crate::stage::BRAND;

/// Few, so that each is fought over; half of them keep lots.
const HOLDERS: usize = 6;
/// Enough for any run.
const OPENING: i64 = 400_000;
/// In lots of their own, where there are lots, so that a spend draws on several.
const CREDITS: i64 = 4;
/// Longer than any run: a lock that nobody ends is still there at the end, and counted.
const LOCK_SECONDS: i64 = 24 * 3600;
const PREPARED_MAX: Duration = Duration::from_secs(60);

pub(super) async fn holders(points: &Points) -> anyhow::Result<Vec<Holder>> {
    let mut random = Seed(0).stream("points");
    let mut schemes = Vec::new();
    for (reference, services) in [("plain", json!({})), ("with lots", json!({"expiryPoints": {"days": 30}}))]
    {
        let tier =
            json!({"floor": 1, "ceiling": 1_000_000, "step": 1, "rate": 1, "bonus": 0, "pointsBack": 0});
        let body = json!({
            "reference": reference, "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE",
            "details": {"name": reference}, "rates": {"redemption": {BRAND: [tier]}},
            "timeoutOverride": LOCK_SECONDS, "services": services,
        });
        let made = made(points, Method::POST, "/schemes/points", &body, reference, &mut random).await?;
        schemes.push(text(&made, "/id")?);
    }
    let mut holders = Vec::new();
    for n in 0..HOLDERS {
        let (identity, scheme) = (format!("holder {n}"), schemes[n % schemes.len()].clone());
        let body = json!({
            "type": "CONSUMER", "state": "DEFAULT", "status": "ACTIVE",
            "identities": [
                {"type": "CUSTOMER_ID", "value": identity, "state": "DEFAULT", "status": "ACTIVE"},
            ],
            "accounts": {"scheme": [{"schemeId": scheme, "status": "ACTIVE", "state": "LOADED"}]},
        });
        let target = "/services/wallet/accounts";
        let made_it = made(points, Method::POST, target, &body, &identity, &mut random).await?;
        let (wallet, account) =
            (text(&made_it, "/walletId")?, text(&made_it, "/accounts/scheme/results/0/accountId")?);
        let target = format!("/wallet/{wallet}/account/{account}/credit");
        for credit in 0..CREDITS {
            let body = json!({"balances": {"current": OPENING / CREDITS}});
            let key = format!("credit {n} {credit}");
            made(points, Method::PATCH, &target, &body, &key, &mut random).await?;
        }
        holders.push(Holder { identity, wallet, account, scheme, opening: OPENING });
    }
    Ok(holders)
}

/// Asks under a key until it is done.
async fn made(
    points: &Points,
    method: Method,
    target: &str,
    body: &Value,
    key: &str,
    random: &mut SmallRng,
) -> anyhow::Result<Value> {
    let until = Instant::now() + PREPARED_MAX;
    while Instant::now() < until {
        match points.send(method.clone(), target, &body.to_string(), Some(key), random).await {
            Some(told) if (200..300).contains(&told.status) => {
                return Ok(serde_json::from_slice(&told.body)?);
            }
            Some(told) if told.status != 503 && told.status != 409 => {
                bail!("{target} was answered {} {}", told.status, String::from_utf8_lossy(&told.body))
            }
            _ => sleep(Duration::from_millis(20)).await,
        }
    }
    bail!("{target} was never answered")
}

fn text(body: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = body.pointer(pointer).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no {pointer} in {body}"))?.to_owned())
}
