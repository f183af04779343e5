//! The money that one point gives, in minor units: an exact decimal.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Minor units of money per point, as an integer number of 10⁻⁹.
///
/// At most nine decimal places and below 1,000,000: 15 significant digits, which every reader of JSON numbers,
/// one that keeps them as doubles too, reads back as the same decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    billionths: i64,
}

const RULE: Invalid =
    Invalid::because("must be a decimal above 0 and below 1000000 with at most 9 decimal places");

impl Rate {
    const PLACES: i32 = 9;
    pub(super) const ONE: i128 = 1_000_000_000;
    const BILLIONTHS_END: i64 = 1_000_000 * 1_000_000_000;
    /// Longer than any way in which a JSON writer spells a rate of 15 digits.
    const TEXT_BYTES_MAX: usize = 40;

    pub const fn from_billionths(billionths: i64) -> Result<Self, Invalid> {
        if billionths < 1 || billionths >= Self::BILLIONTHS_END {
            return Err(RULE);
        }
        Ok(Self { billionths })
    }

    pub const fn billionths(self) -> i64 {
        self.billionths
    }
}

impl FromStr for Rate {
    type Err = Invalid;

    /// Takes the text of a JSON number, exponent included: `0.1`, `1`, `1e-1`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.len() > Self::TEXT_BYTES_MAX {
            return Err(RULE);
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().map_err(|_| RULE)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, fraction].concat();
        let bare = !whole.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !bare || (mantissa.contains('.') && fraction.is_empty()) {
            return Err(RULE);
        }
        let places = i32::try_from(fraction.len()).map_err(|_| RULE)?;
        let shift = Self::PLACES + i32::from(exponent) - places;
        // 40 digits overflow an i128 only when they are far out of range anyway.
        let value: i128 = digits.parse().map_err(|_| RULE)?;
        let power = 10_i128.checked_pow(shift.unsigned_abs()).ok_or(RULE)?;
        let billionths = if shift >= 0 {
            value.checked_mul(power).ok_or(RULE)?
        } else if value % power == 0 {
            value / power
        } else {
            return Err(RULE);
        };
        Self::from_billionths(i64::try_from(billionths).map_err(|_| RULE)?)
    }
}

/// The shortest decimal: `0.1`, `1`, `12.5`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 1_000_000_000;
        let (whole, fraction) = (self.billionths / one, self.billionths % one);
        if fraction == 0 {
            return whole.fmt(f);
        }
        let places = format!("{fraction:09}");
        write!(f, "{whole}.{}", places.trim_end_matches('0'))
    }
}

impl TryFrom<String> for Rate {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_rate_is_exact_and_has_one_spelling() {
        for (text, shown) in [
            ("0.1", "0.1"),
            ("1", "1"),
            ("1.0", "1"),
            ("1e-1", "0.1"),
            ("12.50", "12.5"),
            ("0.000000001", "0.000000001"),
            ("1e-9", "0.000000001"),
            ("999999.999999999", "999999.999999999"),
            ("25E1", "250"),
        ] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "1.",
            ".1",
            "1e",
            "0.0000000001",
            "1000000",
            "1e400",
            "1e-400",
            "NaN",
            "1,5",
            "1e99999",
        ] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_back_is_the_same_rate(billionths in 1..Rate::BILLIONTHS_END) {
            let rate = Rate::from_billionths(billionths).unwrap();
            prop_assert_eq!(rate.to_string().parse::<Rate>().unwrap(), rate);
            // A reader that keeps JSON numbers as doubles writes the same decimal again.
            let as_json: serde_json::Value = serde_json::from_str(&rate.to_string()).unwrap();
            prop_assert_eq!(as_json.to_string().parse::<Rate>().unwrap(), rate);
        }
    }
}
