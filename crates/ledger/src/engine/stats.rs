//! What the engine counts about itself; exported as metrics and read by tests.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Counters since the engine started.
        #[derive(Debug, Default)]
        pub struct Stats { $($(#[$doc])* pub(super) $name: AtomicU64),+ }

        impl Stats {
            $($(#[$doc])* pub fn $name(&self) -> u64 { self.$name.load(Ordering::Relaxed) })+
        }
    };
}

counters!(
    /// Batches committed.
    batches,
    /// Commands decided in committed batches.
    commands,
    /// Round trips to the database, whether or not their batch committed.
    round_trips,
    /// Statements sent to the database.
    statements,
    /// Batches run again after a serialization failure, a deadlock or a race with another process.
    reruns,
    /// Batches run again under locks, because what the lane remembered did not serve.
    stale,
    /// Batches sent before the one ahead of them was acknowledged.
    followers,
    /// Batches sent beside others that were on their way, on another connection.
    beside,
    /// Those of them that waited for another to land before they moved anything.
    gated,
    /// Reads of accounts that a lane did not remember.
    scouts,
    /// Batches split into single commands because one of them failed.
    splits,
    /// Expired keys that the sweep has forgotten.
    keys_forgotten,
);

impl Stats {
    pub(super) fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }
}
