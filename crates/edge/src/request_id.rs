//! The id of a request: in its answer, in the logs, in the events that it causes.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue};

/// Longer ids of callers are replaced by one of ours.
const CHARS_MAX: usize = 128;

/// Visible ASCII without quotes or spaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    }

    /// 128 random bits: nobody guesses it, and no two processes need to agree on it.
    fn generate() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()).into())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which header carries the id, and who chooses it.
#[derive(Debug, Clone)]
pub struct RequestIds {
    pub header: HeaderName,
    /// Whether an id that the caller sends in this header is taken over.
    pub from_caller: bool,
}

impl RequestIds {
    /// `X-Request-Id`, the caller's where it sends one.
    pub const X_REQUEST_ID: Self =
        Self { header: HeaderName::from_static("x-request-id"), from_caller: true };

    /// `X-EES-CALLED-UNIQUE-ID`, always the server's own.
    pub const X_EES_CALLED_UNIQUE_ID: Self =
        Self { header: HeaderName::from_static("x-ees-called-unique-id"), from_caller: false };

    pub(crate) fn of(&self, headers: &HeaderMap) -> RequestId {
        let sent = if self.from_caller { headers.get(&self.header) } else { None };
        match sent.and_then(|value| value.to_str().ok()) {
            Some(text) if is_usable(text) => RequestId(text.into()),
            _ => RequestId::generate(),
        }
    }
}

fn is_usable(text: &str) -> bool {
    (1..=CHARS_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}
