//! Ids: decimal strings to the outside, 63-bit integers inside.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};
use zerosum_domain::Invalid;

macro_rules! decimal_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(i64);

        impl $name {
            pub const fn new(id: i64) -> Result<Self, Invalid> {
                if id < 1 {
                    return Err(Invalid::because("must be a positive decimal id"));
                }
                Ok(Self(id))
            }

            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            /// Digits only and no leading zero, so that one id has one spelling.
            fn from_str(text: &str) -> Result<Self, Invalid> {
                const RULE: Invalid = Invalid::because("must be a positive decimal id");
                if text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(RULE);
                }
                Self::new(text.parse().map_err(|_| RULE)?)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                text.parse()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(itoa::Buffer::new().format(self.0))
            }
        }
    };
}

decimal_id! {
    WalletId
}
decimal_id! {
    IdentityId
}
decimal_id! {
    /// A points account of a wallet. The ledger account behind it has a UUID of its own.
    WalletAccountId
}
decimal_id! {
    SchemeId
}
decimal_id! {
    WalletTransactionId
}
decimal_id! {
    AccountTransactionId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        assert_eq!("445816981".parse::<WalletId>().unwrap().to_string(), "445816981");
        for bad in ["", "0", "01", "-1", "+1", "1.0", "9223372036854775808", "x"] {
            assert!(bad.parse::<WalletId>().is_err(), "{bad}");
        }
        assert_eq!(serde_json::to_string(&WalletId::new(7).unwrap()).unwrap(), "\"7\"");
    }
}
