//! What accounting reads: the ledger, one brand at a time, through the ledger crate's pool, which is read only
//! and confined to the brand by the database itself. One round trip each; a list of transactions takes two.

mod account;
mod ledger;
mod page;
mod transaction;
mod trial_balance;

use zerosum_ledger::reads::{ReadError, Reads};

pub use account::AccountRow;
pub use ledger::LedgerRow;
pub use page::{Page, Window};
pub use transaction::{EntryRow, TransactionDetail, TransactionRow};
pub use trial_balance::Total;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    reads: Reads,
}

impl Store {
    pub fn new(reads: Reads) -> Self {
        Self { reads }
    }

    /// The pool, for what every service reads alike.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Whether the database answers now.
    pub async fn ready(&self) -> Result<(), ReadError> {
        self.reads.ready().await
    }
}
