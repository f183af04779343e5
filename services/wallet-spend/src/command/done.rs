//! What a command did: enough to render its answer now and at every replay.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Issue;
use crate::model::{
    AccountSnapshot, AccountTransaction, Identity, Json, PermissionRule, Scheme, Wallet, WalletTransaction,
};

#[derive(Debug, Serialize, Deserialize)]
pub enum Done {
    Scheme(Box<Scheme>),
    Wallet(Box<NewWallet>),
    Identity(Arc<Identity>),
    Account(Box<AccountSnapshot>),
    Adjusted(Box<Moved>),
    ChangedWallet(Arc<Wallet>),
    ChangedIdentity(Arc<Identity>),
    ChangedAccount(Box<AccountSnapshot>),
    Opened(Box<Opened>),
    Spent(Box<Spent>),
    Voided(Box<Voided>),
    Settled(Box<Settled>),
    Unlocked(Box<Unlocked>),
    Refunded(Box<Refunded>),
    Annotated(Arc<WalletTransaction>),
    Permitted(Vec<PermissionRule>),
    /// A job's work: nobody is answered.
    Expired,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct NewWallet {
    pub wallet: Arc<Wallet>,
    pub identities: Vec<Arc<Identity>>,
    /// Of POST /services/wallet/accounts only.
    pub accounts: Option<NewAccounts>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct NewAccounts {
    pub successful: Vec<AccountSnapshot>,
    pub failed: Vec<FailedAccount>,
    pub consumer: Option<Json>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedAccount {
    pub scheme_id: crate::model::SchemeId,
    pub error_code: String,
    pub error_message: String,
}

/// An account transaction and the account after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Moved {
    pub transaction: AccountTransaction,
    pub account: AccountSnapshot,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Opened {
    pub wallet: Arc<Wallet>,
    pub identity: Arc<Identity>,
    pub accounts: Vec<OpenedAccount>,
    pub basket: Option<Json>,
    pub transaction: Option<Arc<WalletTransaction>>,
    pub may_spend: bool,
    pub may_earn: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct OpenedAccount {
    pub account: AccountSnapshot,
    pub scheme_reference: String,
    pub tiers: Vec<(String, zerosum_domain::spend::Tiers)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Spent {
    pub transaction: Arc<WalletTransaction>,
    pub account_transactions: Vec<AccountTransaction>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Voided {
    pub transaction: Arc<WalletTransaction>,
    pub moved: Moved,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Settled {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Arc<WalletTransaction>>,
    /// In full, for the parent's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Arc<Identity>>,
    pub children: Vec<Arc<WalletTransaction>>,
    pub moved: Vec<Moved>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Unlocked {
    pub parent: Arc<WalletTransaction>,
    pub children: Vec<Voided>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Refunded {
    pub transaction: Arc<WalletTransaction>,
    pub moved: Vec<Moved>,
}
