//! The one table from what can go wrong to HTTP (faults, which are no decisions, are in
//! `zerosum_idempotency`). docs/errors.md lists it in the same order, which is the order
//! of precedence: of several things wrong with a request, the first is answered.

use zerosum_domain::Limits;
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
    (409, "duplicate_external_ref"),
    (409, "already_reversed"),
    (409, "insufficient_balance"),
    (503, "unavailable"),
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
