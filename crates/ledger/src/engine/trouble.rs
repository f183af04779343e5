//! Whether the database takes what the lanes write: a full disk answers reads and refuses every batch.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// One terminated connection is a retry, not trouble.
const FAILURES_MIN: u32 = 3;
/// Who sends here stays away this long and then tries again, which is the only way to find out.
const LATELY: Duration = Duration::from_secs(2);

/// Batches that the database could not take, one after the other.
#[derive(Debug, Default)]
pub(super) struct Trouble(Mutex<Option<(u32, Instant)>>);

impl Trouble {
    pub fn failed(&self) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = kept.map_or(0, |(failures, _)| failures).saturating_add(1);
        *kept = Some((failures, Instant::now()));
    }

    pub fn succeeded(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn lately(&self) -> bool {
        let kept = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.is_some_and(|(failures, last)| failures >= FAILURES_MIN && last.elapsed() < LATELY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn several_failures_in_a_row_are_trouble_until_a_success_or_some_time() {
        let trouble = Trouble::default();
        trouble.failed();
        trouble.failed();
        assert!(!trouble.lately());
        trouble.failed();
        assert!(trouble.lately());
        tokio::time::advance(LATELY).await;
        assert!(!trouble.lately());
        trouble.failed();
        assert!(trouble.lately());
        trouble.succeeded();
        assert!(!trouble.lately());
    }
}
