//! Who calls: the published signature, or `X-Signature-256` for new integrations.
//!
//! The published one has no time and no nonce, so a request that was overheard can be sent again. The new one is
//! HMAC-SHA-256, keyed with the client's secret, over these lines:
//!
//! ```text
//! v1
//! <X-Signature-Timestamp: seconds since 1970>
//! <X-Signature-Nonce: 16 to 64 printable characters without spaces>
//! <method>
//! <path and query exactly as sent>
//! <body, raw>
//! ```
//!
//! A timestamp is good for five minutes either way, a nonce once in that time. Which of the two a client may use
//! stands with the client; one that has moved on can be set to refuse the old one.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zerosum_edge::{
    Authenticate, BoxFuture, CLIENT_ID_HEADER, Credentials, HeaderMap, Kind, Principal, Problem,
    SignedRequests,
};

use super::clients::Directory;
use crate::store::Nonces;

pub const SIGNATURE_HEADER: &str = "x-signature-256";
pub const TIMESTAMP_HEADER: &str = "x-signature-timestamp";
pub const NONCE_HEADER: &str = "x-signature-nonce";

/// As long as a clock may be off and a request may be on its way, and not longer.
pub(crate) const TIMESTAMP_SECONDS_OFF_MAX: i64 = 300;
/// Twice 64 bits: two requests of one client do not meet by chance.
const NONCE_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// How long a caller waits before it asks again when the database cannot be asked.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

/// See the module's documentation.
pub(crate) struct Signatures {
    published: SignedRequests<Directory>,
    directory: Directory,
    nonces: Nonces,
}

impl Signatures {
    pub fn new(directory: Directory, nonces: Nonces) -> Self {
        Self { published: SignedRequests::new(directory.clone()), directory, nonces }
    }

    async fn verify(&self, request: Credentials<'_>) -> Result<Principal, Problem> {
        let sent = |name: &str| single(request.headers, name);
        let (Some(id), Some(hmac), Some(timestamp), Some(nonce)) =
            (sent(CLIENT_ID_HEADER)?, sent(SIGNATURE_HEADER)?, sent(TIMESTAMP_HEADER)?, sent(NONCE_HEADER)?)
        else {
            return Err(Problem::of(
                Kind::Unauthenticated,
                "X-Signature-256 comes with X-EES-AUTH-CLIENT-ID, X-Signature-Timestamp and X-Signature-Nonce",
            ));
        };
        let wrong = || Problem::of(Kind::InvalidToken, "unknown client, wrong signature, or sent before");
        let nonce_fits =
            NONCE_BYTES.contains(&nonce.len()) && nonce.bytes().all(|byte| byte.is_ascii_graphic());
        let seconds: i64 = timestamp.parse().map_err(|_| wrong())?;
        if !nonce_fits {
            return Err(wrong());
        }
        let known = self.directory.find(id).await.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "looking up a client");
            Problem::unavailable(RETRY_AFTER)
        })?;
        let known = known.filter(|known| known.accepts_hmac);
        // An unknown client is signed for too, so that time does not tell which ids exist.
        let secret = known.as_ref().map_or("", |known| &known.client.secret);
        let expected =
            signature(secret, timestamp, nonce, request.method.as_str(), request.target, request.body);
        let matches = bool::from(expected.as_bytes().ct_eq(hmac.as_bytes()));
        let Some(known) = known.filter(|known| matches && !known.client.secret.is_empty()) else {
            return Err(wrong());
        };
        // Only what was signed may use up a nonce.
        let fresh = self.nonces.take(&known.client.brand, id, nonce, seconds).await.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "taking a nonce");
            Problem::unavailable(RETRY_AFTER)
        })?;
        if !fresh {
            return Err(wrong());
        }
        Ok(Principal { brand: known.client.brand, subject: id.into(), scopes: known.client.scopes })
    }
}

impl Authenticate for Signatures {
    fn needs_body(&self) -> bool {
        true
    }

    fn challenge(&self) -> &'static str {
        "X-EES-AUTH"
    }

    fn authenticate<'a>(&'a self, request: Credentials<'a>) -> BoxFuture<'a, Result<Principal, Problem>> {
        if request.headers.contains_key(SIGNATURE_HEADER) {
            Box::pin(self.verify(request))
        } else {
            self.published.authenticate(request)
        }
    }
}

/// The text of a header that may be there once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::invalid(format!("header {name}: sent more than once")));
    }
    value
        .to_str()
        .map(Some)
        .map_err(|_| Problem::invalid(format!("header {name}: only visible ASCII is allowed")))
}

/// Lowercase hex of the HMAC.
pub fn signature(
    secret: &str,
    timestamp: &str,
    nonce: &str,
    method: &str,
    target: &str,
    body: &[u8],
) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        unreachable!("HMAC takes a key of any length")
    };
    for line in ["v1", timestamp, nonce, method, target] {
        mac.update(line.as_bytes());
        mac.update(b"\n");
    }
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_does_not_change() {
        let made = signature("0987654321", "1763632800", "0123456789abcdef", "GET", "/wallet/555555", b"");
        assert_eq!(made, "14be2a86fac6e7ef88a6294826632459bf13a474892d80ac7b9a43e32f8edfaa");
        for other in [
            signature("0987654322", "1763632800", "0123456789abcdef", "GET", "/wallet/555555", b""),
            signature("0987654321", "1763632801", "0123456789abcdef", "GET", "/wallet/555555", b""),
            signature("0987654321", "1763632800", "0123456789abcdeg", "GET", "/wallet/555555", b""),
            signature("0987654321", "1763632800", "0123456789abcdef", "POST", "/wallet/555555", b""),
            signature("0987654321", "1763632800", "0123456789abcdef", "GET", "/wallet/555556", b""),
            signature("0987654321", "1763632800", "0123456789abcdef", "GET", "/wallet/555555", b"{}"),
        ] {
            assert_ne!(made, other);
        }
    }
}
