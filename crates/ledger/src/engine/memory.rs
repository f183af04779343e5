//! What a lane remembers of the accounts that it has moved, so that it need not lock and read them again.
//!
//! A remembered state is a guess: another process may have moved the account since. So it is confirmed by the write,
//! which moves a balance only from the very state that was decided on (posted, held and version), and otherwise fails
//! the whole batch. The batch then runs again under locks, and the lane distrusts its memory for a while.
//! The same goes for keys: a batch without locks takes them to be new, and storing its answers finds out.
//!
//! Only accounts without lots are remembered: of them posted, held and version are all the state there is.

use std::collections::HashMap;

use uuid::Uuid;
use zerosum_domain::{AccountId, BrandId};

use crate::book::{Account, Book};

/// Past it the lane forgets all of them and starts over: 100,000 accounts are some 20 MB.
const ACCOUNTS_MAX: usize = 100_000;
/// The most batches under locks after one whose memory was wrong.
const PENALTY_MAX: u32 = 64;

#[derive(Debug)]
pub(super) struct Memory {
    brands: HashMap<BrandId, HashMap<AccountId, Account>>,
    accounts: usize,
    /// How many of the next batches go under locks.
    distrust: u32,
    /// How many will, the next time that memory does not serve: a rare miss costs one rerun, and where other processes
    /// are at the same accounts, or a crowd of callers repeats its keys, locks cost less than reruns.
    penalty: u32,
    /// Batches since then that memory has served.
    streak: u32,
}

impl Default for Memory {
    fn default() -> Self {
        Self { brands: HashMap::new(), accounts: 0, distrust: 0, penalty: 1, streak: 0 }
    }
}

impl Memory {
    /// Whether the next batch may go without locks.
    pub fn is_trusted(&mut self) -> bool {
        let trusted = self.distrust == 0;
        self.distrust = self.distrust.saturating_sub(1);
        trusted
    }

    pub fn account(&self, brand: &BrandId, id: Uuid) -> Option<&Account> {
        self.brands.get(brand)?.get(&AccountId::new(id))
    }

    /// What a committed batch has left behind; `served` is whether it went without locks.
    pub fn learn<'a>(&mut self, books: impl Iterator<Item = (&'a BrandId, &'a Book)>, served: bool) {
        self.streak += u32::from(served);
        if self.streak > self.penalty {
            (self.penalty, self.streak) = ((self.penalty / 2).max(1), 0);
        }
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

    /// After a batch that memory did not serve, though nothing in it was wrong.
    pub fn doubt(&mut self) {
        self.distrust = self.penalty;
        self.penalty = (self.penalty * 2).min(PENALTY_MAX);
        self.streak = 0;
    }

    /// After a batch that was decided on something that was no longer so.
    pub fn distrust(&mut self) {
        self.forget();
        self.doubt();
    }
}
