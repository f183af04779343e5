//! The claims of a token, and the checks on them that need a clock.

use std::{collections::HashSet, sync::Arc};

use serde::{Deserialize, Deserializer, de::Error};

use super::{BearerConfig, Scopes, Verified, is_brand};

/// The longest subject: it is part of every idempotency key's scope.
const SUBJECT_CHARS_MAX: usize = 200;

#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    sub: String,
    #[serde(deserialize_with = "seconds")]
    exp: u64,
    #[serde(default, deserialize_with = "maybe_seconds")]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "maybe_seconds")]
    iat: Option<u64>,
    #[serde(default)]
    jti: Option<String>,
    #[serde(default)]
    brand_id: Option<String>,
    #[serde(default)]
    scope: Words,
    #[serde(default)]
    scopes: Words,
    #[serde(default)]
    scp: Words,
}

/// Scopes as issuers write them: one text with spaces, or a list.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Words {
    Text(String),
    List(Vec<String>),
    #[default]
    None,
}

impl Words {
    fn each(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => text.split_ascii_whitespace().collect(),
            Self::List(list) => list.iter().map(String::as_str).collect(),
            Self::None => Vec::new(),
        }
    }
}

impl Claims {
    /// `exp` and `nbf` at `now`, the lifetime, the subject, the brand, revocation.
    pub(super) fn verify(
        self,
        config: &BearerConfig,
        now: u64,
        revoked: &HashSet<String>,
    ) -> Result<Verified, &'static str> {
        let leeway = config.leeway.as_secs();
        let valid_until = self.exp.saturating_add(leeway);
        let valid_from = self.nbf.unwrap_or(0).saturating_sub(leeway);
        if now >= valid_until {
            return Err("it is expired");
        }
        if now < valid_from {
            return Err("it is not valid yet");
        }
        if self.iat.is_some_and(|iat| iat.saturating_sub(leeway) > now) {
            return Err("it was issued in the future");
        }
        // Without a beginning, its life is counted from now: the rest of it must not be longer either.
        let born = self.iat.or(self.nbf).unwrap_or(now);
        if self.exp.saturating_sub(born) > config.lifetime_max.as_secs() {
            return Err("it lives longer than tokens may");
        }
        if self.jti.is_some_and(|jti| revoked.contains(&jti)) {
            return Err("it is revoked");
        }
        let subject_fits = !self.sub.is_empty()
            && self.sub.chars().count() <= SUBJECT_CHARS_MAX
            && !self.sub.chars().any(char::is_control);
        if !subject_fits {
            return Err("its sub cannot be used");
        }
        if self.brand_id.as_deref().is_some_and(|brand| !is_brand(brand)) {
            return Err("its brand_id cannot be used");
        }
        let granted = [&self.scope, &self.scopes, &self.scp];
        Ok(Verified {
            subject: self.sub.into(),
            scopes: Scopes::new(granted.into_iter().flat_map(Words::each)),
            brand: self.brand_id.map(Arc::from),
            valid_from,
            valid_until,
        })
    }
}

/// A NumericDate (RFC 7519): seconds, with a fraction allowed and dropped.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    if let Some(whole) = number.as_u64() {
        return Ok(whole);
    }
    // The text of a fraction begins with its whole seconds; negative and huge times are no dates.
    number
        .to_string()
        .split_once('.')
        .and_then(|(whole, fraction)| {
            fraction.bytes().all(|b| b.is_ascii_digit()).then(|| whole.parse().ok())?
        })
        .ok_or_else(|| D::Error::custom("not a time"))
}

fn maybe_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    seconds(deserializer).map(Some)
}
