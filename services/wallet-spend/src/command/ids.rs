//! Decimal ids, taken from their sequences in blocks and handed to batches in ranges.
//!
//! A batch takes as many as its commands can need before it decides, so that deciding stays pure; what is left
//! goes back. An id that a rolled-back batch took is not used again, so ids have gaps.

use std::{
    cmp::Reverse,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use zerosum_domain::Invalid;

/// What one `nextval` gives; the sequences step by it.
pub(super) const BLOCK: i64 = 1_000;
/// Blocks that are taken beyond what is missing: a batch that is decided on memory cannot take any.
const SPARE: i64 = 8;

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

/// Of each kind, the lowest last: it is used first, so that what is made later has a higher id.
type Ranges = [Vec<Range<i64>>; Kind::COUNT];

/// The process's stock of ids.
#[derive(Debug, Clone, Default)]
pub(super) struct Stock(Arc<Mutex<Ranges>>);

impl Stock {
    /// A poisoned stock is still a stock: a range is moved whole or not at all.
    fn lock(&self) -> MutexGuard<'_, Ranges> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is there towards the demand, the lowest first; answers how many blocks of each kind are missing.
    pub fn take(&self, demand: Demand) -> (Ids, [i64; Kind::COUNT]) {
        let mut taken = Ranges::default();
        let mut missing = [0; Kind::COUNT];
        let mut stock = self.lock();
        for (at, wanted) in demand.0.into_iter().enumerate() {
            let mut have = 0;
            while have < wanted {
                let Some(range) = stock[at].pop() else { break };
                // The rest is for the batches that other lanes decide meanwhile.
                let until = range.end.min(range.start + (wanted - have));
                have += until - range.start;
                if until < range.end {
                    stock[at].push(until..range.end);
                }
                taken[at].insert(0, range.start..until);
            }
            missing[at] = blocks(wanted - have);
        }
        drop(stock);
        (Ids { ranges: taken, home: self.clone() }, missing)
    }

    /// How many blocks of each kind are missing for the demand. Takes nothing: whoever comes first has the lowest.
    pub fn lack(&self, demand: Demand) -> (Ids, [i64; Kind::COUNT]) {
        let stock = self.lock();
        let mut missing = [0; Kind::COUNT];
        for (at, wanted) in demand.0.into_iter().enumerate() {
            let have: i64 = stock[at].iter().map(|range| range.end - range.start).sum();
            missing[at] = blocks(wanted - have);
        }
        drop(stock);
        (Ids { ranges: Ranges::default(), home: self.clone() }, missing)
    }
}

/// The blocks that give so many ids, and some to spare.
fn blocks(short: i64) -> i64 {
    if short <= 0 { 0 } else { (short + BLOCK - 1) / BLOCK + SPARE }
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
            let stock = &mut stock[at];
            stock.extend(ranges.drain(..).filter(|range| !range.is_empty()));
            stock.sort_unstable_by_key(|range| Reverse(range.start));
            // What was one is one again.
            stock.dedup_by(|lower, upper| {
                let is_next = lower.end == upper.start;
                if is_next {
                    upper.start = lower.start;
                }
                is_next
            });
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
        assert_eq!(missing[1], 1 + SPARE);
        ids.add(1, 5_000);
        let first = ids.next(Kind::Wallet, WalletId::new);
        assert_eq!(first.get(), 5_000);
        drop(ids);
        let (mut ids, missing) = stock.take(demand);
        assert_eq!(missing, [0; Kind::COUNT]);
        assert_eq!(ids.next(Kind::Wallet, WalletId::new).get(), 5_001);
    }

    #[test]
    fn ids_rise_whatever_was_taken_and_given_back() {
        let stock = Stock::default();
        let mut demand = Demand::default();
        demand.add(Kind::Wallet, 10);
        let (mut ids, missing) = stock.take(demand);
        for block in 0..missing[1] {
            ids.add(1, 5_000 + 3 * BLOCK * block);
        }
        drop(ids);
        let mut last = 0;
        for round in 0..900 {
            let (mut ids, missing) = stock.take(demand);
            assert_eq!(missing, [0; Kind::COUNT]);
            let (_looks, lacks) = stock.lack(demand);
            assert_eq!(lacks, [0; Kind::COUNT]);
            for _ in 0..=round % 3 {
                let id = ids.next(Kind::Wallet, WalletId::new).get();
                assert!(id > last, "{id} after {last}");
                last = id;
            }
        }
        assert_eq!(stock.lock()[1].len(), 8, "one of the nine blocks is used up, and none is in pieces");
    }

    #[test]
    fn a_demand_beyond_a_block_takes_several() {
        let mut demand = Demand::default();
        demand.add(Kind::AccountTransaction, 2_001);
        let (_, missing) = Stock::default().take(demand);
        assert_eq!(missing[5], 3 + SPARE);
    }
}
