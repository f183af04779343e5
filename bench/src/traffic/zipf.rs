//! Zipf's law with exponent 1: the n-th account is asked for 1/n as often as the first. Integers only.

use rand::{Rng, rngs::SmallRng};

/// The weight of the first place; divided by a place it still tells 10,000 places apart.
const SCALE: u64 = 1 << 40;

/// Draws places from 0 to n − 1.
#[derive(Debug, Clone)]
pub struct Zipf {
    /// Running sums of the weights.
    sums: Vec<u64>,
}

impl Zipf {
    pub fn new(places: usize) -> Self {
        let mut sum = 0;
        let sums = (1_u64..)
            .take(places)
            .map(|place| {
                sum += SCALE / place;
                sum
            })
            .collect();
        Self { sums }
    }

    pub fn draw(&self, random: &mut SmallRng) -> usize {
        let Some(total) = self.sums.last() else { return 0 };
        let drawn = random.random_range(0..*total);
        self.sums.partition_point(|sum| *sum <= drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn the_first_place_comes_twice_as_often_as_the_second() {
        let zipf = Zipf::new(10_000);
        let mut random = SmallRng::seed_from_u64(1);
        let mut seen = vec![0_u32; 10_000];
        for _ in 0..200_000 {
            seen[zipf.draw(&mut random)] += 1;
        }
        // 1/H(10,000) = 0.102 of all draws.
        assert!((19_500..21_500).contains(&seen[0]), "{}", seen[0]);
        assert!((9_400..11_000).contains(&seen[1]), "{}", seen[1]);
        assert!(seen.iter().filter(|n| **n > 0).count() > 5_000);
    }
}
