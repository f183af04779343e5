//! Currencies: money by its ISO 4217 code, points as a currency of their own scheme (`PTS:<scheme>`).
//! Points and money can meet in a transaction, never in an entry: each sums to zero by itself.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// The code of a currency: three capital letters, or `PTS:` and the id of a points scheme.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(Arc<str>);

impl Currency {
    const POINTS_PREFIX: &str = "PTS:";
    /// `PTS:` and a decimal 63-bit id.
    const BYTES_MAX: usize = 24;

    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const RULE: Invalid = Invalid::because(
            "must be three capital letters (ISO 4217), or PTS: and the id of a points scheme",
        );
        let money = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        let points = text.len() <= Self::BYTES_MAX
            && text
                .strip_prefix(Self::POINTS_PREFIX)
                .is_some_and(|scheme| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_digit()));
        if money || points { Ok(Self(text.into())) } else { Err(RULE) }
    }

    /// The currency of a scheme's points.
    pub fn points(scheme: u64) -> Self {
        Self(format!("{}{scheme}", Self::POINTS_PREFIX).into())
    }

    pub fn is_points(&self) -> bool {
        self.0.starts_with(Self::POINTS_PREFIX)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_and_points_are_told_apart() {
        assert!(!Currency::parse("USD").unwrap().is_points());
        assert!(Currency::points(u64::MAX).is_points());
        assert!(Currency::parse(Currency::points(u64::MAX).as_str()).is_ok());
        for bad in ["usd", "US", "PTS:", "PTS:x", "PTS:1 ", "EURO"] {
            assert!(Currency::parse(bad).is_err(), "{bad}");
        }
    }
}
