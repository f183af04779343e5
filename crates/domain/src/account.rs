//! What an account is: its type in the chart of accounts, its steward and its limits.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;

macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident, $rule:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub fn parse(text: &str) -> Result<Self, Invalid> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(Invalid::because($rule)),
                }
            }

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

text_enum! {
    /// The five types of the chart of accounts. Assets and expenses grow by debits (positive),
    /// liabilities, equity and revenue by credits (negative).
    AccountType, "must be one of asset, liability, equity, revenue, expense" {
        Asset = "asset",
        Liability = "liability",
        Equity = "equity",
        Revenue = "revenue",
        Expense = "expense",
    }
}

text_enum! {
    /// The service that may move an account. What cash and points keep about their accounts (lots,
    /// holds) would no longer follow from the entries if anyone else posted to them.
    Steward, "must be one of general, cash, points" {
        General = "general",
        Cash = "cash",
        Points = "points",
    }
}

/// The bounds of an account's balance in minor units, both inclusive; `None` is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limits {
    /// posted − held never goes below it.
    pub floor: Option<i64>,
    /// posted never goes above it.
    pub ceiling: Option<i64>,
}

impl Limits {
    /// An account that nothing can overdraw.
    pub const NOT_BELOW_ZERO: Self = Self { floor: Some(0), ceiling: None };

    pub const fn new(floor: Option<i64>, ceiling: Option<i64>) -> Result<Self, Invalid> {
        if let (Some(floor), Some(ceiling)) = (floor, ceiling)
            && floor > ceiling
        {
            return Err(Invalid::because("must not be above max_balance_cents"));
        }
        Ok(Self { floor, ceiling })
    }
}
