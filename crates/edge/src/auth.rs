//! Who is calling, and what they may do.
//!
//! [`Authenticate`] turns a request into a [`Principal`]; the dispatcher then checks the scope of
//! the operation. Two ways exist: [`BearerTokens`] and [`SignedRequests`].

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::problem::{Kind, Problem};

mod bearer;
mod cache;
mod hmac;
mod keys;
mod nonces;
mod scopes;
mod signature;

pub use bearer::{BearerConfig, BearerTokens};
pub use hmac::{SIGNATURE_HEADER, hmac_signature};
pub use keys::{KeyError, TokenKeys};
pub use scopes::{Scope, ScopeError, Scopes};
pub use signature::{
    CLIENT_ID_HEADER, Client, ClientDirectory, HASH_HEADER, LookupFailed, Nonce, SignedRequests, signature,
};

/// Contract: 64.
const BRAND_BYTES_MAX: usize = 64;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The caller, proven. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The brand whose money the call may see and move.
    pub brand: Arc<str>,
    /// Who calls: the token's `sub`, or the client id. Idempotency keys belong to it.
    pub subject: Arc<str>,
    pub scopes: Scopes,
}

impl Principal {
    /// The caller of a public operation: of no brand (no brand has the empty id) and without scopes.
    pub fn anonymous() -> Self {
        Self { brand: "".into(), subject: "".into(), scopes: Scopes::default() }
    }

    /// 403 `forbidden` unless `brand` is the caller's own: for the brand ids of bodies and queries.
    pub fn must_be_of(&self, brand: &str) -> Result<(), Problem> {
        if *self.brand == *brand {
            return Ok(());
        }
        Err(Problem::forbidden("brand_id is not the brand of the caller"))
    }

    pub(crate) fn must_have(&self, scope: &Scope) -> Result<(), Problem> {
        if self.scopes.satisfy(scope) {
            return Ok(());
        }
        Err(Problem::of(Kind::InsufficientScope, format!("the scope {scope} is required")))
    }
}

/// What there is to prove a caller with.
#[derive(Debug)]
pub struct Credentials<'a> {
    pub method: &'a Method,
    /// Path and query exactly as sent, any prefix included.
    pub target: &'a str,
    pub headers: &'a HeaderMap,
    /// The raw body; empty unless [`Authenticate::needs_body`].
    pub body: &'a Bytes,
}

/// A way to prove a caller.
pub trait Authenticate: Send + Sync + 'static {
    /// Whether the proof covers the body. If not, callers are proven before their body is read.
    fn needs_body(&self) -> bool {
        false
    }

    /// The scheme that a 401 names in WWW-Authenticate.
    fn challenge(&self) -> &'static str;

    /// The caller, or 401 / 403. Must not log or repeat a credential.
    fn authenticate<'a>(&'a self, request: Credentials<'a>) -> BoxFuture<'a, Result<Principal, Problem>>;
}

/// Shared, so that keys can be replaced while it serves.
impl<A: Authenticate + ?Sized> Authenticate for Arc<A> {
    fn needs_body(&self) -> bool {
        (**self).needs_body()
    }

    fn challenge(&self) -> &'static str {
        (**self).challenge()
    }

    fn authenticate<'a>(&'a self, request: Credentials<'a>) -> BoxFuture<'a, Result<Principal, Problem>> {
        (**self).authenticate(request)
    }
}

/// The text of a header that may be there once. Repeated or not visible ASCII is 400.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::invalid(format!("header {name}: sent more than once")));
    }
    match value.to_str() {
        Ok(text) => Ok(Some(text)),
        Err(_) => Err(Problem::invalid(format!("header {name}: only visible ASCII is allowed"))),
    }
}

/// Whether a text can be a brand id: 1 to 64 visible ASCII characters.
pub(crate) fn is_brand(text: &str) -> bool {
    (1..=BRAND_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
