//! Ids. Ledger ids are UUID v7, so that inserts stay local in their indexes; a brand is a short text.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Invalid;

/// The number that is in every primary key: half of an index entry would be the brand's name.
///
/// The first eight bytes of the name's SHA-256, as `ledger.brand_key` reckons them too. The database refuses a second
/// name with the same number, so a brand that exists has its number for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BrandKey(i64);

impl BrandKey {
    /// As a row has it.
    pub const fn new(key: i64) -> Self {
        Self(key)
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    fn of(name: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(name));
        Self(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// A tenant. 1 to 64 printable ASCII characters.
///
/// Ordered by its number first, as the database orders rows: whoever locks the rows of several brands does it in this
/// order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BrandId {
    key: BrandKey,
    name: Arc<str>,
}

impl Hash for BrandId {
    /// Its number says enough.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl BrandId {
    /// Long enough for a UUID or a host name, short enough to lead every index entry.
    pub const BYTES_MAX: usize = 64;

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > Self::BYTES_MAX || !printable {
            return Err(Invalid::because("must be 1 to 64 printable ASCII characters without spaces"));
        }
        Ok(Self { key: BrandKey::of(text), name: text.into() })
    }

    pub fn as_str(&self) -> &str {
        &self.name
    }

    pub const fn key(&self) -> BrandKey {
        self.key
    }
}

impl fmt::Display for BrandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl TryFrom<String> for BrandId {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<BrandId> for String {
    fn from(brand: BrandId) -> Self {
        brand.name.as_ref().to_owned()
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            /// Takes the hyphenated lower-case form only, so that one id has one spelling.
            fn from_str(text: &str) -> Result<Self, Invalid> {
                const RULE: Invalid = Invalid::because("must be a UUID in its hyphenated, lower-case form");
                let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
                if text.len() != uuid::fmt::Hyphenated::LENGTH || upper {
                    return Err(RULE);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| RULE)
            }
        }
    };
}

uuid_id! {
    /// A ledger account.
    AccountId
}
uuid_id! {
    /// A posted transaction.
    TransactionId
}
uuid_id! {
    /// A lot: what one grant or earning put into an account, with its own expiry.
    LotId
}
uuid_id! {
    /// A hold: an amount of an account set aside for one purpose.
    HoldId
}
uuid_id! {
    /// An event in the outbox; consumers dedupe by it.
    EventId
}

/// An entry is named by its transaction and its place in it: `<transaction id>-<line>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryId {
    pub transaction: TransactionId,
    pub line: u16,
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.transaction, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_one_spelling() {
        let id = "0193a1f0-0000-7000-8000-00000000000a";
        assert_eq!(id.parse::<AccountId>().unwrap().to_string(), id);
        for other in [
            "0193a1f0000070008000 00000000000a",
            "{0193a1f0-0000-7000-8000-00000000000a}",
            "0193A1F0-0000-7000-8000-00000000000A",
            "",
            "a",
        ] {
            assert!(other.parse::<AccountId>().is_err(), "{other}");
        }
    }

    #[test]
    fn a_brand_is_short_and_printable() {
        assert!(BrandId::parse("demo").is_ok());
        for bad in ["", "a b", "é", "\u{0}", &"x".repeat(65)] {
            assert!(BrandId::parse(bad).is_err(), "{bad}");
        }
    }

    /// `select ledger.brand_key('demo')` answers the same.
    #[test]
    fn a_brand_has_a_number_that_follows_from_its_name() {
        let brand = BrandId::parse("demo").unwrap();
        assert_eq!(brand.key().get(), 3_069_011_196_268_734_596);
        // Ordered by number, not by name.
        let (first, second) = (BrandId::parse("b").unwrap(), BrandId::parse("c").unwrap());
        assert!(first.key() > second.key() && first > second);
    }
}
