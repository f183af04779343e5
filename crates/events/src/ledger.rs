//! The events of a ledger transaction: one for the transaction, one for each account whose balance it changed.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

/// `accounting.transaction.posted.v1`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransactionPosted {
    pub transaction_id: Uuid,
    pub r#type: String,
    pub external_ref: Option<String>,
    pub entries: Vec<TransactionPostedEntry>,
    pub posted_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransactionPostedEntry {
    pub account_id: Uuid,
    pub amount_cents: i64,
    pub memo: Option<String>,
}

/// `accounting.balance.changed.v1`
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BalanceChanged {
    pub account_id: Uuid,
    pub party_type: Option<String>,
    pub party_id: Option<String>,
    pub previous_balance_cents: i64,
    pub new_balance_cents: i64,
    pub transaction_id: Uuid,
    pub changed_at: Timestamp,
}

/// An entry as its events are rendered from it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub account_id: Uuid,
    pub amount: i64,
    pub balance_after: i64,
    pub memo: Option<String>,
    pub party_type: Option<String>,
    pub party_id: Option<String>,
}

/// One event for each account, in the order of its first entry. Entries come in line order, so an account's first one
/// tells the balance before and its last one the balance after.
pub(crate) fn balances_changed(
    transaction_id: Uuid,
    changed_at: Timestamp,
    entries: &[Entry],
) -> Vec<BalanceChanged> {
    let mut changes: Vec<BalanceChanged> = Vec::with_capacity(entries.len());
    for entry in entries {
        match changes.iter_mut().find(|change| change.account_id == entry.account_id) {
            Some(change) => change.new_balance_cents = entry.balance_after,
            None => changes.push(BalanceChanged {
                account_id: entry.account_id,
                party_type: entry.party_type.clone(),
                party_id: entry.party_id.clone(),
                // It was this once, so it fits.
                previous_balance_cents: entry.balance_after.saturating_sub(entry.amount),
                new_balance_cents: entry.balance_after,
                transaction_id,
                changed_at,
            }),
        }
    }
    changes
}
