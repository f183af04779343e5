//! What an account transaction says beside its points.

use crate::model::{AccountTransactionId, Json, WalletTransactionId};

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub(super) struct Note {
    pub parent: Option<AccountTransactionId>,
    pub wallet_transaction: Option<WalletTransactionId>,
    /// As `view` keeps them.
    pub details: Option<Json>,
}
