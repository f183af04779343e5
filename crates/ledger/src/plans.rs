//! How long a connection keeps its plans.
//!
//! Over a table that is nearly empty every index looks as good as the right one, and so does reading all of it. A plan
//! made then would stay when the table has begun to be used. So plans live for a second, and longer on a connection that
//! has long been open: making them costs about a hundredth of that, and after a minute the server's own statistics
//! renew them.

use std::time::{Duration, Instant};

const LIFE_MIN: Duration = Duration::from_secs(1);
const LIFE_MAX: Duration = Duration::from_secs(60);
/// A plan lives for this part of the age of its connection.
const AGE_PART: u32 = 16;

/// The age of one connection's plans.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plans {
    opened: Instant,
    made: Instant,
}

impl Plans {
    pub fn new(now: Instant) -> Self {
        Self { opened: now, made: now }
    }

    /// Whether they have to be discarded now; if so, they are taken to be.
    pub fn are_old(&mut self, now: Instant) -> bool {
        let life = (now.duration_since(self.opened) / AGE_PART).clamp(LIFE_MIN, LIFE_MAX);
        let old = now.duration_since(self.made) >= life;
        if old {
            self.made = now;
        }
        old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_live_for_a_second_at_first_and_for_a_minute_at_last() {
        let start = Instant::now();
        let mut plans = Plans::new(start);
        let old: Vec<u32> =
            (1..=40_000).filter(|n| plans.are_old(start + Duration::from_millis(100) * *n)).collect();
        assert_eq!(old[..4], [10, 20, 30, 40], "{old:?}");
        let lives: Vec<u32> = old.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(lives.is_sorted(), "{lives:?}");
        assert_eq!(lives.last(), Some(&600));
    }
}
