//! What a batch has read, wallet by wallet.

use std::sync::Arc;

use crate::{
    command::rows::{AccountRow, BrandRows, Fate},
    model::{Identity, IdentityId, WalletId, WalletTransaction},
};

/// A batch's rows in the order of their wallets, an account's in that of their ids.
pub(super) struct Found<'a> {
    named: Vec<(&'a Arc<str>, IdentityId, WalletId)>,
    identities: Vec<&'a Arc<Identity>>,
    accounts: Vec<(&'a AccountRow, Fate)>,
    transactions: Vec<&'a Arc<WalletTransaction>>,
}

/// Those of one wallet.
pub(super) struct OfWallet<'a> {
    pub named: &'a [(&'a Arc<str>, IdentityId, WalletId)],
    pub identities: &'a [&'a Arc<Identity>],
    pub accounts: &'a [(&'a AccountRow, Fate)],
    pub transactions: &'a [&'a Arc<WalletTransaction>],
}

impl<'a> Found<'a> {
    pub fn of(rows: &'a BrandRows) -> Self {
        let named = rows.known_identities.iter().map(|(value, (id, wallet))| (value, *id, *wallet));
        let mut found = Self {
            named: named.collect(),
            identities: rows.identities.values().collect(),
            accounts: rows.accounts.fates().map(|(row, fate)| (row, *fate)).collect(),
            transactions: rows.transactions.values().collect(),
        };
        found.named.sort_unstable_by_key(|(_, _, wallet)| *wallet);
        found.identities.sort_unstable_by_key(|identity| identity.wallet);
        found.accounts.sort_unstable_by_key(|(row, _)| (row.account.wallet, row.account.id));
        found.transactions.sort_unstable_by_key(|transaction| transaction.wallet);
        found
    }

    pub fn of_wallet(&self, wallet: WalletId) -> OfWallet<'_> {
        OfWallet {
            named: part(&self.named, wallet, |(_, _, wallet)| *wallet),
            identities: part(&self.identities, wallet, |identity| identity.wallet),
            accounts: part(&self.accounts, wallet, |(row, _)| row.account.wallet),
            transactions: part(&self.transactions, wallet, |transaction| transaction.wallet),
        }
    }
}

/// The rows of a wallet among rows that stand in the order of their wallets.
fn part<T>(rows: &[T], wallet: WalletId, of: impl Fn(&T) -> WalletId) -> &[T] {
    let from = rows.partition_point(|row| of(row) < wallet);
    let rows = rows.get(from..).unwrap_or_default();
    let to = rows.partition_point(|row| of(row) == wallet);
    rows.get(..to).unwrap_or_default()
}
