//! Why a command was refused. Stored as the outcome of its key where the contract says that it is remembered.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zerosum_domain::{AccountId, Currency, Limits, Steward, TransactionId};

/// In order of precedence. `entry` is a place in the request's entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The transaction to reverse does not exist in this brand.
    UnknownTransaction,
    /// An entry names an account that the brand does not have.
    UnknownAccount {
        entry: usize,
    },
    /// An entry names an account that another service keeps: its lots and holds would no longer follow
    /// from the entries.
    Kept {
        entry: usize,
        steward: Steward,
    },
    /// The entries of a currency do not sum to zero. The sum is text because it may need more than 64 bits.
    Unbalanced {
        currency: Currency,
        sum: String,
    },
    /// The business event was posted before, under another key.
    DuplicateExternalRef {
        kind: Arc<str>,
        external_ref: Arc<str>,
        first: TransactionId,
    },
    /// Another account of the brand has this external id.
    ExternalIdTaken {
        external_id: Arc<str>,
        account: AccountId,
    },
    AlreadyReversed {
        by: TransactionId,
    },
    /// The balance would not fit 64 bits; `entry` is the first that touches the account.
    Overflow {
        entry: usize,
        account: AccountId,
    },
    /// A limit of an account stands in the way; `entry` is the first that touches the account.
    LimitPassed {
        entry: usize,
        account: AccountId,
        limits: Limits,
    },
    /// The first transaction that stands in the way of an atomic batch.
    Item {
        index: usize,
        refused: Box<Refused>,
    },
}

impl Refused {
    /// Whether the key remembers this answer. A 400 is not remembered: the caller mends the request
    /// (or opens the account that it names) and may send it under the same key.
    pub fn is_remembered(&self) -> bool {
        match self {
            Self::UnknownAccount { .. } | Self::Unbalanced { .. } | Self::Overflow { .. } => false,
            Self::Kept { .. }
            | Self::DuplicateExternalRef { .. }
            | Self::UnknownTransaction
            | Self::AlreadyReversed { .. }
            | Self::LimitPassed { .. }
            | Self::ExternalIdTaken { .. } => true,
            Self::Item { refused, .. } => refused.is_remembered(),
        }
    }
}
