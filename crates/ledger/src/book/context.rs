//! What a decision may know besides the books: one moment and a source of ids.

use jiff::Timestamp;
use rand::{RngCore, SeedableRng, rngs::StdRng};
use uuid::Uuid;

/// The moment of a batch, by the database's clock (read after its rows were locked, so that a later batch
/// of the same accounts has a later moment), and the ids that its commands take.
#[derive(Debug)]
pub struct Context<'a> {
    pub now: Timestamp,
    ids: &'a mut Ids,
}

impl<'a> Context<'a> {
    pub fn new(now: Timestamp, ids: &'a mut Ids) -> Self {
        Self { now, ids }
    }

    /// A fresh UUID v7 of this moment.
    pub fn id(&mut self) -> Uuid {
        self.ids.next(self.now)
    }
}

/// Makes UUID v7: 48 bits of milliseconds, then 74 random bits. Seeded, so that a test can repeat itself.
#[derive(Debug)]
pub struct Ids {
    random: StdRng,
    /// Ids of one source grow even within a millisecond: 42 counter bits sit above the random ones,
    /// restarted at random below half their range each millisecond, as RFC 9562 section 6.2 method 1 has it.
    millisecond: u64,
    counter: u64,
}

impl Ids {
    const COUNTER_BITS: u32 = 42;

    /// From the operating system's entropy.
    pub fn random() -> Self {
        Self::from(StdRng::from_os_rng())
    }

    /// The same ids again for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self::from(StdRng::seed_from_u64(seed))
    }

    fn from(random: StdRng) -> Self {
        Self { random, millisecond: 0, counter: 0 }
    }

    fn next(&mut self, now: Timestamp) -> Uuid {
        let millisecond = u64::try_from(now.as_millisecond()).unwrap_or(0);
        // A clock that steps back keeps the last millisecond, so that ids still grow.
        if millisecond > self.millisecond {
            self.millisecond = millisecond;
            self.counter = self.random.next_u64() >> (64 - (Self::COUNTER_BITS - 1));
        } else {
            self.counter += 1;
        }
        let random = u128::from(self.random.next_u32());
        let high12 = u128::from(self.counter >> (Self::COUNTER_BITS - 12)) & 0xfff;
        let low30 = u128::from(self.counter) & 0x3fff_ffff;
        let bits = u128::from(self.millisecond & 0xffff_ffff_ffff) << 80
            | 0x7 << 76
            | high12 << 64
            | 0b10 << 62
            | low30 << 32
            | random;
        Uuid::from_u128(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_grow_even_when_the_clock_does_not() {
        let mut ids = Ids::seeded(1);
        let now = Timestamp::from_millisecond(1_700_000_000_000).unwrap();
        let earlier = Timestamp::from_millisecond(1_600_000_000_000).unwrap();
        let made: Vec<Uuid> = (0..10_000).map(|n| ids.next(if n % 3 == 0 { earlier } else { now })).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(
            made.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122)
        );
    }
}
