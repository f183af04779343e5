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
use zerosum_testkit::history::{History, Moment, Operation, Outcome, Reading};

use crate::stage::{BRAND, Stage};

/// What a till waits for one answer: the outermost of the nested deadlines.
pub const CLIENT_MAX: Duration = Duration::from_secs(5);

/// How long a service that said that it is leaving is not asked: its listener is closed by then, and who asks is
/// refused, which loses nothing.
const LEAVING: Duration = Duration::from_millis(750);

/// Between two attempts. Shorter than what Retry-After asks for, because this is a proof and not a kindness.
pub(crate) const PAUSE_MS: std::ops::Range<u64> = 10..60;

#[derive(Debug, Clone)]
pub struct Transfer {
    pub key: String,
    pub from: usize,
    pub to: usize,
    pub amount: i64,
}

/// Cash given to a user, or taken.
#[derive(Debug, Clone)]
pub struct CashMove {
    pub key: String,
    pub user: String,
    pub amount: i64,
    /// None: a spend. A grant expires at a moment, or never; every attempt says the same.
    pub grant: Option<Option<String>>,
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
    /// Which of them said that they are leaving, and when.
    leaving: Mutex<BTreeMap<u16, Instant>>,
    stage: Arc<Stage>,
    pub history: History,
    statuses: Mutex<BTreeMap<u16, u64>>,
    cut: AtomicU64,
    lost: AtomicU64,
    without_retry_after: AtomicU64,
    slowest_ms: AtomicU64,
    latencies: Mutex<Vec<u32>>,
}

impl Caller {
    /// Each attempt goes to one of these ports, by chance.
    pub fn new(stage: &Arc<Stage>, ports: &[u16]) -> anyhow::Result<Self> {
        Ok(Self {
            http: reqwest::Client::builder().timeout(CLIENT_MAX).no_proxy().build()?,
            ports: ports.to_vec(),
            leaving: Mutex::default(),
            stage: stage.clone(),
            history: History::default(),
            statuses: Mutex::default(),
            cut: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            without_retry_after: AtomicU64::new(0),
            slowest_ms: AtomicU64::new(0),
            latencies: Mutex::default(),
        })
    }

    /// Asks until there is a definite answer or no patience left.
    pub async fn transfer(&self, transfer: &Transfer, random: &mut SmallRng, patience: Duration) -> Outcome {
        self.transfer_since(self.history.now(), transfer, random, patience).await
    }

    /// The same for one that was invoked earlier, and whose first attempt was given up.
    pub async fn transfer_since(
        &self,
        invoked: Moment,
        transfer: &Transfer,
        random: &mut SmallRng,
        patience: Duration,
    ) -> Outcome {
        let until = Instant::now() + patience;
        let mut told = None;
        while told.is_none() && Instant::now() < until {
            told = self.ask(transfer, random).await.filter(is_definite);
            if told.is_none() {
                sleep(Duration::from_millis(random.random_range(PAUSE_MS))).await;
            }
        }
        let payer = self.stage.accounts[transfer.from].to_string();
        self.keep(&transfer.key, payer, transfer.amount, invoked, told, |body| body["id"].as_str())
    }

    /// The same, for cash.
    pub async fn cash(&self, cash: &CashMove, random: &mut SmallRng, patience: Duration) -> Outcome {
        let (invoked, until) = (self.history.now(), Instant::now() + patience);
        let mut told = None;
        while told.is_none() && Instant::now() < until {
            told = self.ask_cash(cash, random).await.filter(is_definite);
            if told.is_none() {
                sleep(Duration::from_millis(random.random_range(PAUSE_MS))).await;
            }
        }
        self.keep(&cash.key, cash.user.clone(), cash.amount, invoked, told, transaction_of_entry)
    }

    /// Writes down what was asked and told.
    fn keep(
        &self,
        key: &str,
        account: String,
        amount: i64,
        invoked: Moment,
        told: Option<Told>,
        transaction: impl Fn(&Value) -> Option<&str>,
    ) -> Outcome {
        let completed = told.as_ref().map(|_| self.history.now());
        let outcome = match &told {
            None => Outcome::Unknown,
            Some(told) if told.status == 201 => Outcome::Ok,
            Some(_) => Outcome::Refused,
        };
        let body: Value =
            told.as_ref().and_then(|told| serde_json::from_slice(&told.body).ok()).unwrap_or_default();
        if let Some(told) = &told {
            self.history.answer(BRAND, key, told.status, &told.body);
        }
        self.history.operation(Operation {
            key: key.to_owned(),
            brand: BRAND.to_owned(),
            account: body["account_id"].as_str().map_or(account, str::to_owned),
            amount,
            invoked,
            completed,
            outcome,
            transaction: transaction(&body).map(str::to_owned),
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

    pub async fn ask_cash_again(&self, cash: &CashMove, random: &mut SmallRng) {
        if let Some(told) = self.ask_cash(cash, random).await.filter(is_definite) {
            self.history.answer(BRAND, &cash.key, told.status, &told.body);
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

    /// One attempt at cash, on the port before accounting's.
    pub async fn ask_cash(&self, cash: &CashMove, random: &mut SmallRng) -> Option<Told> {
        let mut body = json!({
            "user_id": cash.user, "brand_id": BRAND, "amount_cents": cash.amount, "reason": "proof", "memo": cash.key,
        });
        let path = if cash.grant.is_some() { "grants" } else { "spend" };
        if let Some(expires) = &cash.grant {
            body["source"] = json!("proof");
            if let Some(moment) = expires {
                body["expires_at"] = json!(moment);
            }
        }
        let port = self.port(random) - 1;
        let url = format!("http://127.0.0.1:{port}/v1/cash/{path}");
        self.send(self.http.post(url).header("Idempotency-Key", &cash.key).json(&body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Option<Told> {
        let sent = Instant::now();
        let answer = async {
            let response = request.bearer_auth(&self.stage.token).send().await?;
            self.note_leaving(&response);
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
        let micros = u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX);
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner).push(micros);
        *self.statuses.lock().unwrap_or_else(PoisonError::into_inner).entry(told.status).or_default() += 1;
        if matches!(told.status, 429 | 503) && !told.retry_after {
            self.without_retry_after.fetch_add(1, Ordering::Relaxed);
        }
        Some(told)
    }

    fn base(&self, random: &mut SmallRng) -> String {
        format!("http://127.0.0.1:{}", self.port(random))
    }

    /// One by chance of those that are not leaving; of all, if all are.
    fn port(&self, random: &mut SmallRng) -> u16 {
        let leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        let stays = |port: &&u16| leaving.get(*port).is_none_or(|since| since.elapsed() > LEAVING);
        let staying: Vec<u16> = self.ports.iter().filter(stays).copied().collect();
        let of = if staying.is_empty() { &self.ports } else { &staying };
        of[random.random_range(0..of.len())]
    }

    /// A service that drains says so with every answer. What a balancer does about it, callers do here: they go
    /// elsewhere before its listener closes, because what reaches the kernel just then was never taken by anyone.
    fn note_leaving(&self, response: &reqwest::Response) {
        let closes = response.headers().get("connection").is_some_and(|value| value == "close");
        let Some(port) = response.url().port().filter(|_| closes) else { return };
        let instance = if self.ports.contains(&port) { port } else { port + 1 };
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        leaving.insert(instance, Instant::now());
    }

    /// So many seconds from now, as a request says it.
    pub fn moment(&self, seconds: i64) -> String {
        self.stage.moment(seconds)
    }

    /// How often each status was answered, since the last time this was asked.
    pub fn take_statuses(&self) -> BTreeMap<u16, u64> {
        std::mem::take(&mut *self.statuses.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Attempts without any answer.
    pub fn cut(&self) -> u64 {
        self.cut.load(Ordering::Relaxed)
    }

    /// How long each answer took since the last time this was asked.
    pub fn take_latencies(&self) -> Vec<Duration> {
        let all = std::mem::take(&mut *self.latencies.lock().unwrap_or_else(PoisonError::into_inner));
        all.into_iter().map(|micros| Duration::from_micros(u64::from(micros))).collect()
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

/// A grant's answer names its lot and no transaction; a spend's entry is named by the transaction and its line.
fn transaction_of_entry(body: &Value) -> Option<&str> {
    Some(body["entry_id"].as_str()?.rsplit_once('-')?.0)
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
