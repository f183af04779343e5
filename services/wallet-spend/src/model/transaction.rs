//! Wallet transactions: an open purchase (SETTLE), a spend, a refund.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zerosum_domain::{HoldId, TransactionId};

use super::{
    AccountTransactionId, IdentityId, Json, Reference, WalletAccountId, WalletId, WalletTransactionId,
    is_zero,
};

macro_rules! upper_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// From the database's text.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

upper_enum! {
    TransactionType {
        Settle = "SETTLE",
        Spend = "SPEND",
        Refund = "REFUND",
    }
}

upper_enum! {
    TransactionStatus {
        Active = "ACTIVE",
        Settled = "SETTLED",
        Voided = "VOIDED",
        Expired = "EXPIRED",
        /// An open whose reference another open took.
        Deleted = "DELETED",
        /// An open that was unlocked.
        Cancelled = "CANCELLED",
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_parent: Option<String>,
}

impl Location {
    fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }
}

/// What a till sends of a basket; kept and shown, never looked into.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Basket {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contents: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<Json>,
}

macro_rules! summary {
    ($($field:ident),+ $(,)?) => {
        /// The figures of a basket that are only shown again.
        #[derive(Debug, Clone, Default, Serialize, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        pub struct Summary {
            $(#[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<Json>),+
        }
    };
}

summary! {
    total_items,
    total_basket_value,
    total_qualifying_amount,
    total_discount_amount,
    total_tax_amount,
    fulfilled_base_earn,
    expected_points,
    original_qualified_accounts,
    qualifies_results,
    reporting,
    tier_membership_results,
    redemption_channel,
    adjudication_results,
    adjustment_results,
    bounce_back_results,
    tender_results,
    adjustment_rules,
}

/// `basket.summary.results.points`; stored in outcomes without its zeros.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointsResults {
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spend: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub debit: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refund: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub earn: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub credit: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub money: i64,
}

impl PointsResults {
    pub fn to_array(self) -> Vec<i64> {
        vec![self.spend, self.debit, self.refund, self.earn, self.credit, self.money]
    }

    /// From the database's array; `None` when it has not six numbers.
    pub fn from_array(figures: &[i64]) -> Option<Self> {
        let [spend, debit, refund, earn, credit, money] = *figures else { return None };
        Some(Self { spend, debit, refund, earn, credit, money })
    }
}

/// Stored in outcomes without what it does not have, and without its zeros.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WalletTransaction {
    pub id: WalletTransactionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<WalletTransactionId>,
    pub wallet: WalletId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityId>,
    pub reference: Reference,
    pub kind: TransactionType,
    pub status: TransactionStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
    /// Accounts with the account transaction that last touched them for this transaction; `None` shows "0".
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<(WalletAccountId, Option<AccountTransactionId>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basket: Option<Basket>,
    /// The spend as it was adjudicated, as `view` keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjudication: Option<Json>,
    /// `None`: no summary is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<PointsResults>,
    #[serde(default, skip_serializing_if = "Location::is_nowhere")]
    pub location: Location,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<WalletAccountId>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub points: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub money: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub points_back: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub settled_points: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub settled_money: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refunded_points: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refunded_money: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Json>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock_transaction: Option<AccountTransactionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing_transaction: Option<AccountTransactionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spend_posting: Option<TransactionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<WalletTransactionId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl WalletTransaction {
    /// Whether its lock has run out and nothing has been done about it yet.
    pub fn lapsed(&self, now: Timestamp) -> bool {
        self.status == TransactionStatus::Active && self.lock_expires_at.is_some_and(|until| until <= now)
    }
}
