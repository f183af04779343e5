//! The books as the checkers look at them: plain rows.

use std::collections::BTreeMap;

use tokio_postgres::{Client, Error};

use crate::history::Kept;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    pub brand: String,
    pub account: String,
    pub version: i64,
    pub amount: i64,
    pub balance_after: i64,
    pub transaction: String,
}

/// A transaction, and the key that asked for it: the workloads write the key into the memo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    pub brand: String,
    pub key: String,
    pub transaction: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountLimits {
    pub floor: Option<i64>,
    pub ceiling: Option<i64>,
}

#[derive(Debug, Clone, Default)]
pub struct Books {
    /// By brand, account and version.
    pub entries: Vec<EntryRow>,
    pub effects: Vec<Effect>,
    pub limits: BTreeMap<(String, String), AccountLimits>,
}

impl Books {
    /// Reads all of it. Transactions without a memo were made by the test's own preparation.
    pub async fn read(client: &Client) -> Result<Self, Error> {
        let entries =
            "select brand_id, account_id::text, version, amount, balance_after, transaction_id::text
               from ledger.entries join ledger.brands using (brand_key) order by brand_id, account_id, version";
        let effects = "select brand_id, memo, transaction_id::text
               from ledger.transactions join ledger.brands using (brand_key) where memo is not null";
        let limits = "select brand_id, account_id::text, floor, ceiling from ledger.balances join ledger.brands using (brand_key)";
        let rows = client.query(entries, &[]).await?;
        let entries = rows.iter().map(|row| {
            Ok(EntryRow {
                brand: row.try_get(0)?,
                account: row.try_get(1)?,
                version: row.try_get(2)?,
                amount: row.try_get(3)?,
                balance_after: row.try_get(4)?,
                transaction: row.try_get(5)?,
            })
        });
        let entries = entries.collect::<Result<_, Error>>()?;
        let rows = client.query(effects, &[]).await?;
        let effects = rows.iter().map(|row| {
            Ok(Effect { brand: row.try_get(0)?, key: row.try_get(1)?, transaction: row.try_get(2)? })
        });
        let effects = effects.collect::<Result<_, Error>>()?;
        let rows = client.query(limits, &[]).await?;
        let limits = rows.iter().map(|row| {
            let limits = AccountLimits { floor: row.try_get(2)?, ceiling: row.try_get(3)? };
            Ok(((row.try_get(0)?, row.try_get(1)?), limits))
        });
        let limits = limits.collect::<Result<_, Error>>()?;
        Ok(Self { entries, effects, limits })
    }

    /// The entries of each account, in the order of their versions.
    pub fn by_account(&self) -> BTreeMap<(&str, &str), Vec<&EntryRow>> {
        let mut accounts: BTreeMap<(&str, &str), Vec<&EntryRow>> = BTreeMap::new();
        for entry in &self.entries {
            accounts.entry((&entry.brand, &entry.account)).or_default().push(entry);
        }
        accounts
    }

    /// Writes into the history what an answer does not say: the paying account's version and balance.
    pub fn resolve(&self, history: &mut Kept) {
        let by_name: BTreeMap<(&str, &str, &str), &EntryRow> = self
            .entries
            .iter()
            .map(|entry| ((&*entry.brand, &*entry.transaction, &*entry.account), entry))
            .collect();
        for operation in &mut history.operations {
            let Some(transaction) = &operation.transaction else { continue };
            if let Some(entry) = by_name.get(&(&*operation.brand, &**transaction, &*operation.account)) {
                operation.version = Some(entry.version);
                operation.balance_after = Some(entry.balance_after);
            }
        }
    }
}
