//! The one table from what can go wrong to HTTP (faults, which are no decisions, are in
//! `zerosum_idempotency`). docs/errors.md lists it in the same order, which is the order
//! of precedence: of several things wrong with a request, the first is answered.

use zerosum_edge::{Problem, StatusCode};

use crate::command::Refused;

/// Every status and code that this service answers with instead of a result, in order of precedence.
pub const ERRORS: &[(u16, &str)] = &[
    (404, "not_found"),
    (405, "method_not_allowed"),
    (401, "unauthenticated"),
    (401, "invalid_token"),
    (403, "insufficient_scope"),
    (403, "forbidden"),
    (429, "rate_limited"),
    (400, "idempotency_key_required"),
    (415, "unsupported_media_type"),
    (413, "payload_too_large"),
    (408, "request_timeout"),
    (400, "validation_error"),
    (503, "ledger_halted"),
    (409, "idempotency_key_reused"),
    (409, "idempotency_in_progress"),
    (409, "insufficient_balance"),
    (503, "unavailable"),
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
