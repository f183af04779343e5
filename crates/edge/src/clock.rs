//! The time that tokens are checked at.
//!
//! Money takes its time from the engine's clock; this one only says whether a token has expired.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Unix seconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

pub fn system_clock() -> Clock {
    Arc::new(|| {
        #[expect(
            clippy::disallowed_methods,
            reason = "token expiry is of the wall clock, outside any command"
        )]
        let now = SystemTime::now();
        // Before 1970 every token is from the future.
        now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    })
}
