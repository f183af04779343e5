//! A till: it asks, and asks again with the same key until it is told. What it was told goes into the history.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{Rng, rngs::SmallRng};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use zerosum_testkit::history::{History, Operation, Outcome, Reading};

use crate::stage::{BRAND, Stage};

/// What a till waits for one answer: the outermost of the nested deadlines.
pub const CLIENT_MAX: Duration = Duration::from_secs(5);

/// Between two attempts. Shorter than what Retry-After asks for, because this is a proof and not a kindness.
const PAUSE_MS: std::ops::Range<u64> = 10..60;

#[derive(Debug, Clone)]
pub struct Transfer {
    pub key: String,
    pub from: usize,
    pub to: usize,
    pub amount: i64,
}

/// One answer.
#[derive(Debug, Clone)]
pub struct Told {
    pub status: u16,
    pub body: Vec<u8>,
    pub retry_after: bool,
}

/// All tills of a proof share one: connections, history and counts.
pub struct Caller {
    http: reqwest::Client,
    ports: Vec<u16>,
    stage: Arc<Stage>,
    pub history: History,
    statuses: Mutex<BTreeMap<u16, u64>>,
    cut: AtomicU64,
    lost: AtomicU64,
    without_retry_after: AtomicU64,
    slowest_ms: AtomicU64,
}

impl Caller {
    /// Each attempt goes to one of these ports, by chance.
    pub fn new(stage: &Arc<Stage>, ports: &[u16]) -> anyhow::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().timeout(CLIENT_MAX).no_proxy().build()?,
            ports: ports.to_vec(),
            stage: stage.clone(),
            history: History::default(),
            statuses: Mutex::default(),
            cut: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            without_retry_after: AtomicU64::new(0),
            slowest_ms: AtomicU64::new(0),
        })
    }

    /// Asks until there is a definite answer or no patience left.
    pub async fn transfer(&self, transfer: &Transfer, random: &mut SmallRng, patience: Duration) -> Outcome {
        let (invoked, until) = (self.history.now(), Instant::now() + patience);
        let (mut outcome, mut transaction, mut completed) = (Outcome::Unknown, None, None);
        while Instant::now() < until {
            let answer = self.ask(transfer, random).await;
            if let Some(told) = answer.filter(is_definite) {
                completed = Some(self.history.now());
                self.history.answer(BRAND, &transfer.key, told.status, &told.body);
                let body: Value = serde_json::from_slice(&told.body).unwrap_or_default();
                outcome = if told.status == 201 { Outcome::Ok } else { Outcome::Refused };
                transaction = body["id"].as_str().map(str::to_owned);
                break;
            }
            sleep(Duration::from_millis(random.random_range(PAUSE_MS))).await;
        }
        self.history.operation(Operation {
            key: transfer.key.clone(),
            brand: BRAND.to_owned(),
            account: self.stage.accounts[transfer.from].to_string(),
            amount: transfer.amount,
            invoked,
            completed,
            outcome,
            transaction,
            version: None,
            balance_after: None,
        });
        outcome
    }

    /// Asks once more for something that was answered; its answer must be the same.
    pub async fn ask_again(&self, transfer: &Transfer, random: &mut SmallRng) {
        if let Some(told) = self.ask(transfer, random).await.filter(is_definite) {
            self.history.answer(BRAND, &transfer.key, told.status, &told.body);
        }
    }

    /// Reads a balance, if it can be read now.
    pub async fn read(&self, account: usize, random: &mut SmallRng) -> Option<Told> {
        let account = self.stage.accounts[account].to_string();
        let invoked = self.history.now();
        let url = format!("{}/v1/accounts/{account}/balance", self.base(random));
        let told = self.send(self.http.get(url)).await?;
        if told.status == 200 {
            let body: Value = serde_json::from_slice(&told.body).unwrap_or_default();
            let balance = body["balance_cents"].as_str()?.parse().ok()?;
            let completed = self.history.now();
            self.history.reading(Reading { brand: BRAND.to_owned(), account, balance, invoked, completed });
        }
        Some(told)
    }

    /// One attempt; None: no answer came.
    pub async fn ask(&self, transfer: &Transfer, random: &mut SmallRng) -> Option<Told> {
        let account = |n: usize| self.stage.accounts[n].to_string();
        let body = json!({
            "type": "transfer",
            "memo": transfer.key,
            "entries": [
                {"account_id": account(transfer.from), "amount_cents": -transfer.amount},
                {"account_id": account(transfer.to), "amount_cents": transfer.amount},
            ],
        });
        let url = format!("{}/v1/transactions", self.base(random));
        self.send(self.http.post(url).header("Idempotency-Key", &transfer.key).json(&body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Option<Told> {
        let sent = Instant::now();
        let answer = async {
            let response = request.bearer_auth(&self.stage.token).send().await?;
            let retry_after = response.headers().contains_key("retry-after");
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>(Told { status, body: response.bytes().await?.to_vec(), retry_after })
        };
        let answer = answer.await;
        let took = u64::try_from(sent.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.slowest_ms.fetch_max(took, Ordering::Relaxed);
        let told = match answer {
            Ok(told) => told,
            Err(error) => {
                self.cut.fetch_add(1, Ordering::Relaxed);
                self.lost.fetch_add(u64::from(!error.is_connect()), Ordering::Relaxed);
                return None;
            }
        };
        *self.statuses.lock().unwrap_or_else(PoisonError::into_inner).entry(told.status).or_default() += 1;
        if matches!(told.status, 429 | 503) && !told.retry_after {
            self.without_retry_after.fetch_add(1, Ordering::Relaxed);
        }
        Some(told)
    }

    fn base(&self, random: &mut SmallRng) -> String {
        format!("http://127.0.0.1:{}", self.ports[random.random_range(0..self.ports.len())])
    }

    /// How often each status was answered, since the last time this was asked.
    pub fn take_statuses(&self) -> BTreeMap<u16, u64> {
        std::mem::take(&mut *self.statuses.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Attempts without any answer.
    pub fn cut(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }

    /// Attempts whose connection was taken and ended without an answer.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// How often this status was answered.
    pub fn times(&self, status: u16) -> u64 {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner).get(&status).copied().unwrap_or(0)
    }

    /// The status of one of the service's own paths, outside of history and counts.
    pub async fn status(&self, path: &str) -> Option<u16> {
        let url = format!("http://127.0.0.1:{}{path}", self.ports.first()?);
        Some(self.http.get(url).send().await.ok()?.status().as_u16())
    }

    pub fn without_retry_after(&self) -> u64 {
        self.without_retry_after.load(Ordering::Relaxed)
    }

    /// The longest wait for one attempt.
    pub fn slowest(&self) -> Duration {
        Duration::from_millis(self.slowest_ms.load(Ordering::Relaxed))
    }
}

/// Done or refused; anything else may be asked again.
fn is_definite(told: &Told) -> bool {
    match told.status {
        201 => true,
        // Refused; not the 409 of a key whose first request is still being decided.
        409 => !String::from_utf8_lossy(&told.body).contains("idempotency_in_progress"),
        _ => false,
    }
}
