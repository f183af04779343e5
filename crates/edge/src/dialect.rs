//! How a service words its problems: the status, the code and the shape of the body.
//!
//! Every answer of a service is in its dialect, those of the edge (unknown route, wrong method,
//! no token) included.

use http::StatusCode;
use serde::Serialize;

use crate::problem::{Code, Kind, Problem};

/// The words of one service.
pub trait Dialect: Send + Sync + 'static {
    /// Status and stable code of one of the edge's kinds.
    fn express(&self, kind: Kind) -> (StatusCode, &'static str);

    /// The JSON body.
    fn body(&self, code: &str, message: &str, details: &[String]) -> Vec<u8>;

    /// The Content-Type of every JSON answer of the service, results included.
    fn content_type(&self) -> &'static str {
        "application/json"
    }

    /// Status and code of a problem, whoever chose them.
    fn status_and_code(&self, problem: &Problem) -> (StatusCode, &'static str) {
        match problem.code() {
            Code::Edge(kind) => self.express(kind),
            Code::Own { status, code } => (status, code),
        }
    }
}

/// `{error, message}`: accounting and cash.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorMessage;

#[derive(Serialize)]
struct ErrorMessageBody<'a> {
    error: &'a str,
    message: &'a str,
}

impl Dialect for ErrorMessage {
    fn express(&self, kind: Kind) -> (StatusCode, &'static str) {
        match kind {
            Kind::Invalid => (StatusCode::BAD_REQUEST, "validation_error"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Kind::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Kind::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout"),
            Kind::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
            Kind::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Kind::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Kind::InvalidToken => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Kind::InsufficientScope => (StatusCode::FORBIDDEN, "insufficient_scope"),
            Kind::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Kind::IdempotencyKeyRequired => (StatusCode::BAD_REQUEST, "idempotency_key_required"),
            Kind::IdempotencyKeyReused => (StatusCode::CONFLICT, "idempotency_key_reused"),
            Kind::IdempotencyInProgress => (StatusCode::CONFLICT, "idempotency_in_progress"),
            Kind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
            Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            Kind::LedgerHalted => (StatusCode::SERVICE_UNAVAILABLE, "ledger_halted"),
        }
    }

    fn body(&self, error: &str, message: &str, _details: &[String]) -> Vec<u8> {
        render(&ErrorMessageBody { error, message })
    }
}

/// `{errorCode, errorMessage, details?}`: wallet-spend.
///
/// Its published clients take 400, 401 and 404 as final and retry everything else.
/// So what is final is one of those three here (a scope that is missing is 401, a reference used
/// twice is 400), and what a retry heals is none of them (a key still in progress is 503).
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorCode;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorCodeBody<'a> {
    error_code: &'a str,
    error_message: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    details: &'a [String],
}

impl Dialect for ErrorCode {
    fn express(&self, kind: Kind) -> (StatusCode, &'static str) {
        match kind {
            Kind::Invalid | Kind::IdempotencyKeyRequired => (StatusCode::BAD_REQUEST, "INVALID_REQUEST"),
            Kind::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Kind::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Kind::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT"),
            Kind::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            Kind::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
            Kind::Unauthenticated | Kind::InvalidToken | Kind::InsufficientScope | Kind::Forbidden => {
                (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED")
            }
            Kind::IdempotencyKeyReused => (StatusCode::BAD_REQUEST, "REFERENCE_NOT_UNIQUE"),
            Kind::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
            Kind::Unavailable | Kind::IdempotencyInProgress => {
                (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE")
            }
            Kind::LedgerHalted => (StatusCode::SERVICE_UNAVAILABLE, "LEDGER_HALTED"),
        }
    }

    fn body(&self, error_code: &str, error_message: &str, details: &[String]) -> Vec<u8> {
        render(&ErrorCodeBody { error_code, error_message, details })
    }

    fn content_type(&self) -> &'static str {
        "application/json;charset=utf-8"
    }
}

/// Strings in a flat struct always serialize; an empty object is what is left to say if not.
fn render(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_else(|_| b"{}".to_vec())
}
