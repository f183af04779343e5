//! Several traffics of one caller, in given shares.

use rand::{Rng, SeedableRng as _, rngs::SmallRng};

use super::Traffic;
use crate::http::Answer;

/// Draws the traffic of each next request.
pub struct Mix {
    /// Each with its weight.
    parts: Vec<(u32, Box<dyn Traffic>)>,
    current: usize,
    random: SmallRng,
}

impl Mix {
    pub fn new(parts: Vec<(u32, Box<dyn Traffic>)>) -> Self {
        Self { parts, current: 0, random: SmallRng::from_os_rng() }
    }
}

impl Traffic for Mix {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        let total: u32 = self.parts.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.random.random_range(0..total);
        for (place, (weight, traffic)) in self.parts.iter_mut().enumerate() {
            if drawn < *weight {
                self.current = place;
                return traffic.next(request);
            }
            drawn -= *weight;
        }
        None
    }

    fn answered(&mut self, answer: Answer<'_>) -> Option<u64> {
        self.parts[self.current].1.answered(answer)
    }
}
