//! What a batch has read, wallet by wallet.

use std::sync::Arc;

use crate::{
    command::rows::{AccountRow, BrandRows, Fate},
    model::{Identity, IdentityId, WalletId, WalletTransaction},
};

/// A batch's rows in the order of their wallets; the accounts of one in that of their ids.
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;
    use zerosum_domain::AccountId;

    use super::*;
    use crate::model::{Account, WalletAccountId};

    const WALLETS: i64 = 6;

    fn wallet(id: i64) -> WalletId {
        WalletId::new(id).unwrap()
    }

    fn account(id: i64, wallet: i64) -> Account {
        let now = Timestamp::UNIX_EPOCH;
        serde_json::from_value(json!({
            "id": id.to_string(), "wallet": wallet.to_string(), "scheme": "1", "status": "ACTIVE",
            "state": "LOADED", "created_at": now, "updated_at": now,
        }))
        .unwrap()
    }

    fn identity(id: i64, wallet: i64) -> Identity {
        let now = Timestamp::UNIX_EPOCH;
        serde_json::from_value(json!({
            "id": id.to_string(), "wallet": wallet.to_string(), "kind": "CARD", "value": format!("card-{id}"),
            "status": "ACTIVE", "state": "DEFAULT", "created_at": now, "updated_at": now, "mobile_wallet": "",
        }))
        .unwrap()
    }

    fn transaction(id: i64, wallet: i64) -> WalletTransaction {
        let now = Timestamp::UNIX_EPOCH;
        serde_json::from_value(json!({
            "id": id.to_string(), "wallet": wallet.to_string(), "reference": format!("spend-{id}"),
            "kind": "SPEND", "status": "ACTIVE", "created_at": now, "updated_at": now,
        }))
        .unwrap()
    }

    proptest! {
        #[test]
        fn each_wallet_has_its_own_rows_and_all_of_them(of in prop::collection::vec(1..=WALLETS, 0..40)) {
            let mut rows = BrandRows::default();
            for (id, of) in (1_i64..).zip(&of) {
                let ledger = AccountId::new(uuid::Uuid::from_u64_pair(0, id.unsigned_abs()));
                let row = AccountRow::read(account(id, *of), ledger);
                rows.accounts.load(WalletAccountId::new(id).unwrap(), row);
                rows.load_identity(Arc::new(identity(id, *of)));
                rows.load_transaction(Arc::new(transaction(id, *of)));
                rows.known_identities.insert(
                    format!("named-{id}").into(),
                    (IdentityId::new(id).unwrap(), wallet(*of)),
                );
            }
            let found = Found::of(&rows);
            for one in 0..=WALLETS {
                let one = wallet(one + 1);
                let own: Vec<i64> = (1..).zip(&of).filter(|(_, of)| wallet(**of) == one).map(|(id, _)| id).collect();
                let part = found.of_wallet(one);
                let in_order = |mut ids: Vec<i64>| {
                    ids.sort_unstable();
                    ids
                };
                let accounts: Vec<i64> = part.accounts.iter().map(|(row, _)| row.account.id.get()).collect();
                prop_assert_eq!(&accounts, &own);
                prop_assert_eq!(&in_order(part.named.iter().map(|(_, id, _)| id.get()).collect()), &own);
                prop_assert_eq!(&in_order(part.identities.iter().map(|of| of.id.get()).collect()), &own);
                prop_assert_eq!(&in_order(part.transactions.iter().map(|of| of.id.get()).collect()), &own);
            }
        }
    }
}
