//! Why a command was not done: decisions, each with what the caller needs to know.

use serde::{Deserialize, Serialize};

use crate::model::{Reference, TransactionStatus, WalletId};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refused {
    #[error("no identity has this value")]
    IdentityNotFound,
    #[error("no such wallet")]
    WalletNotFound,
    #[error("no such account in this wallet")]
    AccountNotFound,
    #[error("no such scheme")]
    SchemeNotFound,
    #[error("no transaction has the reference {reference} in this wallet")]
    TransactionNotFound { reference: Reference },
    #[error("spending is not permitted")]
    SpendNotPermitted { reason: String },
    #[error("{usable} points can be used, {asked} were asked for")]
    InsufficientPoints { usable: i64, asked: i64 },
    /// Never an answer of its own unless there are too many steps: whoever hands the command in ends some first.
    #[error("more locks of this wallet have run out than can be ended at once; try again in a moment")]
    LocksEnding { wallet: WalletId },
    #[error("the spend is not what the scheme gives today")]
    AdjudicationMismatch { differences: Vec<String> },
    #[error("the reference {reference} names another transaction")]
    ReferenceNotUnique { reference: Reference },
    #[error("transaction {reference} is settled; its points have to be credited back")]
    TransactionSettled { reference: Reference },
    #[error("transaction {reference} is {}", status.as_str())]
    TransactionVoided { reference: Reference, status: TransactionStatus },
    #[error("the lock of transaction {reference} has expired")]
    TransactionExpired { reference: Reference },
    #[error("{rule}")]
    NotPossible { rule: String },
}

impl Refused {
    /// Why a transaction in this status is not the ACTIVE one that was needed.
    pub(super) fn not_active(reference: &Reference, status: TransactionStatus) -> Self {
        let reference = reference.clone();
        match status {
            TransactionStatus::Settled => Self::TransactionSettled { reference },
            TransactionStatus::Expired => Self::TransactionExpired { reference },
            TransactionStatus::Active
            | TransactionStatus::Voided
            | TransactionStatus::Deleted
            | TransactionStatus::Cancelled => Self::TransactionVoided { reference, status },
        }
    }

    pub(super) fn not_possible(rule: impl Into<String>) -> Self {
        Self::NotPossible { rule: rule.into() }
    }
}
