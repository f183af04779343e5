//! What a command names, so that a batch can resolve, lock and read it, and how many ids it can need.

use super::{
    Action, Changed, Claim,
    ids::{Demand, Kind},
};
use crate::model::{SchemeId, WalletId};

/// Locks of one wallet that a command ends because they have run out: as many as the job ends with one look. Of a
/// wallet with more of them, so many at a time are ended before the command is decided; see [`super::crowd`].
pub(super) const LAPSED_MAX: usize = 200;
/// Locks that a command names and finds to have run out beside those of its wallets: a settle's children.
const NAMED_LAPSES_MAX: usize = 8;

/// What the commands of one brand name.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    pub identities: Vec<&'a str>,
    /// Those of them of which more is asked than whose they are.
    pub whole_identities: Vec<&'a str>,
    pub wallets: Vec<WalletId>,
    pub references: Vec<&'a str>,
    pub schemes: Vec<SchemeId>,
    pub scheme_references: Vec<&'a str>,
    /// References whose children are ended with them.
    pub parents: Vec<&'a str>,
    /// References whose account transactions are told again or taken back.
    pub retold: Vec<&'a str>,
    /// Wallets of which an identity is named by its id, and references of purchases that show theirs in full.
    pub of_identities: Vec<WalletId>,
    pub purchases: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub fn add(&mut self, action: &'a Action) {
        match action {
            Action::CreateScheme(create) => {
                self.scheme_references.extend(create.reference.as_ref().map(|reference| reference.as_str()));
            }
            Action::CreateWallet(create) => {
                create.identities.iter().for_each(|identity| self.whole_identity(&identity.value));
                self.schemes.extend(create.accounts.iter().flatten().map(|account| account.scheme));
            }
            Action::AddIdentity { wallet, identity } => {
                self.wallets.push(*wallet);
                self.whole_identity(&identity.value);
            }
            Action::AddAccount { wallet, account } => {
                self.wallets.push(*wallet);
                self.schemes.push(account.scheme);
            }
            Action::Adjust(adjust) => self.wallets.push(adjust.wallet),
            Action::Change(change) => {
                self.wallets.push(change.wallet);
                if matches!(change.what, Changed::Identity(_)) {
                    self.of_identities.push(change.wallet);
                }
            }
            Action::Open(open) => {
                self.whole_identity(&open.identity);
                self.references.push(open.reference.as_str());
            }
            Action::Spend(spend) => {
                self.identities.push(&spend.identity);
                self.references.push(spend.reference.as_str());
                self.references.extend(spend.parent.as_ref().map(|parent| parent.as_str()));
            }
            Action::Void(void) => {
                self.identities.push(&void.identity);
                self.references.push(void.reference.as_str());
                self.retold.push(void.reference.as_str());
            }
            Action::Settle(settle) => {
                settle.identity.iter().for_each(|identity| self.whole_identity(identity));
                self.wallets.extend(settle.wallet);
                self.references.push(settle.reference.as_str());
                self.purchases.push(settle.reference.as_str());
                self.references.extend(settle.children.iter().map(|child| child.reference.as_str()));
            }
            Action::Unlock(unlock) => {
                self.identities.push(&unlock.identity);
                self.references.push(unlock.reference.as_str());
                self.parents.push(unlock.reference.as_str());
            }
            Action::Refund(refund) => {
                self.references.push(refund.reference.as_str());
                self.references.push(refund.original.as_str());
                self.retold.push(refund.original.as_str());
            }
            // It names its brand.
            Action::Permit(_) => {}
            Action::Annotate { reference, .. } => {
                self.references.push(reference.as_str());
            }
            Action::EndLocks { wallet }
            | Action::ExpireLock { wallet, .. }
            | Action::ExpirePoints { wallet, .. } => self.wallets.push(*wallet),
        }
    }

    fn whole_identity(&mut self, value: &'a str) {
        self.identities.push(value);
        self.whole_identities.push(value);
    }
}

/// The ids that a command can need at most; `locks` are those of its wallets that may have run out.
pub(super) fn demand(action: &Action, locks: usize, demand: &mut Demand) {
    // What spends first ends the locks that have run out.
    let lapses = match action {
        Action::Spend(_)
        | Action::Settle(_)
        | Action::Adjust(_)
        | Action::Refund(_)
        | Action::EndLocks { .. } => locks + NAMED_LAPSES_MAX,
        _ => 0,
    };
    demand.add(Kind::AccountTransaction, lapses);
    match action {
        Action::CreateScheme(_) => demand.add(Kind::Scheme, 1),
        Action::CreateWallet(create) => {
            demand.add(Kind::Wallet, 1);
            demand.add(Kind::Identity, create.identities.len());
            demand.add(Kind::Account, create.accounts.as_ref().map_or(0, Vec::len));
        }
        Action::AddIdentity { .. } => demand.add(Kind::Identity, 1),
        Action::AddAccount { .. } => demand.add(Kind::Account, 1),
        Action::Adjust(_) => demand.add(Kind::AccountTransaction, 1),
        Action::Open(_) => demand.add(Kind::WalletTransaction, 1),
        Action::Spend(_) => {
            demand.add(Kind::WalletTransaction, 1);
            // The SPEND and what comes back at once.
            demand.add(Kind::AccountTransaction, 2);
        }
        Action::Void(_) | Action::ExpireLock { .. } | Action::ExpirePoints { .. } => {
            demand.add(Kind::AccountTransaction, 1);
        }
        Action::Settle(settle) => {
            demand.add(Kind::WalletTransaction, 1);
            // A child is an UNLOCK when it is late, a SPEND, and what comes back. A reference that names a spend is
            // its own child.
            demand.add(Kind::AccountTransaction, settle.gifts.len() + 3 * (settle.children.len() + 1));
        }
        Action::Unlock(_) => demand.add(Kind::AccountTransaction, super::unlock::CHILDREN_MAX),
        Action::Refund(_) => {
            demand.add(Kind::WalletTransaction, 1);
            // Of a spend: the EXPIRE of lots that are to live again, what comes back, what is taken back.
            demand.add(Kind::AccountTransaction, super::refund::GIFTS_MAX.max(3));
        }
        Action::Change(_) | Action::Annotate { .. } | Action::Permit(_) | Action::EndLocks { .. } => {}
    }
}

impl Claim {
    /// The only operation, when there is exactly one.
    pub(super) fn operation(&self) -> Option<&super::ClaimedOperation> {
        match self.operations.as_slice() {
            [operation] => Some(operation),
            _ => None,
        }
    }
}
