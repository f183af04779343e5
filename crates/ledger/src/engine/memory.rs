//! What a lane remembers of the accounts that it has moved, so that it need not lock and read them again.
//!
//! A remembered state is a guess: another process may have moved the account since. So it is confirmed by the write,
//! which moves a balance only from the very state that was decided on (posted, held and version), and otherwise fails
//! the whole batch. The batch then runs again under locks, and the lane distrusts its memory for a while.
//!
//! Only accounts without lots are remembered: of them posted, held and version are all the state there is.

use std::collections::HashMap;

use uuid::Uuid;
use zerosum_domain::{AccountId, BrandId};

use crate::book::{Account, Book};

/// Past it the lane forgets all of them and starts over: 100,000 accounts are some 20 MB.
const ACCOUNTS_MAX: usize = 100_000;
/// After a batch whose memory was wrong: other processes are at the same accounts, and locks cost less than reruns.
const DISTRUST_BATCHES: u32 = 64;

#[derive(Debug, Default)]
pub(super) struct Memory {
    brands: HashMap<BrandId, HashMap<AccountId, Account>>,
    accounts: usize,
    distrust: u32,
}

impl Memory {
    /// Whether the next batch may go without locks.
    pub fn is_trusted(&mut self) -> bool {
        self.distrust = self.distrust.saturating_sub(1);
        self.distrust == 0
    }

    pub fn account(&self, brand: &BrandId, id: Uuid) -> Option<&Account> {
        self.brands.get(brand)?.get(&AccountId::new(id))
    }

    /// What a committed batch has left behind.
    pub fn learn<'a>(&mut self, books: impl Iterator<Item = (&'a BrandId, &'a Book)>) {
        if self.accounts >= ACCOUNTS_MAX {
            self.forget();
        }
        for (brand, book) in books {
            let accounts = self.brands.entry(brand.clone()).or_default();
            for account in book.accounts().filter(|account| !account.keeps_lots) {
                if accounts.insert(account.id, account.committed()).is_none() {
                    self.accounts += 1;
                }
            }
        }
    }

    /// After a batch that did not commit, nothing is known.
    pub fn forget(&mut self) {
        self.brands.clear();
        self.accounts = 0;
    }

    /// After a batch that was decided on something that was no longer so.
    pub fn distrust(&mut self) {
        self.forget();
        self.distrust = DISTRUST_BATCHES;
    }
}
