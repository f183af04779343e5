//! A request that gets no result: the answer that says why.
//!
//! A [`Problem`] is either one of the edge's own [`Kind`]s, whose status and code the service's
//! [`Dialect`](crate::Dialect) chooses, or a refusal of the service with its own status and code.
//! Its message is for the caller: it names the field and the rule, never our inside.

use std::{borrow::Cow, time::Duration};

use http::{HeaderName, HeaderValue, StatusCode};

/// What the edge itself can say no with. Each dialect gives every kind a status and a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request cannot be understood, or breaks the document.
    Invalid,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    PayloadTooLarge,
    UnsupportedMediaType,
    /// No credentials.
    Unauthenticated,
    /// Credentials that prove nothing: forged, expired, for somebody else.
    InvalidToken,
    InsufficientScope,
    /// Known, and not allowed here: another brand.
    Forbidden,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    IdempotencyInProgress,
    RateLimited,
    /// A fault of ours; the message tells nothing of it.
    Internal,
    /// A fault that a retry heals.
    Unavailable,
    LedgerHalted,
}

impl Kind {
    pub const ALL: [Self; 17] = [
        Self::Invalid,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::Unauthenticated,
        Self::InvalidToken,
        Self::InsufficientScope,
        Self::Forbidden,
        Self::IdempotencyKeyRequired,
        Self::IdempotencyKeyReused,
        Self::IdempotencyInProgress,
        Self::RateLimited,
        Self::Internal,
        Self::Unavailable,
        Self::LedgerHalted,
    ];
}

/// Which status and code a problem has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The dialect decides.
    Edge(Kind),
    /// The service has decided.
    Own { status: StatusCode, code: &'static str },
}

/// An answer that is not a result. Boxed inside, so that `Result<Reply, Problem>` stays small.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone, PartialEq)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    details: Vec<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    closes: bool,
}

impl Problem {
    /// A refusal of the service: its own status and stable code.
    pub fn own(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_code(Code::Own { status, code }, message.into())
    }

    /// One of the edge's kinds, with a message of the caller's choosing.
    pub fn of(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_code(Code::Edge(kind), message.into())
    }

    /// 400: the message names the field (as a JSON pointer) and the rule.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Invalid, message)
    }

    /// 404: also what another brand's id is answered with.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::NotFound, message)
    }

    /// 403: known, and not allowed.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Forbidden, message)
    }

    /// 503 with Retry-After: nothing is wrong with the request.
    pub fn unavailable(retry_after: Duration) -> Self {
        Self::of(Kind::Unavailable, "the service cannot answer at the moment; try again")
            .retry_after(retry_after)
    }

    /// 500. Log the cause where it is handled; the caller is told nothing of it.
    pub fn internal() -> Self {
        Self::of(Kind::Internal, "something is wrong on our side; nothing was done that a retry would repeat")
    }

    fn with_code(code: Code, message: Cow<'static, str>) -> Self {
        Self(Box::new(Inner { code, message, details: Vec::new(), headers: Vec::new(), closes: false }))
    }

    /// Adds one line to the details (shown by the dialects that have them).
    #[must_use]
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.0.details.push(line.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds Retry-After, in whole seconds, rounded up, at least 1.
    #[must_use]
    pub fn retry_after(self, after: Duration) -> Self {
        let whole = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        self.header(http::header::RETRY_AFTER, HeaderValue::from(whole.max(1)))
    }

    /// The connection cannot be used again (what is left on it is not known to be a request).
    #[must_use]
    pub(crate) fn close(mut self) -> Self {
        self.0.closes = true;
        self
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub fn details(&self) -> &[String] {
        &self.0.details
    }

    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    pub(crate) fn closes(&self) -> bool {
        self.0.closes
    }

    /// Whether it is this kind of the edge.
    pub fn is(&self, kind: Kind) -> bool {
        self.0.code == Code::Edge(kind)
    }
}
