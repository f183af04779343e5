//! One seed makes a whole run: its operations and its faults.
//!
//! Threads and the network still interleave as they please; what a seed repeats is every choice that the test makes.
//! A run that fails prints its seed, and a seed that failed once is kept with the test that it failed.

use std::{fmt, time::Duration};

use rand::{Rng, SeedableRng, rngs::SmallRng};

use crate::proxy::{CommitFault, ConnectionFault, Script, Way};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Seed {
    /// Choices of one part of a run, which no other part's choices shift.
    pub fn stream(self, part: &str) -> SmallRng {
        // FNV-1a: the same number on every machine and with every compiler, unlike the standard library's hash.
        let mixed = part.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ self.0, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        SmallRng::seed_from_u64(mixed)
    }

    /// Says the seed if the test panics while this is alive.
    pub fn guard(self, test: &'static str) -> Guard {
        Guard { seed: self, test }
    }
}

#[derive(Debug)]
pub struct Guard {
    seed: Seed,
    test: &'static str,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{} failed with seed {}: keep it as a case", self.test, self.seed);
        }
    }
}

/// Faults of the network by chance: one of so many commits, and one of so many connections, meets something.
#[derive(Debug)]
pub struct Chance {
    random: SmallRng,
    odds: Odds,
}

#[derive(Debug, Clone, Copy)]
pub struct Odds {
    pub commits: u32,
    pub connections: u32,
}

impl Chance {
    pub fn new(seed: Seed, part: &str, odds: Odds) -> Self {
        Self { random: seed.stream(part), odds }
    }

    fn spares(&mut self, one_in: u32) -> bool {
        self.random.random_range(0..one_in.max(1)) > 0
    }
}

/// A late acknowledgement that is still in time, and one that is not (a batch waits 2.5 s for a round trip).
const LATE: [Duration; 2] = [Duration::from_millis(30), Duration::from_millis(3_000)];

impl Script for Chance {
    fn commit(&mut self, _number: u64) -> CommitFault {
        if self.spares(self.odds.commits) {
            return CommitFault::Pass;
        }
        match self.random.random_range(0..100) {
            0..30 => CommitFault::CutBefore,
            30..60 => CommitFault::CutAfter,
            60..80 => CommitFault::CutBlind,
            80..98 => CommitFault::Delay(LATE[0]),
            _ => CommitFault::Delay(LATE[1]),
        }
    }

    fn connection(&mut self, _number: u64) -> ConnectionFault {
        if self.spares(self.odds.connections) {
            return ConnectionFault::Pass;
        }
        let way = if self.random.random() { Way::ToServer } else { Way::ToClient };
        // Logging in and preparing the statements takes about 10 KiB, so this ends in it and after it.
        let bytes = self.random.random_range(1..60_000);
        match self.random.random_range(0..3) {
            0 => ConnectionFault::Refuse,
            1 => ConnectionFault::ResetAfter { way, bytes },
            _ => ConnectionFault::HalfCloseAfter { way, bytes },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_faults_again_and_another_makes_others() {
        let faults = |seed| {
            let mut chance = Chance::new(Seed(seed), "network", Odds { commits: 3, connections: 3 });
            (0..100).map(|number| (chance.commit(number), chance.connection(number))).collect::<Vec<_>>()
        };
        assert_eq!(faults(1), faults(1));
        assert_ne!(faults(1), faults(2));
    }
}
