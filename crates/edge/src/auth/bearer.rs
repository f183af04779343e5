//! Bearer tokens: JWTs of one issuer, for one audience.
//!
//! Checked on every token, none of it left to a library's defaults: the signature with the
//! algorithm of the key (never the token's own choice), `iss`, `aud`, `exp` (all required), `nbf`
//! and `iat` where given, the lifetime against a cap, `sub` (required: idempotency keys belong to
//! it), and that the token is not revoked. Why a token is refused is said in one general sentence.
//!
//! The brand is the claim `brand_id`; a token without one names it in `X-Brand-Id`.
//! A header that differs from the claim is 403: it asks for another brand's money.

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::Validation;
use sha2::{Digest, Sha256};

use super::{
    Authenticate, BoxFuture, Credentials, Principal, Scopes,
    cache::{TokenCache, TokenHash, Verified},
    is_brand,
    keys::{KeyError, TokenKeys},
    single,
};
use crate::{
    clock::{Clock, system_clock},
    problem::{Kind, Problem},
};

mod claims;

use claims::Claims;

/// Tokens longer than this are not looked at: with all our claims they are below 1 KiB.
const TOKEN_BYTES_MAX: usize = 4 * 1024;

/// Which tokens are taken.
#[derive(Debug, Clone)]
pub struct BearerConfig {
    pub issuer: String,
    pub audience: String,
    /// A token that was made to live longer is refused: what leaks must die soon.
    pub lifetime_max: Duration,
    /// How far the issuer's clock and ours may be apart.
    pub leeway: Duration,
    /// Verified tokens kept; about 300 bytes each.
    pub cache_entries_max: usize,
}

impl BearerConfig {
    /// Lifetime at most 24 h (a machine's token is renewed daily), 30 s between the clocks, 10,000
    /// tokens kept (3 MB).
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            lifetime_max: Duration::from_secs(24 * 60 * 60),
            leeway: Duration::from_secs(30),
            cache_entries_max: 10_000,
        }
    }
}

/// Proves callers by JWT.
pub struct BearerTokens {
    config: BearerConfig,
    clock: Clock,
    epoch: RwLock<Arc<Epoch>>,
}

/// The keys of a time, and what was verified with them. Replaced as a whole, so that nothing
/// verified by a removed key outlives it.
struct Epoch {
    keys: Arc<TokenKeys>,
    revoked: Arc<HashSet<String>>,
    cache: TokenCache,
}

impl std::fmt::Debug for BearerTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BearerTokens").field("config", &self.config).finish_non_exhaustive()
    }
}

impl BearerTokens {
    pub fn new(config: BearerConfig, keys: TokenKeys) -> Self {
        Self::with_clock(config, keys, system_clock())
    }

    /// With a clock of its own, for tests.
    pub fn with_clock(config: BearerConfig, keys: TokenKeys, clock: Clock) -> Self {
        let epoch = Epoch {
            keys: Arc::new(keys),
            revoked: Arc::default(),
            cache: TokenCache::new(config.cache_entries_max),
        };
        Self { config, clock, epoch: RwLock::new(Arc::new(epoch)) }
    }

    /// From now on only these keys count (rotation): tokens of the others are refused at once.
    pub fn replace_keys(&self, keys: TokenKeys) {
        self.next_epoch(|epoch| (Arc::new(keys), Arc::clone(&epoch.revoked)));
    }

    /// From now on tokens with these `jti` are refused.
    pub fn replace_revoked(&self, jtis: impl IntoIterator<Item = String>) {
        let revoked = Arc::new(jtis.into_iter().collect());
        self.next_epoch(|epoch| (Arc::clone(&epoch.keys), revoked));
    }

    fn next_epoch(&self, change: impl FnOnce(&Epoch) -> (Arc<TokenKeys>, Arc<HashSet<String>>)) {
        let mut epoch = self.epoch.write().unwrap_or_else(PoisonError::into_inner);
        let (keys, revoked) = change(&epoch);
        *epoch = Arc::new(Epoch { keys, revoked, cache: TokenCache::new(self.config.cache_entries_max) });
    }

    /// Reads the key file again every `period`, for as long as it is polled. A file that cannot be
    /// used is logged, and the keys stay.
    pub async fn reload_keys_from(&self, path: &Path, period: Duration) {
        let mut last = tokio::fs::read_to_string(path).await.ok();
        loop {
            tokio::time::sleep(period).await;
            match tokio::fs::read_to_string(path).await {
                Ok(text) if last.as_deref() == Some(&text) => {}
                Ok(text) => match TokenKeys::parse(&text) {
                    Ok(keys) => {
                        self.replace_keys(keys);
                        last = Some(text);
                        tracing::info!(path = %path.display(), "token keys replaced");
                    }
                    Err(error) => report(path, &error),
                },
                Err(source) => report(path, &KeyError::Read { path: path.display().to_string(), source }),
            }
        }
    }

    /// The caller that a token names, with the brand chosen by the header where the token has none.
    fn principal(&self, request: &Credentials<'_>) -> Result<Principal, Problem> {
        let Some(header) = single(request.headers, "authorization")? else {
            return Err(Problem::of(
                Kind::Unauthenticated,
                "a bearer token is required in the header Authorization",
            ));
        };
        let verified = self.verify(bearer(header)?)?;
        let asked = single(request.headers, "x-brand-id")?;
        let brand = match (&verified.brand, asked) {
            (Some(brand), None) => Arc::clone(brand),
            (Some(brand), Some(asked)) if **brand == *asked => Arc::clone(brand),
            (Some(_), Some(_)) => {
                return Err(Problem::forbidden("X-Brand-Id is not the brand of the token"));
            }
            (None, Some(asked)) if is_brand(asked) => asked.into(),
            (None, Some(_)) => return Err(Problem::invalid("header X-Brand-Id: not a brand id")),
            (None, None) => {
                return Err(Problem::forbidden("the token names no brand; name it in the header X-Brand-Id"));
            }
        };
        Ok(Principal { brand, subject: Arc::clone(&verified.subject), scopes: verified.scopes.clone() })
    }

    fn verify(&self, token: &str) -> Result<Arc<Verified>, Problem> {
        let now = (self.clock)();
        let epoch = Arc::clone(&self.epoch.read().unwrap_or_else(PoisonError::into_inner));
        let hash: TokenHash = Sha256::digest(token.as_bytes()).into();
        if let Some(verified) = epoch.cache.get(&hash) {
            return if verified.is_valid_at(now) { Ok(verified) } else { Err(refused("it is expired")) };
        }
        let claims = self.claims(&epoch, token)?;
        let verified = Arc::new(claims.verify(&self.config, now, &epoch.revoked).map_err(refused)?);
        epoch.cache.insert(hash, Arc::clone(&verified), now);
        Ok(verified)
    }

    /// The claims, once the signature is proven, and the issuer and audience with it.
    fn claims(&self, epoch: &Epoch, token: &str) -> Result<Claims, Problem> {
        let unreadable = |_| refused("it is not a signed token");
        let header = jsonwebtoken::decode_header(token).map_err(unreadable)?;
        // RFC 7515, section 4.1.11: what must be understood and is not. The library does not look.
        if header.crit.is_some() {
            return Err(refused("it needs what is not understood here"));
        }
        let key = epoch.keys.find(header.kid.as_deref()).ok_or_else(|| refused("its key is not known"))?;
        if header.alg != key.algorithm {
            return Err(refused("its algorithm is not that of its key"));
        }
        let mut validation = Validation::new(key.algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.config.issuer]);
        validation.set_audience(&[&self.config.audience]);
        // Times are checked by our own clock, in `Claims::verify`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let data = jsonwebtoken::decode::<Claims>(token, &key.key, &validation).map_err(|error| {
            use jsonwebtoken::errors::ErrorKind;
            match error.kind() {
                ErrorKind::InvalidIssuer => refused("it is of another issuer"),
                ErrorKind::InvalidAudience => refused("it is for another audience"),
                ErrorKind::MissingRequiredClaim(_) => refused("one of exp, iss, aud and sub is missing"),
                ErrorKind::InvalidSignature => refused("its signature is wrong"),
                _ => refused("it is not a token that can be read"),
            }
        })?;
        Ok(data.claims)
    }
}

impl Authenticate for BearerTokens {
    fn challenge(&self) -> &'static str {
        "Bearer"
    }

    fn authenticate<'a>(&'a self, request: Credentials<'a>) -> BoxFuture<'a, Result<Principal, Problem>> {
        let principal = self.principal(&request);
        Box::pin(std::future::ready(principal))
    }
}

/// What follows the scheme, which is compared without regard to case (RFC 9110, section 11.1).
fn bearer(header: &str) -> Result<&str, Problem> {
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => {
            return Err(Problem::of(
                Kind::Unauthenticated,
                "the header Authorization must be: Bearer <token>",
            ));
        }
    };
    if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
        return Err(refused("it is empty or too long"));
    }
    Ok(token)
}

fn refused(why: &'static str) -> Problem {
    Problem::of(Kind::InvalidToken, format!("the token is refused: {why}"))
}

fn report(path: &Path, error: &KeyError) {
    tracing::warn!(path = %path.display(), error = error as &dyn std::error::Error, "reading token keys");
}

#[cfg(test)]
mod tests;
