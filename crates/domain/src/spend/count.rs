//! Counts that may be zero: points of a balance, money of an adjudication.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Invalid, amount::AMOUNT_MAX};

macro_rules! count {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "i64", into = "i64")]
        pub struct $name(i64);

        impl $name {
            pub const ZERO: Self = Self(0);
            pub const MAX: Self = Self(AMOUNT_MAX);

            pub const fn new(units: i64) -> Result<Self, Invalid> {
                if units < 0 || units > AMOUNT_MAX {
                    return Err(Invalid::because("must lie between 0 and 2^53 - 1"));
                }
                Ok(Self(units))
            }

            pub const fn get(self) -> i64 {
                self.0
            }

            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// `None` above 2^53 − 1.
            pub fn plus(self, other: Self) -> Option<Self> {
                // Both are below 2^53, so the sum fits an i64.
                Self::new(self.0 + other.0).ok()
            }

            /// `None` below zero.
            pub fn minus(self, other: Self) -> Option<Self> {
                Self::new(self.0 - other.0).ok()
            }

            /// `None` outside 0..=2^53 − 1.
            pub(super) fn from_wide(units: i128) -> Option<Self> {
                i64::try_from(units).ok().and_then(|units| Self::new(units).ok())
            }
        }

        impl TryFrom<i64> for $name {
            type Error = Invalid;
            fn try_from(units: i64) -> Result<Self, Invalid> {
                Self::new(units)
            }
        }

        impl From<$name> for i64 {
            fn from(count: $name) -> Self {
                count.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

count! {
    /// A number of points, 0 to 2^53 − 1.
    PointCount
}
count! {
    /// Money in minor units, 0 to 2^53 − 1.
    Money
}

impl From<crate::Points> for PointCount {
    fn from(points: crate::Points) -> Self {
        Self(points.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_leaves_its_range_neither_way() {
        assert!(PointCount::new(-1).is_err());
        assert!(PointCount::new(AMOUNT_MAX + 1).is_err());
        assert_eq!(PointCount::MAX.plus(PointCount::new(1).unwrap()), None);
        assert_eq!(Money::ZERO.minus(Money::new(1).unwrap()), None);
        assert_eq!(Money::new(3).unwrap().minus(Money::new(1).unwrap()), Money::new(2).ok());
    }
}
