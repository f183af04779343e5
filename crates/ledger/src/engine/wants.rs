//! What the commands of a batch name of the ledger: the accounts to lock and what to read with them.

use std::{collections::BTreeSet, sync::Arc};

use uuid::Uuid;
use zerosum_domain::{AccountId, BrandId, HoldId, TransactionId};

/// Filled by [`StateMachine::wants`](super::StateMachine::wants); every method names one thing.
/// Naming something twice, or something that does not exist, is fine.
#[derive(Debug, Default)]
pub struct Wants {
    brand: Option<BrandId>,
    pub(super) accounts: BTreeSet<(BrandId, Uuid)>,
    /// Those of them that keep no lots.
    pub(super) without_lots: BTreeSet<(BrandId, Uuid)>,
    pub(super) codes: BTreeSet<(BrandId, Arc<str>)>,
    pub(super) external_ids: BTreeSet<(BrandId, Arc<str>)>,
    pub(super) transactions: BTreeSet<(BrandId, Uuid)>,
    pub(super) holds: BTreeSet<(BrandId, Uuid)>,
    /// Holds of accounts that are named by themselves.
    pub(super) holds_of_named: BTreeSet<(BrandId, Uuid)>,
    pub(super) external_refs: BTreeSet<(BrandId, Arc<str>, Arc<str>)>,
}

impl Wants {
    pub(super) fn of(&mut self, brand: &BrandId) -> &mut Self {
        self.brand = Some(brand.clone());
        self
    }

    fn brand(&self) -> Option<BrandId> {
        self.brand.clone()
    }

    /// An account by its id.
    pub fn account(&mut self, id: AccountId) {
        self.accounts.extend(self.brand().map(|brand| (brand, id.uuid())));
    }

    /// An account by its id of which the machine knows that it keeps no lots: none are looked for.
    pub fn account_without_lots(&mut self, id: AccountId) {
        self.account(id);
        self.without_lots.extend(self.brand().map(|brand| (brand, id.uuid())));
    }

    /// An account by the name that a rule gave it. It need not exist yet.
    pub fn code(&mut self, code: impl Into<Arc<str>>) {
        self.codes.extend(self.brand().map(|brand| (brand, code.into())));
    }

    /// An account by the name that a caller gave it. It need not exist yet.
    pub fn external_id(&mut self, external_id: impl Into<Arc<str>>) {
        self.external_ids.extend(self.brand().map(|brand| (brand, external_id.into())));
    }

    /// A posted transaction, its accounts, and the lots that it moved.
    pub fn transaction(&mut self, id: TransactionId) {
        self.transactions.extend(self.brand().map(|brand| (brand, id.uuid())));
    }

    /// A hold and its account.
    pub fn hold(&mut self, id: HoldId) {
        self.holds.extend(self.brand().map(|brand| (brand, id.uuid())));
    }

    /// A hold whose account is named by its id, so that it need not be looked for.
    pub fn hold_of_named(&mut self, id: HoldId) {
        self.holds_of_named.extend(self.brand().map(|brand| (brand, id.uuid())));
    }

    /// Whether a transaction of this type carries this business reference already.
    pub fn external_ref(&mut self, kind: impl Into<Arc<str>>, external_ref: impl Into<Arc<str>>) {
        self.external_refs.extend(self.brand().map(|brand| (brand, kind.into(), external_ref.into())));
    }

    /// Whether every account is named by its id, which a simpler statement locks.
    pub(super) fn locks_by_id(&self) -> bool {
        self.codes.is_empty()
            && self.external_ids.is_empty()
            && self.transactions.is_empty()
            && self.holds.is_empty()
    }

    /// The accounts that are named by id and may keep lots.
    pub(super) fn with_lots(&self) -> impl Iterator<Item = &(BrandId, Uuid)> {
        self.accounts.iter().filter(|account| !self.without_lots.contains(account))
    }

    /// Whether all of it is named in a way that a lane remembers.
    pub(super) fn can_be_remembered(&self) -> bool {
        self.external_ids.is_empty() && self.transactions.is_empty() && self.holds.is_empty()
    }

    /// What another names, too.
    pub(super) fn add(&mut self, other: Self) {
        self.accounts.extend(other.accounts);
        self.without_lots.extend(other.without_lots);
        self.codes.extend(other.codes);
        self.external_ids.extend(other.external_ids);
        self.transactions.extend(other.transactions);
        self.holds.extend(other.holds);
        self.holds_of_named.extend(other.holds_of_named);
        self.external_refs.extend(other.external_refs);
    }
}
