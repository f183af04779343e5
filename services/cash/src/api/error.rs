//! The one table from what can go wrong to HTTP (faults, which are no decisions, are in
//! `zerosum_idempotency`). docs/errors.md lists it in the same order, which is the order
//! of precedence: of several things wrong with a request, the first is answered.

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
    (403, "forbidden"),
    (400, "validation_error"),
    (400, "idempotency_key_required"),
    (503, "unavailable"),
    (403, "forbidden"),
    (409, "idempotency_key_reused"),
    (503, "ledger_halted"),
    (404, "not_found"),
    (409, "insufficient_balance"),
    (400, "validation_error"),
    (409, "idempotency_in_progress"),
    (500, "internal_error"),
];

/// A refusal as it is answered.
pub(super) fn refused(refused: &Refused) -> Problem {
    match refused {
        Refused::NoAccount => no_account(),
        Refused::Insufficient { asked, usable } => {
            conflict(format!("/amount_cents: {asked} is more than the usable balance of {usable}"))
        }
        Refused::TooManyGrants { grants, most } => conflict(format!(
            "/amount_cents: would draw on {grants} grants, and one spend draws on at most {most}; spend it in parts"
        )),
        Refused::BalanceTooLarge => Problem::invalid(
            "/amount_cents: the balance would pass 2^53 - 1, the most that every client can read",
        ),
    }
}

/// Also what a user of another brand is answered with.
pub(super) fn no_account() -> Problem {
    Problem::not_found("user_id: this user has no cash account in this brand")
}

fn conflict(message: String) -> Problem {
    Problem::own(StatusCode::CONFLICT, "insufficient_balance", message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use zerosum_domain::Cents;
    use zerosum_edge::{Dialect, ErrorMessage, Kind};
    use zerosum_testkit::errors::{Row, assert_listed_in_order, documented};

    use super::*;
    use crate::api::DOCUMENT;

    #[test]
    fn the_document_lists_what_the_code_answers_in_the_same_order() {
        assert_eq!(documented("cash"), ERRORS);
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
        let (status, code) = ErrorMessage.status_and_code(&super::refused(refusal));
        (status.as_u16(), code)
    }

    /// The place of a refusal in the enum, so that one that is added is missed here.
    fn place(refused: &Refused) -> usize {
        match refused {
            Refused::NoAccount => 0,
            Refused::Insufficient { .. } => 1,
            Refused::TooManyGrants { .. } => 2,
            Refused::BalanceTooLarge => 3,
        }
    }

    #[test]
    fn every_refusal_is_listed_in_the_order_of_precedence() {
        let all = [
            Refused::NoAccount,
            Refused::Insufficient { asked: Cents::new(2).unwrap(), usable: 1 },
            Refused::TooManyGrants { grants: 2_000, most: 1_999 },
            Refused::BalanceTooLarge,
        ];
        assert!(all.iter().enumerate().all(|(n, refusal)| place(refusal) == n));
        assert_listed_in_order(ERRORS, all.iter().map(answered));
    }
}
