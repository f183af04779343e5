//! Signed requests: the scheme that published tills already speak.
//!
//! `X-EES-AUTH-CLIENT-ID` names the client; `X-EES-AUTH-HASH` is the lowercase hex of SHA-256 over
//! target + body + secret: target is path and query exactly as sent, body its raw bytes.
//! It is not an HMAC, has no time and no nonce; what must not be replayed carries its own reference.
//! A request with `X-Signature-256` is signed in the second way instead, whatever else it carries:
//! see `hmac`. The directory says which client may use which.
//! Compared in constant time, and an unknown client takes as long as a wrong hash.

use std::{fmt, sync::Arc};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    Authenticate, BoxFuture, Credentials, Principal, Scopes,
    hmac::{AGE_MAX_S, SIGNATURE_HEADER, Signed},
    nonces::Nonces,
    single,
};
use crate::{
    clock::system_clock,
    problem::{Kind, Problem},
};

pub const CLIENT_ID_HEADER: &str = "x-ees-auth-client-id";
pub const HASH_HEADER: &str = "x-ees-auth-hash";

/// How long a caller waits before it asks again when the directory cannot be asked.
const LOOKUP_RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

/// A client as the directory knows it. `Debug` leaves the secret out.
#[derive(Clone)]
pub struct Client {
    pub secret: Arc<str>,
    pub brand: Arc<str>,
    pub scopes: Scopes,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("brand", &self.brand)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// The directory cannot answer; the caller is told to try again.
#[derive(Debug, thiserror::Error)]
#[error("looking up a client")]
pub struct LookupFailed(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where clients are looked up, at every request: an implementation keeps a bounded cache.
pub trait ClientDirectory: Send + Sync + 'static {
    /// The client, if there is one and it may sign by hash.
    fn client<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Client>, LookupFailed>>;

    /// The client, if there is one and it may sign by HMAC. None unless implemented.
    fn hmac_client<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Client>, LookupFailed>> {
        let _ = id;
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Takes a nonce of an HMAC for all processes: false if it was taken before. Unless implemented,
    /// each process remembers its own.
    fn take_nonce<'a>(&'a self, nonce: Nonce<'a>) -> BoxFuture<'a, Result<bool, LookupFailed>> {
        let _ = nonce;
        Box::pin(std::future::ready(Ok(true)))
    }
}

/// A nonce that is about to be used.
#[derive(Debug, Clone, Copy)]
pub struct Nonce<'a> {
    pub client_id: &'a str,
    pub client: &'a Client,
    pub nonce: &'a str,
    /// Unix seconds: afterwards its signature is too old by itself.
    pub expires_at: u64,
}

/// Proves callers by [`signature`].
#[derive(Debug)]
pub struct SignedRequests<D> {
    directory: D,
    nonces: Nonces,
}

impl<D: ClientDirectory> SignedRequests<D> {
    pub fn new(directory: D) -> Self {
        Self { directory, nonces: Nonces::default() }
    }

    async fn verify(&self, request: Credentials<'_>) -> Result<Principal, Problem> {
        let id = single(request.headers, CLIENT_ID_HEADER)?;
        let hash = single(request.headers, HASH_HEADER)?;
        let hmac = single(request.headers, SIGNATURE_HEADER)?;
        let (Some(id), true) = (id, hash.is_some() || hmac.is_some()) else {
            return Err(Problem::of(
                Kind::Unauthenticated,
                "the headers X-EES-AUTH-CLIENT-ID and X-EES-AUTH-HASH are required",
            ));
        };
        let found = match hmac {
            Some(_) => self.directory.hmac_client(id).await,
            None => self.directory.client(id).await,
        };
        let client = found.map_err(unavailable)?;
        // An unknown client is hashed too, so that time does not tell which ids exist.
        let secret = client.as_ref().map_or("", |client| &client.secret);
        let signed = hmac.and_then(Signed::parse);
        let matches = match (&signed, hash) {
            (Some(signed), _) => {
                signed.is_by(secret, request.method.as_str(), request.target, request.body)
                    && signed.is_of_about(system_clock()())
            }
            (None, Some(hash)) if hmac.is_none() => {
                let expected = signature(request.target, request.body, secret);
                bool::from(expected.as_bytes().ct_eq(hash.as_bytes()))
            }
            _ => false,
        };
        // An empty secret is none at all: anybody could sign with it.
        let refused = || Problem::of(Kind::InvalidToken, "unknown client or wrong signature");
        let client = client.filter(|client| matches && !client.secret.is_empty()).ok_or_else(refused)?;
        if let Some(signed) = &signed
            && !self.take_nonce(id, &client, signed).await?
        {
            return Err(refused());
        }
        Ok(Principal { brand: client.brand, subject: id.into(), scopes: client.scopes })
    }

    /// Only the nonce of a signature that is right is taken: nobody else can use them up.
    async fn take_nonce(&self, id: &str, client: &Client, signed: &Signed<'_>) -> Result<bool, Problem> {
        if !self.nonces.take(id, signed.nonce, system_clock()()) {
            return Ok(false);
        }
        let expires_at = signed.time.saturating_add(AGE_MAX_S + 1);
        let nonce = Nonce { client_id: id, client, nonce: signed.nonce, expires_at };
        self.directory.take_nonce(nonce).await.map_err(unavailable)
    }
}

fn unavailable(error: LookupFailed) -> Problem {
    tracing::warn!(error = &error as &dyn std::error::Error, "looking up a client");
    Problem::unavailable(LOOKUP_RETRY_AFTER)
}

impl<D: ClientDirectory> Authenticate for SignedRequests<D> {
    fn needs_body(&self) -> bool {
        true
    }

    fn challenge(&self) -> &'static str {
        "X-EES-AUTH"
    }

    fn authenticate<'a>(&'a self, request: Credentials<'a>) -> BoxFuture<'a, Result<Principal, Problem>> {
        Box::pin(self.verify(request))
    }
}

/// Lowercase hex of SHA-256 over target + body + secret.
pub fn signature(target: &str, body: &[u8], secret: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(target.as_bytes());
    hash.update(body);
    hash.update(secret.as_bytes());
    hex(&hash.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};

    struct One;

    impl ClientDirectory for One {
        fn client<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Client>, LookupFailed>> {
            let found = match id {
                "1234567890" => Some("0987654321"),
                "hollow" => Some(""),
                _ => None,
            };
            let client = found.map(|secret| Client {
                secret: secret.into(),
                brand: "acme".into(),
                scopes: Scopes::new(["admin:*"]),
            });
            Box::pin(async move { Ok(client) })
        }
    }

    fn headers(id: &str, hash: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(CLIENT_ID_HEADER, HeaderValue::from_str(id).unwrap());
        headers.insert(HASH_HEADER, HeaderValue::from_bytes(hash.as_bytes()).unwrap());
        headers
    }

    async fn ask(target: &str, headers: &HeaderMap, body: &'static [u8]) -> Result<Principal, Problem> {
        let body = Bytes::from_static(body);
        SignedRequests::new(One)
            .authenticate(Credentials { method: &Method::POST, target, headers, body: &body })
            .await
    }

    #[test]
    fn the_published_vector_holds() {
        assert_eq!(
            signature("/wallet/555555", b"", "0987654321"),
            "76e132ab2154bb7139258b65134ddaf74c12a4242ce136b87a7335292fddc068"
        );
    }

    #[tokio::test]
    async fn the_right_hash_names_the_client() {
        let hash = signature("/2.0/a?b=%20c", b"{\"x\":1}", "0987654321");
        let caller = ask("/2.0/a?b=%20c", &headers("1234567890", &hash), b"{\"x\":1}").await.unwrap();
        assert_eq!((&*caller.brand, &*caller.subject), ("acme", "1234567890"));
    }

    #[tokio::test]
    async fn one_flipped_byte_anywhere_is_refused() {
        let target = "/2.0/connect/wallet/spend?a=1";
        let body = b"{\"reference\":\"r-1\"}";
        let good = signature(target, body, "0987654321");
        for i in 0..good.len() {
            for flip in [1, 2, 0x10] {
                let mut bad = good.clone().into_bytes();
                bad[i] ^= flip;
                let bad = String::from_utf8(bad).unwrap();
                let problem = ask(target, &headers("1234567890", &bad), body).await.unwrap_err();
                assert!(problem.is(Kind::InvalidToken) || problem.is(Kind::Invalid), "{bad}");
            }
        }
        for i in 0..target.len() {
            let mut flipped = target.as_bytes().to_vec();
            flipped[i] ^= 1;
            let flipped = String::from_utf8(flipped).unwrap();
            assert!(
                ask(&flipped, &headers("1234567890", &good), body).await.unwrap_err().is(Kind::InvalidToken)
            );
        }
        for i in 0..body.len() {
            let mut flipped = body.to_vec();
            flipped[i] ^= 1;
            assert!(
                ask(target, &headers("1234567890", &good), flipped.leak())
                    .await
                    .unwrap_err()
                    .is(Kind::InvalidToken)
            );
        }
        for other in [good.to_uppercase(), good[..63].to_owned(), format!("{good}0"), String::new()] {
            assert!(ask(target, &headers("1234567890", &other), body).await.is_err(), "{other}");
        }
    }

    #[tokio::test]
    async fn unknown_and_secretless_clients_and_missing_or_repeated_headers_are_refused() {
        let empty = signature("/a", b"", "");
        assert!(ask("/a", &headers("nobody", &empty), b"").await.unwrap_err().is(Kind::InvalidToken));
        assert!(ask("/a", &headers("hollow", &empty), b"").await.unwrap_err().is(Kind::InvalidToken));
        assert!(ask("/a", &HeaderMap::new(), b"").await.unwrap_err().is(Kind::Unauthenticated));
        let good = signature("/a", b"", "0987654321");
        let mut twice = headers("1234567890", &good);
        twice.append(HASH_HEADER, HeaderValue::from_str(&good).unwrap());
        assert!(ask("/a", &twice, b"").await.unwrap_err().is(Kind::Invalid));
    }

    #[test]
    fn a_client_does_not_show_its_secret() {
        let client = Client { secret: "canary-7".into(), brand: "b".into(), scopes: Scopes::default() };
        assert!(!format!("{client:?}").contains("canary"));
    }
}
