//! A list of ready requests, sent once each: for setting up. What their answers said is kept.

use std::sync::{Arc, Mutex, PoisonError};

use super::Traffic;
use crate::http::Answer;

/// Bodies of the answers, in no order.
pub type Kept = Arc<Mutex<Vec<Vec<u8>>>>;

/// See the module's documentation.
pub struct Steps {
    requests: std::vec::IntoIter<Vec<u8>>,
    kept: Kept,
}

impl Steps {
    /// The requests dealt out to `callers` callers, and where the bodies of their answers will be.
    pub fn deal(requests: Vec<Vec<u8>>, callers: usize) -> (Vec<Box<dyn Traffic>>, Kept) {
        let kept = Kept::default();
        let mut hands: Vec<Vec<Vec<u8>>> = vec![Vec::new(); callers.max(1)];
        for (place, request) in requests.into_iter().enumerate() {
            hands[place % callers.max(1)].push(request);
        }
        let steps = |requests: Vec<Vec<u8>>| -> Box<dyn Traffic> {
            Box::new(Self { requests: requests.into_iter(), kept: kept.clone() })
        };
        (hands.into_iter().map(steps).collect(), kept)
    }
}

impl Traffic for Steps {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        *request = self.requests.next()?;
        Some(0)
    }

    fn answered(&mut self, answer: Answer<'_>) -> Option<u64> {
        if !answer.is_success() {
            return None;
        }
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(answer.body.to_vec());
        Some(1)
    }
}
