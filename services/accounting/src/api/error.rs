//! The one table from what can go wrong to HTTP (faults, which are no decisions, are in
//! `zerosum_idempotency`). docs/errors.md lists it in the same order, which is the order
//! of precedence: of several things wrong with a request, the first is answered.

use zerosum_domain::Limits;
use zerosum_edge::{Problem, StatusCode};

use crate::command::Refused;

/// Every status and code that this service answers with instead of a result, in order of precedence. A code that
/// can come up at several points stands at each of them.
pub const ERRORS: &[(u16, &str)] = &[
    (400, "validation_error"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (413, "payload_too_large"),
    (401, "unauthenticated"),
    (401, "invalid_token"),
    (403, "forbidden"),
    (403, "insufficient_scope"),
    (429, "rate_limited"),
    (408, "request_timeout"),
    (415, "unsupported_media_type"),
    (400, "validation_error"),
    (400, "idempotency_key_required"),
    (503, "unavailable"),
    (403, "forbidden"),
    (409, "idempotency_key_reused"),
    (503, "ledger_halted"),
    (404, "not_found"),
    (400, "validation_error"),
    (403, "forbidden"),
    (400, "validation_error"),
    (409, "duplicate_external_ref"),
    (409, "already_reversed"),
    (400, "validation_error"),
    (409, "insufficient_balance"),
    (409, "idempotency_in_progress"),
    (500, "internal_error"),
];

/// A refusal as it is answered. `at` is where in the body the refused transaction stands: "" or "/transactions/3".
pub(super) fn refused(refused: &Refused, at: &str) -> Problem {
    match refused {
        Refused::UnknownAccount { entry } => {
            Problem::invalid(format!("{at}/entries/{entry}/account_id: no account has this id"))
        }
        Refused::Kept { entry, steward } => Problem::forbidden(format!(
            "{at}/entries/{entry}/account_id: this account is kept by the {steward} service, which alone posts to it"
        )),
        Refused::Unbalanced { currency, sum } => {
            Problem::invalid(format!("{at}/entries: must sum to zero, and sum to {sum} in {currency}"))
        }
        Refused::DuplicateExternalRef { kind, external_ref, first } => conflict(
            "duplicate_external_ref",
            format!("{at}/external_ref: {external_ref:?} of type {kind:?} is transaction {first}"),
        ),
        Refused::UnknownTransaction => Problem::not_found("no transaction has this id"),
        Refused::AlreadyReversed { by } => {
            conflict("already_reversed", format!("the transaction was reversed by transaction {by}"))
        }
        Refused::LimitPassed { entry, account, limits } => conflict(
            "insufficient_balance",
            format!(
                "{at}/entries/{entry}/amount_cents: the balance of account {account} {}",
                bounds(*limits)
            ),
        ),
        Refused::Overflow { entry, account } => Problem::invalid(format!(
            "{at}/entries/{entry}/amount_cents: the balance of account {account} would not fit 64 bits"
        )),
        Refused::ExternalIdTaken { external_id, account } => {
            conflict("duplicate_external_ref", format!("/external_id: {external_id:?} is account {account}"))
        }
        Refused::Item { index, refused: item } => self::refused(item, &format!("/transactions/{index}")),
    }
}

fn conflict(code: &'static str, message: String) -> Problem {
    Problem::own(StatusCode::CONFLICT, code, message)
}

fn bounds(limits: Limits) -> String {
    match (limits.floor, limits.ceiling) {
        (Some(floor), Some(ceiling)) => format!("must stay between {floor} and {ceiling}"),
        (Some(floor), None) => format!("must not go below {floor}"),
        (None, Some(ceiling)) => format!("must not go above {ceiling}"),
        (None, None) => "has no room for this".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use zerosum_domain::{AccountId, Currency, Steward, TransactionId};
    use zerosum_edge::{Dialect, ErrorMessage, Kind};
    use zerosum_testkit::errors::{Row, assert_listed_in_order, documented};

    use super::*;
    use crate::api::DOCUMENT;

    #[test]
    fn the_document_lists_what_the_code_answers_in_the_same_order() {
        assert_eq!(documented("accounting"), ERRORS);
    }

    #[test]
    fn every_problem_of_the_edge_is_listed() {
        for kind in Kind::ALL {
            let (status, code) = ErrorMessage.express(kind);
            assert!(ERRORS.contains(&(status.as_u16(), code)), "{code}");
        }
    }

    #[test]
    fn the_contract_names_no_code_that_is_not_listed_and_every_one_that_an_operation_answers() {
        let named: BTreeSet<&str> = DOCUMENT
            .lines()
            .skip_while(|line| *line != "  responses:")
            .take_while(|line| *line != "  schemas:")
            .filter_map(|line| line.trim().strip_prefix("enum: [")?.strip_suffix(']'))
            .flat_map(|codes| codes.split(", "))
            .collect();
        // A method that a path does not take has no operation that could name it.
        let listed: BTreeSet<&str> =
            ERRORS.iter().map(|(_, code)| *code).filter(|code| *code != "method_not_allowed").collect();
        assert_eq!(named, listed);
    }

    fn answered(refusal: &Refused) -> Row {
        let (status, code) = ErrorMessage.status_and_code(&super::refused(refusal, ""));
        (status.as_u16(), code)
    }

    /// The place of a refusal in the enum, so that one that is added is missed here.
    fn place(refused: &Refused) -> usize {
        match refused {
            Refused::UnknownTransaction => 0,
            Refused::UnknownAccount { .. } => 1,
            Refused::Kept { .. } => 2,
            Refused::Unbalanced { .. } => 3,
            Refused::DuplicateExternalRef { .. } => 4,
            Refused::ExternalIdTaken { .. } => 5,
            Refused::AlreadyReversed { .. } => 6,
            Refused::Overflow { .. } => 7,
            Refused::LimitPassed { .. } => 8,
            Refused::Item { .. } => 9,
        }
    }

    #[test]
    fn every_refusal_is_listed_in_the_order_of_precedence() {
        let account = AccountId::new(uuid::Uuid::nil());
        let transaction = TransactionId::new(uuid::Uuid::nil());
        let limits = Limits::NOT_BELOW_ZERO;
        let all = [
            Refused::UnknownTransaction,
            Refused::UnknownAccount { entry: 0 },
            Refused::Kept { entry: 0, steward: Steward::Cash },
            Refused::Unbalanced { currency: Currency::parse("USD").unwrap(), sum: "1".into() },
            Refused::DuplicateExternalRef { kind: "a".into(), external_ref: "b".into(), first: transaction },
            Refused::ExternalIdTaken { external_id: "a".into(), account },
            Refused::AlreadyReversed { by: transaction },
            Refused::Overflow { entry: 0, account },
            Refused::LimitPassed { entry: 0, account, limits },
        ];
        assert!(all.iter().enumerate().all(|(n, refusal)| place(refusal) == n));
        assert_listed_in_order(ERRORS, all.iter().map(answered));
        // An item of a batch is answered as it would be alone, with its place before the field.
        for (index, refused) in all.into_iter().enumerate() {
            let alone = super::refused(&refused, &format!("/transactions/{index}"));
            let item = Refused::Item { index, refused: Box::new(refused) };
            assert_eq!(super::refused(&item, ""), alone);
        }
    }
}
