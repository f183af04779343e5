//! The texts of a command. Each is bounded as the contract says and holds no U+0000, which PostgreSQL cannot keep.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zerosum_domain::Invalid;

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $min:literal..=$max:literal, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                // Counted as JSON Schema counts: in characters.
                let length = text.chars().take($max + 1).count();
                if !($min..=$max).contains(&length) || text.contains('\0') {
                    return Err(Invalid::because($rule));
                }
                Ok(Self(text.into()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The same text, shared.
            pub fn shared(&self) -> Arc<str> {
                self.0.clone()
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0.as_ref().to_owned()
            }
        }
    };
}

text! {
    /// What kind of business event a transaction is.
    TransactionType, 1..=64, "must have 1 to 64 characters and no U+0000"
}
text! {
    /// A caller's name for something of its own: an external reference, an external id, a party's id.
    Reference, 1..=255, "must have 1 to 255 characters and no U+0000"
}
text! {
    /// A remark on a transaction or an entry.
    Memo, 0..=1024, "must have at most 1024 characters and no U+0000"
}
text! {
    /// An account's name.
    AccountName, 1..=255, "must have 1 to 255 characters and no U+0000"
}
text! {
    /// What kind of party an account belongs to.
    PartyType, 1..=64, "must have 1 to 64 characters and no U+0000"
}
text! {
    /// A JSON object, as it was sent. Bounded by the body that it came in.
    Metadata, 2..=1_048_576, "must be a JSON object"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_to_its_bounds_in_characters() {
        assert!(TransactionType::parse(&"é".repeat(64)).is_ok());
        for bad in [String::new(), "é".repeat(65), "a\0b".to_owned()] {
            assert!(TransactionType::parse(&bad).is_err(), "{bad:?}");
        }
        assert!(Memo::parse("").is_ok());
    }
}
