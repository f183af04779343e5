//! A result on its way out: status, body, and the few headers that are the operation's own.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::problem::Problem;

/// `Idempotent-Replayed: true` marks an answer that was given before.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The answer of a handler. Its Content-Type is the dialect's, unless one is set.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Reply {
    /// A JSON answer. Fails only if `body` cannot be JSON at all (a map with keys that are not strings).
    pub fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Problem> {
        match serde_json::to_vec(body) {
            Ok(bytes) => Ok(Self::bytes(status, bytes)),
            Err(error) => {
                tracing::error!(%error, "rendering an answer");
                Err(Problem::internal())
            }
        }
    }

    /// 200 with a JSON body.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with a JSON body.
    pub fn created(body: &impl Serialize) -> Result<Self, Problem> {
        Self::json(StatusCode::CREATED, body)
    }

    /// A body that is JSON already: what was stored, sent again byte for byte.
    pub fn bytes(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), content_type: None, headers: Vec::new() }
    }

    /// Sets another Content-Type than the dialect's.
    #[must_use]
    pub fn content_type(mut self, value: HeaderValue) -> Self {
        self.content_type = Some(value);
        self
    }

    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says that this answer was given before.
    #[must_use]
    pub fn replayed(self, replayed: bool) -> Self {
        if replayed { self.header(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true")) } else { self }
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.headers
    }

    pub fn body(&self) -> &Bytes {
        &self.body
    }
}
