//! Tills that take points: signed requests to wallet-spend, sent again until they are answered.
//!
//! A request's body follows from what is wished alone, so that sending it again sends the same bytes: its reference is
//! its idempotency key. Every definite answer is kept, to be compared with what the reference answers later.

mod judge;
mod open;
mod work;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{Rng, rngs::SmallRng};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    caller::{CLIENT_MAX, PAUSE_MS, Told},
    stage::{BRAND, CLIENT_ID, SECRET},
};

pub use work::work;

/// A consumer with one points account.
#[derive(Debug, Clone)]
pub struct Holder {
    pub identity: String,
    pub wallet: String,
    pub account: String,
    pub scheme: String,
    /// What it was credited with.
    pub opening: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Sets points aside, to be settled or voided.
    Lock,
    /// Takes points at once.
    Spend,
    Void,
    Settle,
    Refund,
}

impl Act {
    pub const ALL: [Self; 5] = [Self::Lock, Self::Spend, Self::Void, Self::Settle, Self::Refund];
}

/// One request, whole.
#[derive(Debug, Clone)]
pub struct Wish {
    pub act: Act,
    pub holder: usize,
    /// The request's own; that of the spend for [`Act::Void`], which has no other.
    pub reference: String,
    /// The spend that it is about: itself for a spend.
    pub spend: String,
    pub points: i64,
}

/// A wish and what was answered; none: nobody was ever told.
#[derive(Debug, Clone)]
pub struct Asked {
    pub wish: Wish,
    pub answer: Option<(u16, Vec<u8>)>,
}

impl Asked {
    pub fn done(&self) -> bool {
        self.answer.as_ref().is_some_and(|(status, _)| (200..300).contains(status))
    }

    pub fn refused(&self) -> bool {
        self.answer.is_some() && !self.done()
    }
}

/// All points tills of a proof share one.
pub struct Points {
    http: reqwest::Client,
    /// Wallet-spend's.
    ports: Vec<u16>,
    pub holders: Vec<Holder>,
    asked: Mutex<Vec<Asked>>,
    /// Requests that were sent again after their answer, and how many were answered otherwise.
    repeated: AtomicU64,
    differing: Mutex<Vec<String>>,
    statuses: Mutex<BTreeMap<u16, u64>>,
    without_retry_after: AtomicU64,
    cut: AtomicU64,
}

impl Points {
    /// Consumers with points, made through the services, which must be running. `ports` are accounting's, as
    /// everywhere in a proof; wallet-spend is on the next.
    pub async fn open(ports: &[u16]) -> anyhow::Result<Arc<Self>> {
        let mut points = Self {
            http: reqwest::Client::builder().timeout(CLIENT_MAX).no_proxy().build()?,
            ports: ports.iter().map(|port| port + 1).collect(),
            holders: Vec::new(),
            asked: Mutex::default(),
            repeated: AtomicU64::new(0),
            differing: Mutex::default(),
            statuses: Mutex::default(),
            without_retry_after: AtomicU64::new(0),
            cut: AtomicU64::new(0),
        };
        points.holders = open::holders(&points).await?;
        // What preparing took is not what the tills were told.
        points.statuses = Mutex::default();
        points.cut = AtomicU64::new(0);
        Ok(Arc::new(points))
    }

    /// Asks until there is a definite answer or no patience left, and keeps it. True: it was done.
    pub async fn until_told(&self, wish: Wish, random: &mut SmallRng, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut answer = None;
        while answer.is_none() && Instant::now() < until {
            answer = self.ask(&wish, random).await.filter(is_definite).map(|told| (told.status, told.body));
            if answer.is_none() {
                sleep(Duration::from_millis(random.random_range(PAUSE_MS))).await;
            }
        }
        let asked = Asked { wish, answer };
        let done = asked.done();
        lock(&self.asked).push(asked);
        done
    }

    /// What nobody was told to be done so far.
    pub fn never_done(&self) -> Vec<Act> {
        never_done(&lock(&self.asked))
    }

    /// Asks once more for something that was done, if there is an answer now: it must be the same.
    pub async fn repeat(&self, random: &mut SmallRng) {
        let earlier = {
            let asked = lock(&self.asked);
            if asked.is_empty() {
                return;
            }
            asked[random.random_range(0..asked.len())].clone()
        };
        // A refusal leaves its reference free: the same request may well be done now, and that is no repeat.
        if earlier.done()
            && let Some(told) = self.ask(&earlier.wish, random).await.filter(is_definite)
        {
            self.compare(&earlier, &told);
        }
    }

    fn compare(&self, earlier: &Asked, told: &Told) {
        self.repeated.fetch_add(1, Ordering::Relaxed);
        if earlier.answer.as_ref() != Some(&(told.status, told.body.clone())) {
            lock(&self.differing).push(format!(
                "{:?} {} was answered {:?}, and then {} {}",
                earlier.wish.act,
                earlier.wish.reference,
                earlier.answer.as_ref().map(|(status, body)| (status, String::from_utf8_lossy(body))),
                told.status,
                String::from_utf8_lossy(&told.body)
            ));
        }
    }

    /// One attempt; None: no answer came.
    async fn ask(&self, wish: &Wish, random: &mut SmallRng) -> Option<Told> {
        let (target, body) = self.request(wish);
        let told = self.send(Method::POST, target, &body.to_string(), None, random).await?;
        *lock(&self.statuses).entry(told.status).or_default() += 1;
        if matches!(told.status, 429 | 503) && !told.retry_after {
            self.without_retry_after.fetch_add(1, Ordering::Relaxed);
        }
        Some(told)
    }

    async fn send(
        &self,
        method: Method,
        target: &str,
        body: &str,
        key: Option<&str>,
        random: &mut SmallRng,
    ) -> Option<Told> {
        let port = self.ports[random.random_range(0..self.ports.len())];
        let mut request = self
            .http
            .request(method, format!("http://127.0.0.1:{port}{target}"))
            .header(zerosum_edge::CLIENT_ID_HEADER, CLIENT_ID)
            .header(zerosum_edge::HASH_HEADER, zerosum_edge::signature(target, body.as_bytes(), SECRET));
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = async {
            let response = request.send().await?;
            let retry_after = response.headers().contains_key("retry-after");
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>(Told { status, body: response.bytes().await?.to_vec(), retry_after })
        };
        let told = answer.await.ok();
        self.cut.fetch_add(u64::from(told.is_none()), Ordering::Relaxed);
        told
    }

    fn request(&self, wish: &Wish) -> (&'static str, Value) {
        let Wish { act, reference, spend, points, .. } = wish;
        let holder = &self.holders[wish.holder];
        let identity = json!({"identityValue": holder.identity});
        match act {
            Act::Lock | Act::Spend => {
                let operation = json!({
                    "resourceType": "SCHEME", "resourceId": holder.scheme, "accountId": holder.account,
                    "walletId": holder.wallet, "operationType": "spend", "details": null, "value": points,
                    "balances": {"current": points, "lifetime_spend": points, "lifetime_spend_value": points},
                });
                let body = json!({
                    "identity": identity, "location": location(), "reference": reference, "lock": *act == Act::Lock,
                    "spendAdjudicationResults": {
                        "pointsValue": points, "pointsRemainder": 0, "monetaryValue": points,
                        "operations": [operation], "analysedDateTime": "2026-11-20T10:00:00+00:00",
                    },
                });
                ("/connect/wallet/spend", body)
            }
            Act::Void => {
                ("/connect/wallet/spend/void", json!({"identity": identity, "reference": reference}))
            }
            Act::Settle => {
                let child = json!({
                    "link": true, "reference": spend, "walletId": holder.wallet, "operationType": "SETTLE",
                    "pointsValue": points,
                });
                let body = json!({
                    "identity": identity, "reference": reference, "mode": "ACTIVE", "location": location(),
                    "walletTransactions": [child],
                });
                ("/connect/wallet/settle", body)
            }
            Act::Refund => {
                let body = json!({
                    "reference": reference, "originalTransaction": {"reference": spend},
                    "location": location(), "pointsValue": points,
                });
                ("/connect/wallet/refund", body)
            }
        }
    }
}

fn never_done(asked: &[Asked]) -> Vec<Act> {
    let done = |act: &Act| asked.iter().any(|asked| asked.wish.act == *act && asked.done());
    Act::ALL.into_iter().filter(|act| !done(act)).collect()
}

fn location() -> Value {
    json!({"incomingIdentifier": "till-1", "parentIncomingIdentifier": BRAND})
}

/// Done or refused; anything else may be asked again.
fn is_definite(told: &Told) -> bool {
    match told.status {
        200..300 | 400 | 404 => true,
        409 => !String::from_utf8_lossy(&told.body).to_lowercase().contains("in_progress"),
        _ => false,
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
