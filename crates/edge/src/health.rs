//! Readiness: whether requests should be sent here.
//!
//! Liveness (`/livez`) says that the process answers and asks nothing else: a database that is down
//! is no reason to restart us. Readiness (`/readyz`) asks what the service depends on, and says no
//! from the moment that draining begins.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::auth::BoxFuture;

/// Shorter than the probe timeouts in use (1 s is the default of Kubernetes), so that a probe sees our no.
const CHECK_TIME_MAX: Duration = Duration::from_millis(800);

type Check = dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync;

/// Shared by the edge, which answers, and `serve`, which drains.
#[derive(Clone)]
pub struct Readiness(Arc<Inner>);

struct Inner {
    draining: AtomicBool,
    check: Box<Check>,
}

impl std::fmt::Debug for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readiness").field("draining", &self.is_draining()).finish_non_exhaustive()
    }
}

impl Readiness {
    /// `check` says why not, for the log.
    pub fn new<F, R>(check: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        let check: Box<Check> = Box::new(move || Box::pin(check()));
        Self(Arc::new(Inner { draining: AtomicBool::new(false), check }))
    }

    /// Ready until it drains: for what depends on nothing.
    pub fn always() -> Self {
        Self::new(|| std::future::ready(Ok(())))
    }

    /// From now on the answer is no.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    pub async fn check(&self) -> Result<(), String> {
        if self.is_draining() {
            return Err("draining".to_owned());
        }
        match tokio::time::timeout(CHECK_TIME_MAX, (self.0.check)()).await {
            Ok(answer) => answer,
            Err(_) => Err("the readiness check takes too long".to_owned()),
        }
    }
}
