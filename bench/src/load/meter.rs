//! Counting answers and their latencies.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    ops::Range,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use crate::http::Answer;

/// Two digits of a latency are exact, up to a minute; a slower answer counts as a minute.
const DIGITS: u8 = 3;
const MICROS_MAX: u64 = 60_000_000;

/// What a load came to.
#[derive(Debug, Clone)]
pub struct Measured {
    pub elapsed: Duration,
    /// Requests answered as wanted.
    pub requests: u64,
    /// What they stand for: the transactions of a batch, for example.
    pub units: u64,
    /// In microseconds, of all answers that were wanted.
    pub latencies: Histogram<u64>,
    /// Everything else, by status and code or by what went wrong with the connection.
    pub errors: BTreeMap<String, u64>,
}

/// Shared by the callers of one thread.
#[derive(Clone)]
pub(super) struct Meter {
    inner: Rc<RefCell<Inner>>,
    /// What lies outside is not counted; errors always are.
    window: Option<Range<Instant>>,
    progress: Arc<AtomicU64>,
}

struct Inner {
    requests: u64,
    units: u64,
    latencies: Histogram<u64>,
    errors: BTreeMap<String, u64>,
}

impl Meter {
    pub fn new(window: Option<Range<Instant>>, progress: Arc<AtomicU64>) -> Self {
        let latencies = match Histogram::new_with_bounds(1, MICROS_MAX, DIGITS) {
            Ok(histogram) => histogram,
            Err(_) => unreachable!("the bounds are valid"),
        };
        let inner = Inner { requests: 0, units: 0, latencies, errors: BTreeMap::new() };
        Self { inner: Rc::new(RefCell::new(inner)), window, progress }
    }

    /// An answer as wanted, to a request that was due at `due`.
    pub fn wanted(&self, due: Instant, units: u64) {
        self.progress.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        if self.window.as_ref().is_some_and(|window| !window.contains(&now)) {
            return;
        }
        let micros = u64::try_from((now - due).as_micros()).unwrap_or(MICROS_MAX);
        let mut inner = self.inner.borrow_mut();
        inner.requests += 1;
        inner.units += units;
        inner.latencies.saturating_record(micros.max(1));
    }

    pub fn unwanted(&self, answer: Answer<'_>) {
        self.error(name(answer));
    }

    pub fn error(&self, name: String) {
        *self.inner.borrow_mut().errors.entry(name).or_default() += 1;
    }

    pub fn result(&self, elapsed: Duration) -> Measured {
        let inner = self.inner.borrow();
        Measured {
            elapsed,
            requests: inner.requests,
            units: inner.units,
            latencies: inner.latencies.clone(),
            errors: inner.errors.clone(),
        }
    }
}

/// `409 insufficient_balance: what it says`, for both dialects of errors.
fn name(answer: Answer<'_>) -> String {
    let body: serde_json::Value = serde_json::from_slice(answer.body).unwrap_or_default();
    let text = |name| body.get(name).and_then(serde_json::Value::as_str);
    let code = text("error").or_else(|| text("errorCode")).unwrap_or("without a code");
    let message = text("message").or_else(|| text("errorMessage")).unwrap_or_default();
    format!("{} {code}: {message}", answer.status)
}
