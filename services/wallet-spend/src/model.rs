//! What wallet-spend knows: wallets, identities, accounts, schemes and what happened to them.
//!
//! Plain values, each valid by construction, that can be stored in an outcome and read back.
//! Nothing here knows HTTP, SQL or the ledger's engine; rendering is [`crate::view`]'s.

mod account;
mod ids;
mod permission;
mod scheme;
mod text;
mod transaction;
mod wallet;

use std::sync::Arc;

use serde_json::value::RawValue;

pub use account::{Account, AccountSnapshot, AccountTransaction, Balances, Event};
pub use ids::{AccountTransactionId, IdentityId, SchemeId, WalletAccountId, WalletId, WalletTransactionId};
pub use permission::{Permission, PermissionRule, permission};
pub use scheme::{Scheme, SchemeRef};
pub use text::{Label, Reference, Status};
pub use transaction::{
    Basket, Location, PointsResults, Summary, TransactionStatus, TransactionType, WalletTransaction,
};
pub use wallet::{Identity, Wallet};

/// JSON that is kept and shown as it came.
pub type Json = Arc<RawValue>;

/// JSON text as [`Json`]; `None` when it is no JSON, which our own column cannot hold.
pub fn json(text: String) -> Option<Json> {
    RawValue::from_string(text).ok().map(Arc::from)
}

/// Any serializable value as [`Json`].
pub fn to_json(value: &impl serde::Serialize) -> Option<Json> {
    serde_json::value::to_raw_value(value).ok().map(Arc::from)
}

/// What most answers and events need; a buffer that grows copies what it holds, again and again.
const TEXT_BYTES: usize = 4_096;

/// Any serializable value as text.
///
/// # Errors
/// When it has keys that are not text.
pub fn text_of(value: &impl serde::Serialize) -> Result<String, serde_json::Error> {
    let mut text = Vec::with_capacity(TEXT_BYTES);
    serde_json::to_writer(&mut text, value)?;
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

/// What an outcome leaves out: most figures of most transactions are zero, and a stored zero is read as one.
fn is_zero(figure: &i64) -> bool {
    *figure == 0
}

/// The settings of a brand that its answers show, and how long its locks last.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Brand {
    pub unit_id: String,
    pub unit_name: String,
    pub environment_type: String,
    pub subsystem_id: String,
    pub mobile_wallet_url: String,
    pub lock_seconds: i32,
    /// How long points live that a refund gives back to a lot that has expired meanwhile.
    pub refund_grace_days: i32,
}

impl Brand {
    /// A day: longer than any shopping trip, shorter than anyone waits for their points.
    pub const LOCK_SECONDS_DEFAULT: i32 = 86_400;

    /// A month: long enough for somebody to hear of a refund and come again.
    pub const REFUND_GRACE_DAYS_DEFAULT: i32 = 30;

    /// What a brand without settings has.
    pub fn default_for(brand: &str) -> Self {
        Self {
            unit_id: brand.to_owned(),
            unit_name: brand.to_owned(),
            environment_type: "production".to_owned(),
            subsystem_id: "wallet-spend".to_owned(),
            mobile_wallet_url: "https://wallet.example".to_owned(),
            lock_seconds: Self::LOCK_SECONDS_DEFAULT,
            refund_grace_days: Self::REFUND_GRACE_DAYS_DEFAULT,
        }
    }
}
