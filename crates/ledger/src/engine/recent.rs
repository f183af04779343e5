//! Keys that a lane has decided on lately, so that a request that is said again is known for one before its batch
//! finds out: it is answered from the books, and the batch goes on without it.
//!
//! Only a hint. Whether a key has an answer, and which, the database says; and a key that another process has decided
//! on is not here.

use std::mem::swap;

use ahash::HashSet;
use zerosum_domain::BrandKey;

use super::KeyName;

/// Of each half: some 3 MB, and seconds of the highest load. A till that has lost an answer asks again in seconds.
const HALF: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct RecentKeys {
    young: HashSet<(BrandKey, KeyName)>,
    old: HashSet<(BrandKey, KeyName)>,
}

impl RecentKeys {
    pub fn add(&mut self, keys: impl Iterator<Item = (BrandKey, KeyName)>) {
        if self.young.len() >= HALF {
            swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.extend(keys);
    }

    pub fn has(&self, key: &(BrandKey, KeyName)) -> bool {
        self.young.contains(key) || self.old.contains(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_keys_are_known_and_the_oldest_go() {
        let brand = BrandKey::new(1);
        let key = |n: usize| (brand, KeyName::of("scope", &n.to_string()));
        let mut keys = RecentKeys::default();
        for n in 0..=2 * HALF {
            keys.add(std::iter::once(key(n)));
            assert!(keys.has(&key(n)));
        }
        assert!(!keys.has(&key(0)) && !keys.has(&key(HALF - 1)));
        assert!((HALF..=2 * HALF).all(|n| keys.has(&key(n))));
        assert!(!keys.has(&(BrandKey::new(2), key(2 * HALF).1)), "another brand's key is another key");
        assert!(keys.young.len() + keys.old.len() <= 2 * HALF);
    }
}
