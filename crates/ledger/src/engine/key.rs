//! The key under which a command's answer is stored.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What an answer is filed under within its brand: the first 16 bytes of a SHA-256 over the scope, a zero byte (which
/// neither has) and the key, as `ledger.key_name` reckons them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(Uuid);

impl KeyName {
    pub fn of(scope: &str, key: &str) -> Self {
        let digest = Sha256::new().chain_update(scope).chain_update([0]).chain_update(key).finalize();
        let mut name = [0; 16];
        name.copy_from_slice(&digest[..16]);
        Self(Uuid::from_bytes(name))
    }

    /// As a row has it.
    pub(super) const fn new(name: Uuid) -> Self {
        Self(name)
    }

    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

/// An idempotency key as the engine stores it. The whole of (brand, scope, key) names an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    scope: Arc<str>,
    key: Arc<str>,
    /// Of both, reckoned by whoever hands the command in: the lane has enough to do.
    name: KeyName,
    /// Of the request's content; the same key with another content is refused.
    pub fingerprint: [u8; 32],
    pub lifetime: KeyLifetime,
    /// Whether a refusal is an answer to be remembered. A business reference names what it made: a refusal makes
    /// nothing and leaves the reference free.
    pub remembers_refusals: bool,
}

impl Key {
    /// Refusals are remembered, for 30 days. `scope` is service and caller, so that another caller's key is another key.
    pub fn new(scope: impl Into<Arc<str>>, key: impl Into<Arc<str>>, fingerprint: [u8; 32]) -> Self {
        let (scope, key) = (scope.into(), key.into());
        let name = KeyName::of(&scope, &key);
        Self { scope, key, name, fingerprint, lifetime: KeyLifetime::DEFAULT, remembers_refusals: true }
    }

    /// A business reference: what it made is its answer for ever, and a refusal leaves it free.
    pub fn of_reference(self) -> Self {
        Self { lifetime: KeyLifetime::Forever, remembers_refusals: false, ..self }
    }

    pub fn scope(&self) -> &Arc<str> {
        &self.scope
    }

    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    pub fn name(&self) -> KeyName {
        self.name
    }

    /// The part of the fingerprint that is stored: 128 bits, which nobody meets by chance. A caller who looks for two
    /// requests with the same deceives only itself.
    pub(super) fn stored_fingerprint(&self) -> &[u8] {
        &self.fingerprint[..16]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyLifetime {
    Days(u16),
    Forever,
}

impl KeyLifetime {
    /// A till may come back after a month.
    pub const DEFAULT: Self = Self::Days(30);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `select ledger.key_name('cash:till-7', '8e03')` answers the same.
    #[test]
    fn a_key_has_a_name_that_follows_from_its_texts() {
        let name = Key::new("cash:till-7", "8e03", [0; 32]).name();
        assert_eq!(name.uuid().to_string(), "8cb23260-3f5d-f80f-d6ca-13c3478b3d16");
        assert_ne!(name, KeyName::of("cash:till-78", "e03"), "where the scope ends is part of it");
    }
}
