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

/// The table from refusals to HTTP. Published clients take 400 and 404 as final, so every final refusal is one of them.
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
        // The one that is not final: the same request is done once the locks are ended.
        Refused::LocksEnding { .. } => plain(503, "UNAVAILABLE"),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reference, TransactionStatus, WalletId};

    /// The rows of wallet-spend's table in docs/errors.md.
    fn documented() -> Vec<(u16, &'static str)> {
        let document = include_str!("../../../../docs/errors.md");
        let section = document.split("\n## ").find(|section| section.starts_with("wallet-spend\n")).unwrap();
        let row = |line: &'static str| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let status = cells.next()?.parse().ok()?;
            Some((status, cells.next()?.trim_matches('`')))
        };
        section.lines().filter_map(row).collect()
    }

    /// One of each, in the order of precedence.
    fn refusals() -> Vec<Refused> {
        let reference = Reference::parse("r").unwrap();
        vec![
            Refused::IdentityNotFound,
            Refused::WalletNotFound,
            Refused::AccountNotFound,
            Refused::SchemeNotFound,
            Refused::TransactionNotFound { reference: reference.clone() },
            Refused::TransactionSettled { reference: reference.clone() },
            Refused::TransactionVoided { reference: reference.clone(), status: TransactionStatus::Voided },
            Refused::TransactionExpired { reference: reference.clone() },
            Refused::SpendNotPermitted { reason: "EARNONLY".to_owned() },
            Refused::AdjudicationMismatch { differences: vec!["monetaryValue".to_owned()] },
            Refused::InsufficientPoints { usable: 1, asked: 2 },
        ]
    }

    #[test]
    fn every_refusal_is_listed_in_the_order_of_precedence() {
        let listed = documented();
        let mut rest = listed.iter();
        for refused in refusals() {
            let refusal = refusal(&refused);
            let row = (refusal.status, refusal.code);
            assert!(rest.any(|listed| *listed == row), "{refused:?} is not listed in its place");
        }
        for refused in [
            Refused::not_possible("x"),
            Refused::LocksEnding { wallet: WalletId::new(1).unwrap() },
            Refused::ReferenceNotUnique { reference: Reference::parse("r").unwrap() },
        ] {
            let refusal = refusal(&refused);
            assert!(listed.contains(&(refusal.status, refusal.code)), "{refused:?}");
        }
    }

    #[test]
    fn every_refusal_is_final_for_published_clients() {
        assert!(refusals().iter().all(|refused| [400, 404].contains(&refusal(refused).status)));
    }

    #[test]
    fn a_refusal_can_be_stored_and_told_again() {
        for refused in refusals() {
            let text = serde_json::to_string(&refused).unwrap();
            assert_eq!(serde_json::from_str::<Refused>(&text).unwrap(), refused);
        }
    }
}
