//! Decimal ids, taken from their sequences in blocks and handed to batches in ranges.
//!
//! A batch takes as many as its commands can need before it decides, so that deciding stays pure; what is left
//! goes back. An id that a rolled-back batch took is not used again, so ids have gaps.

use std::{
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use zerosum_domain::Invalid;

/// What one `nextval` gives; the sequences step by it.
pub(super) const BLOCK: i64 = 1_000;

/// The sequences, in the order of [`Kind`].
pub(super) const SEQUENCES: [&str; Kind::COUNT] = [
    "wallet.scheme_ids",
    "wallet.wallet_ids",
    "wallet.identity_ids",
    "wallet.account_ids",
    "wallet.wallet_transaction_ids",
    "wallet.account_transaction_ids",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scheme,
    Wallet,
    Identity,
    Account,
    WalletTransaction,
    AccountTransaction,
}

impl Kind {
    pub const COUNT: usize = 6;

    const fn at(self) -> usize {
        match self {
            Self::Scheme => 0,
            Self::Wallet => 1,
            Self::Identity => 2,
            Self::Account => 3,
            Self::WalletTransaction => 4,
            Self::AccountTransaction => 5,
        }
    }
}

/// How many ids of each kind a batch can need.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Demand([i64; Kind::COUNT]);

impl Demand {
    pub fn add(&mut self, kind: Kind, count: usize) {
        self.0[kind.at()] += i64::try_from(count).unwrap_or(i64::MAX);
    }
}

type Ranges = [Vec<Range<i64>>; Kind::COUNT];

/// The process's stock of ids.
#[derive(Debug, Clone, Default)]
pub(super) struct Stock(Arc<Mutex<Ranges>>);

impl Stock {
    /// A poisoned stock is still a stock: a range is moved whole or not at all.
    fn lock(&self) -> MutexGuard<'_, Ranges> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is there towards the demand; answers how many blocks of each kind are missing.
    pub fn take(&self, demand: Demand) -> (Ids, [i64; Kind::COUNT]) {
        let mut taken = Ranges::default();
        let mut missing = [0; Kind::COUNT];
        let mut stock = self.lock();
        for (at, wanted) in demand.0.into_iter().enumerate() {
            let mut have = 0;
            while have < wanted {
                let Some(range) = stock[at].pop() else { break };
                have += range.end - range.start;
                taken[at].push(range);
            }
            missing[at] = ((wanted - have).max(0) + BLOCK - 1) / BLOCK;
        }
        drop(stock);
        (Ids { ranges: taken, home: self.clone() }, missing)
    }
}

/// The ids of one batch. What is left when the batch is over goes back to the stock.
#[derive(Debug, Default)]
pub(super) struct Ids {
    ranges: Ranges,
    home: Stock,
}

impl Drop for Ids {
    fn drop(&mut self) {
        let mut stock = self.home.lock();
        for (at, ranges) in self.ranges.iter_mut().enumerate() {
            stock[at].extend(ranges.drain(..).filter(|range| !range.is_empty()));
        }
    }
}

impl Ids {
    /// Adds a block that a sequence gave.
    pub fn add(&mut self, at: usize, first: i64) {
        if let Some(ranges) = self.ranges.get_mut(at) {
            ranges.insert(0, first..first + BLOCK);
        }
    }

    /// The next id. The batch took enough for all its commands; running out is a fault of ours, and the engine
    /// answers it as one.
    pub fn next<T>(&mut self, kind: Kind, id: impl Fn(i64) -> Result<T, Invalid>) -> T {
        let ranges = &mut self.ranges[kind.at()];
        while let Some(range) = ranges.last_mut() {
            match range.next().map(&id) {
                Some(Ok(id)) => return id,
                Some(Err(_)) | None => {
                    ranges.pop();
                }
            }
        }
        unreachable!("a batch takes the ids of its commands before it decides them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WalletId;

    #[test]
    fn what_a_batch_leaves_goes_to_the_next_one() {
        let stock = Stock::default();
        let mut demand = Demand::default();
        demand.add(Kind::Wallet, 3);
        let (mut ids, missing) = stock.take(demand);
        assert_eq!(missing[1], 1);
        ids.add(1, 5_000);
        let first = ids.next(Kind::Wallet, WalletId::new);
        assert_eq!(first.get(), 5_000);
        drop(ids);
        let (mut ids, missing) = stock.take(demand);
        assert_eq!(missing, [0; Kind::COUNT]);
        assert_eq!(ids.next(Kind::Wallet, WalletId::new).get(), 5_001);
    }

    #[test]
    fn a_demand_beyond_a_block_takes_several() {
        let mut demand = Demand::default();
        demand.add(Kind::AccountTransaction, 2_001);
        let (_, missing) = Stock::default().take(demand);
        assert_eq!(missing[5], 3);
    }
}
