//! Tokens that were verified before: a signature check costs more than all else of a request.
//!
//! Keyed by the SHA-256 of the token, so that no token stays in memory. An entry is only as good as
//! the keys it was verified with: the cache lives and dies with them (see `bearer`).

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::Scopes;

pub(super) type TokenHash = [u8; 32];

/// What a verified token says.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) subject: Arc<str>,
    pub(super) scopes: Scopes,
    /// A machine's token may name no brand.
    pub(super) brand: Option<Arc<str>>,
    /// Unix seconds, leeway included.
    pub(super) valid_from: u64,
    pub(super) valid_until: u64,
}

impl Verified {
    pub(super) fn is_valid_at(&self, now: u64) -> bool {
        self.valid_from <= now && now < self.valid_until
    }
}

#[derive(Debug)]
pub(super) struct TokenCache {
    entries: RwLock<HashMap<TokenHash, Arc<Verified>>>,
    entries_max: usize,
}

impl TokenCache {
    pub(super) fn new(entries_max: usize) -> Self {
        Self { entries: RwLock::default(), entries_max }
    }

    pub(super) fn get(&self, hash: &TokenHash) -> Option<Arc<Verified>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).get(hash).map(Arc::clone)
    }

    /// Full of live tokens, it starts over: that costs each of them one more signature check, which
    /// is less than keeping an order of use on every request would.
    pub(super) fn insert(&self, hash: TokenHash, verified: Arc<Verified>, now: u64) {
        if self.entries_max == 0 {
            return;
        }
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.entries_max {
            entries.retain(|_, entry| entry.is_valid_at(now));
        }
        if entries.len() >= self.entries_max {
            entries.clear();
        }
        entries.insert(hash, verified);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.read().unwrap().len()
    }
}
