//! Rule-bound texts: labels, statuses, references.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize, Serializer};
use zerosum_domain::Invalid;

/// A type or a state: 1 to 64 of `A-Z`, `0-9`, `_` and `-`, as CONSUMER, DEFAULT, EARNONLY.
/// Types and states are configured per brand, so there is no list of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Label(Arc<str>);

impl Label {
    const BYTES_MAX: usize = 64;

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let plain =
            |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
        if text.is_empty() || text.len() > Self::BYTES_MAX || !text.bytes().all(plain) {
            return Err(Invalid::because("must be 1 to 64 of A-Z, 0-9, _ and -"));
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The status of a wallet, an identity, an account or a scheme. Only what is ACTIVE earns and spends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    Active,
    Inactive,
    Suspended,
    Terminated,
    Merged,
    Lost,
    Stolen,
    Draft,
}

impl Status {
    pub const ALL: [Self; 8] = [
        Self::Active,
        Self::Inactive,
        Self::Suspended,
        Self::Terminated,
        Self::Merged,
        Self::Lost,
        Self::Stolen,
        Self::Draft,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Terminated => "TERMINATED",
            Self::Merged => "MERGED",
            Self::Lost => "LOST",
            Self::Stolen => "STOLEN",
            Self::Draft => "DRAFT",
        }
    }

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(Invalid::because("must be a status such as ACTIVE, SUSPENDED or TERMINATED"))
    }
}

/// The caller's name for a transaction: unique in its brand, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference(Arc<str>);

impl Reference {
    /// Room for `_DELETED_<id>` below the 255 that the outside knows.
    const BYTES_MAX: usize = 255 - 29;

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > Self::BYTES_MAX || text.chars().any(char::is_control) {
            return Err(Invalid::because("must be 1 to 226 bytes without control characters"));
        }
        Ok(Self(text.into()))
    }

    /// What an open is called after another one took its reference.
    pub fn deleted(&self, id: super::WalletTransactionId) -> Self {
        Self(format!("{}_DELETED_{id}", self.0).into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text, shared.
    pub fn text(&self) -> Arc<str> {
        self.0.clone()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A map by reference can be asked with a text.
impl Borrow<str> for Reference {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = Invalid;
    /// From our own storage too, where a deleted open's is longer.
    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.is_empty() { Self::parse(&text) } else { Ok(Self(text.into())) }
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_to_their_rules() {
        assert!(Label::parse("EARNONLY").is_ok());
        for bad in ["", "earn only", "É", &"X".repeat(65)] {
            assert!(Label::parse(bad).is_err(), "{bad}");
        }
        assert!(Reference::parse("20241103080000-111-01-1122").is_ok());
        assert!(Reference::parse("a\u{0}").is_err());
        assert!(Reference::parse(&"x".repeat(227)).is_err());
        for status in Status::ALL {
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{}\"", status.as_str()));
        }
    }
}
