//! Pure values of the money core: ids, amounts, currencies, kinds of account, points tiers.
//!
//! Nothing here reads a clock, a random source, the environment or a database.
//! A value of one of these types is valid: each has a private field and one fallible constructor.

pub mod account;
pub mod amount;
pub mod currency;
pub mod id;
pub mod spend;
pub mod text;

pub use account::{AccountType, Limits, Steward};
pub use amount::{Amount, Cents, Points};
pub use currency::Currency;
pub use id::{AccountId, BrandId, BrandKey, EntryId, EventId, HoldId, LotId, TransactionId};

/// Why a text or a number is not one of our values. `Display` states the rule that it broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct Invalid {
    rule: &'static str,
}

impl Invalid {
    /// `rule` is a sentence without its subject: "must be a UUID".
    pub const fn because(rule: &'static str) -> Self {
        Self { rule }
    }

    /// The rule that was broken, for an error message.
    pub const fn rule(&self) -> &'static str {
        self.rule
    }
}
