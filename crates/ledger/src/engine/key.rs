//! The key under which a command's answer is stored.

use std::sync::Arc;

/// An idempotency key as the engine stores it. The whole of (brand, scope, key) names an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Service and caller, so that another caller's key is another key.
    pub scope: Arc<str>,
    pub key: Arc<str>,
    /// Of the request's content; the same key with another content is refused.
    pub fingerprint: [u8; 32],
    pub lifetime: KeyLifetime,
    /// Whether a refusal is an answer to be remembered. A business reference names what it made: a refusal makes
    /// nothing and leaves the reference free.
    pub remembers_refusals: bool,
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
