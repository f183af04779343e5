//! Amounts: whole minor units in an `i64`. Checked arithmetic only; sums that may be long are `i128`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// The largest amount that every JSON reader represents exactly: 2^53 − 1.
pub const AMOUNT_MAX: i64 = (1 << 53) - 1;

/// A signed, non-zero amount of an entry, in minor units of its account's currency.
/// Positive is debit, negative is credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Amount(i64);

impl Amount {
    pub const fn new(minor_units: i64) -> Result<Self, Invalid> {
        if minor_units == 0 {
            return Err(Invalid::because("must not be zero"));
        }
        if minor_units > AMOUNT_MAX || minor_units < -AMOUNT_MAX {
            return Err(Invalid::because("must lie between -(2^53 - 1) and 2^53 - 1"));
        }
        Ok(Self(minor_units))
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    /// The same amount on the other side. Total, because the range is symmetric.
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }
}

impl TryFrom<i64> for Amount {
    type Error = Invalid;
    fn try_from(minor_units: i64) -> Result<Self, Invalid> {
        Self::new(minor_units)
    }
}

impl From<Amount> for i64 {
    fn from(amount: Amount) -> Self {
        amount.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! positive {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "i64", into = "i64")]
        pub struct $name(i64);

        impl $name {
            pub const fn new(units: i64) -> Result<Self, Invalid> {
                if units < 1 || units > AMOUNT_MAX {
                    return Err(Invalid::because("must lie between 1 and 2^53 - 1"));
                }
                Ok(Self(units))
            }

            pub const fn get(self) -> i64 {
                self.0
            }

            /// As the debit of an entry.
            pub const fn debit(self) -> Amount {
                Amount(self.0)
            }

            /// As the credit of an entry.
            pub const fn credit(self) -> Amount {
                Amount(-self.0)
            }
        }

        impl TryFrom<i64> for $name {
            type Error = Invalid;
            fn try_from(units: i64) -> Result<Self, Invalid> {
                Self::new(units)
            }
        }

        impl From<$name> for i64 {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

positive! {
    /// A positive amount of money in minor units.
    Cents
}
positive! {
    /// A positive number of loyalty points.
    Points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_not_zero_and_fits_every_reader() {
        for bad in [0, AMOUNT_MAX + 1, -AMOUNT_MAX - 1, i64::MIN, i64::MAX] {
            assert!(Amount::new(bad).is_err(), "{bad}");
        }
        assert_eq!(Amount::new(AMOUNT_MAX).unwrap().negated().get(), -AMOUNT_MAX);
    }

    #[test]
    fn cents_and_points_are_positive() {
        for bad in [0, -1, AMOUNT_MAX + 1] {
            assert!(Cents::new(bad).is_err());
            assert!(Points::new(bad).is_err());
        }
        assert_eq!(Cents::new(5).unwrap().credit().get(), -5);
    }
}
