//! Reads: one of many addresses, at random.

use std::sync::Arc;

use rand::{Rng, SeedableRng as _, rngs::SmallRng};

use super::Traffic;
use crate::http::Head;

/// GET of a random one of `paths`.
pub struct Reads {
    head: Head,
    paths: Arc<Vec<String>>,
    random: SmallRng,
    target: usize,
}

impl Reads {
    pub fn new(head: Head, paths: Arc<Vec<String>>, target: usize) -> Self {
        Self { head, paths, random: SmallRng::from_os_rng(), target }
    }
}

impl Traffic for Reads {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        let path = &self.paths[self.random.random_range(0..self.paths.len())];
        self.head.get(path, request);
        Some(self.target)
    }
}
