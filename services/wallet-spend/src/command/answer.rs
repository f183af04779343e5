//! Outcomes as answers: one pure function for what was done, one table for what was refused.

mod body;
mod created;

pub use body::{Body, body};

use super::Refused;

/// How a refusal is told.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub details: Vec<String>,
}

/// The table from refusals to HTTP. Published clients take 400 and 404 as final, so every refusal is one of them.
pub fn refusal(refused: &Refused) -> Refusal {
    let plain = |status, code| Refusal { status, code, details: Vec::new() };
    match refused {
        Refused::IdentityNotFound => plain(404, "IDENTITY_NOT_FOUND"),
        Refused::WalletNotFound => plain(404, "WALLET_NOT_FOUND"),
        Refused::AccountNotFound => plain(404, "ACCOUNT_NOT_FOUND"),
        Refused::SchemeNotFound => plain(404, "SCHEME_NOT_FOUND"),
        Refused::TransactionNotFound { .. } => plain(404, "TRANSACTION_NOT_FOUND"),
        Refused::SpendNotPermitted { reason } => {
            Refusal { status: 400, code: "SPEND_NOT_PERMITTED", details: vec![reason.clone()] }
        }
        Refused::InsufficientPoints { .. } => plain(400, "INSUFFICIENT_POINTS"),
        Refused::AdjudicationMismatch { differences } => {
            Refusal { status: 400, code: "ADJUDICATION_MISMATCH", details: differences.clone() }
        }
        Refused::ReferenceNotUnique { .. } => plain(400, "REFERENCE_NOT_UNIQUE"),
        Refused::TransactionSettled { .. } => plain(400, "TRANSACTION_SETTLED"),
        Refused::TransactionVoided { .. } => plain(400, "TRANSACTION_VOIDED"),
        Refused::TransactionExpired { .. } => plain(400, "TRANSACTION_EXPIRED"),
        Refused::NotPossible { .. } => plain(400, "INVALID_REQUEST"),
    }
}
