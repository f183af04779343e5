//! A points account and what happened to it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zerosum_domain::TransactionId;
use zerosum_ledger::book::Figures;

use super::{
    AccountTransactionId, Json, Label, SchemeId, Status, WalletAccountId, WalletId, WalletTransactionId,
    is_zero,
};

/// A points account without its points: those are the ledger's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Account {
    pub id: WalletAccountId,
    pub wallet: WalletId,
    pub scheme: SchemeId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_type: Option<String>,
    pub status: Status,
    pub state: Label,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Json>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lifetime: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lifetime_spend: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lifetime_spend_value: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Account {
    /// What moves with its points, as the ledger keeps it with their balance.
    pub fn figures(&self) -> Figures {
        [self.lifetime, self.lifetime_spend, self.lifetime_spend_value, self.updated_at.as_microsecond()]
    }

    /// False: the last of them is no moment.
    pub fn take_figures(&mut self, figures: Figures) -> bool {
        let [lifetime, lifetime_spend, lifetime_spend_value, updated_at] = figures;
        let Ok(updated_at) = Timestamp::from_microsecond(updated_at) else { return false };
        (self.lifetime, self.lifetime_spend) = (lifetime, lifetime_spend);
        (self.lifetime_spend_value, self.updated_at) = (lifetime_spend_value, updated_at);
        true
    }
}

/// The figures of an account at one moment: points, but for the money of `lifetime_spend_value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balances {
    #[serde(default, skip_serializing_if = "is_zero")]
    pub current: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub usable: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub locked: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lifetime: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lifetime_spend: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lifetime_spend_value: i64,
}

/// An account with its figures, as an answer shows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountSnapshot {
    pub account: Arc<Account>,
    pub balances: Balances,
    /// Where a phone shows it.
    pub mobile_wallet: String,
}

/// What happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Event {
    Create,
    Lock,
    /// A lock that expired.
    Unlock,
    Void,
    Spend,
    Debit,
    Earn,
    Credit,
    /// Points given back of a spend, or taken back of an earning.
    Refund,
    Expire,
}

impl Event {
    pub const ALL: [Self; 10] = [
        Self::Create,
        Self::Lock,
        Self::Unlock,
        Self::Void,
        Self::Spend,
        Self::Debit,
        Self::Earn,
        Self::Credit,
        Self::Refund,
        Self::Expire,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Lock => "LOCK",
            Self::Unlock => "UNLOCK",
            Self::Void => "VOID",
            Self::Spend => "SPEND",
            Self::Debit => "DEBIT",
            Self::Earn => "EARN",
            Self::Credit => "CREDIT",
            Self::Refund => "REFUND",
            Self::Expire => "EXPIRE",
        }
    }

    /// From the database's text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == text)
    }
}

/// One thing that happened to an account. Never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountTransaction {
    pub id: AccountTransactionId,
    /// The LOCK that a SPEND or VOID ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<AccountTransactionId>,
    pub wallet: WalletId,
    pub account: WalletAccountId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_transaction: Option<WalletTransactionId>,
    pub event: Event,
    pub value: i64,
    pub current_before: i64,
    pub current_after: i64,
    /// Lifetime is told where the event moves it, and 0 elsewhere, as the published pages have it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lifetime_before: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lifetime_after: i64,
    /// As `view` keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Json>,
    /// What moved the points; a lock and its end move none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<TransactionId>,
    pub at: Timestamp,
}
