//! What a command tells: one event, put into the outbox with its effect.
//!
//! Its envelope quotes request and response, 12 kB for a spend. Where a reference keeps the answer for ever, the row
//! holds what the answer does not say ([`tell`]), and the envelope is rendered from both when it is sent ([`rendered`]);
//! everything else is stored as it is sent ([`Told::emit`]). Both are made by the same functions.

mod envelope;
mod kept;
mod operations;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{case::Case, done::Done};
use crate::{
    model::{
        AccountSnapshot, AccountTransaction, Identity, PermissionRule, Scheme, Wallet, WalletTransaction,
        to_json,
    },
    view::{
        AccountShown, AccountView, AtxShown, AtxView, IdentityView, LocationShown, PermissionsView,
        SchemeView, WalletView, WtxView,
    },
};
use envelope::Facts;
pub use kept::rendered;
pub(super) use kept::tell;
pub(super) use operations::Beside;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Atomic {
    Create,
    Update,
}

impl Atomic {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AtomicOperation {
    object_type: &'static str,
    operation_type: &'static str,
    object_value: Option<std::sync::Arc<RawValue>>,
}

/// The operations of one event, in their order.
#[derive(Debug)]
pub(super) struct Told(Vec<AtomicOperation>);

impl Told {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    fn push(&mut self, object_type: &'static str, operation: Atomic, value: &impl Serialize) {
        self.0.push(AtomicOperation {
            object_type,
            operation_type: operation.as_str(),
            object_value: to_json(value),
        });
    }

    pub fn transaction(&mut self, transaction: &WalletTransaction, operation: Atomic) {
        self.transaction_at(transaction, operation, LocationShown::Stored);
    }

    pub fn transaction_at(
        &mut self,
        transaction: &WalletTransaction,
        operation: Atomic,
        location: LocationShown,
    ) {
        self.push("walletTransactionEntity", operation, &WtxView::of(transaction, location));
    }

    /// The purchase of a settle, which shows its identity in full.
    pub fn parent(&mut self, transaction: &WalletTransaction, identity: Option<&Identity>) {
        let view = WtxView::of(transaction, LocationShown::Stored).with_identity(identity);
        self.push("walletTransactionEntity", Atomic::Update, &view);
    }

    pub fn account_transaction(
        &mut self,
        transaction: &AccountTransaction,
        account: &AccountSnapshot,
        shown: AccountShown,
    ) {
        let view = AtxView::of(transaction, AtxShown::Event(account, shown));
        self.push("walletAccountTransactionEntity", Atomic::Update, &view);
    }

    pub fn permissions(&mut self, rules: &[PermissionRule], operation: Atomic) {
        self.push("permissionEntity", operation, &PermissionsView::of(rules));
    }

    pub fn wallet(&mut self, wallet: &Wallet, operation: Atomic) {
        self.push("walletEntity", operation, &WalletView::of(wallet));
    }

    pub fn identity(&mut self, identity: &Identity, operation: Atomic) {
        self.push("walletIdentityEntity", operation, &IdentityView::of(identity));
    }

    pub fn account(&mut self, account: &AccountSnapshot, operation: Atomic) {
        self.push("walletAccountEntity", operation, &AccountView::of(account, AccountShown::Read));
    }

    pub fn scheme(&mut self, scheme: &Scheme, operation: Atomic) {
        self.push("schemeEntity", operation, &SchemeView::of(scheme));
    }

    /// Puts the event into the outbox, as it is sent.
    pub fn emit(self, case: &mut Case<'_, '_>, name: &'static str, done: &Done) {
        let payload = Facts::of(case).envelope(name, done, self);
        case.book.emit(name, payload);
    }
}
