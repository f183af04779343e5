//! Nonces that were used, in this process.
//!
//! Two halves: the newer one is written, both are read, and the older one is forgotten when the
//! newer has lived as long as a signature may; so each nonce is known for at least that long, and
//! nothing is searched for what is old. Full, it refuses rather than forget too early.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::hmac::AGE_MAX_S;

/// A signature may be early by as much as late: a nonce must be known for both.
const HALF_LIFE_S: u64 = 2 * AGE_MAX_S;

/// In each half. At about 100 bytes, 100 MB; 1,600 signed requests a second.
const NONCES_MAX: usize = 1_000_000;

/// A bounded set of used nonces.
#[derive(Debug, Default)]
pub struct Nonces(Mutex<Halves>);

#[derive(Debug, Default)]
struct Halves {
    since: u64,
    newer: HashSet<Box<str>>,
    older: HashSet<Box<str>>,
}

impl Nonces {
    /// Takes a nonce of a client at `now` (unix seconds): false if it was taken, or there is no room.
    pub fn take(&self, client: &str, nonce: &str, now: u64) -> bool {
        // A nonce has no space in it.
        let name: Box<str> = format!("{nonce} {client}").into();
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(halves.since) >= HALF_LIFE_S {
            // Twice as old, and the newer half is as stale as the older.
            let all_stale = now.saturating_sub(halves.since) >= 2 * HALF_LIFE_S;
            halves.older = std::mem::take(&mut halves.newer);
            if all_stale {
                halves.older.clear();
            }
            halves.since = now;
        }
        if halves.older.contains(&name) || halves.newer.len() >= NONCES_MAX {
            return false;
        }
        halves.newer.insert(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_for_as_long_as_its_signature() {
        let nonces = Nonces::default();
        let start = 1_800_000_000;
        assert!(nonces.take("a", "n", start));
        assert!(nonces.take("b", "n", start), "another client's nonce is another nonce");
        for later in [0, 1, AGE_MAX_S, HALF_LIFE_S - 1, HALF_LIFE_S] {
            assert!(!nonces.take("a", "n", start + later), "{later}");
        }
        // Taken just before the halves turn, it is known for a whole life after.
        let nonces = Nonces::default();
        assert!(nonces.take("x", "first", start));
        assert!(nonces.take("a", "n", start + HALF_LIFE_S - 1));
        assert!(!nonces.take("a", "n", start + 2 * HALF_LIFE_S - 1));
        assert!(nonces.take("a", "n", start + 5 * HALF_LIFE_S));
    }
}
