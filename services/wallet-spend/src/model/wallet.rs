//! A wallet and the identities that find it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{IdentityId, Json, Label, Status, WalletId};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Wallet {
    pub id: WalletId,
    pub kind: Label,
    pub status: Status,
    pub state: Label,
    pub friendly_name: Option<String>,
    pub meta: Option<Json>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A key to a wallet: a card number, a customer id. Its value is unique in its brand.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Identity {
    pub id: IdentityId,
    pub wallet: WalletId,
    pub kind: Label,
    pub value: Arc<str>,
    pub friendly_name: Option<String>,
    pub safe_value: Option<String>,
    pub status: Status,
    pub state: Label,
    pub meta: Option<Json>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Where a phone shows it.
    pub mobile_wallet: String,
}
