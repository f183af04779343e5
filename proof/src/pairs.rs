//! Whether one thing makes another slower: the same load without it and with it, in turns, as pairs.
//!
//! Other work on the machine comes and goes in seconds and would be taken for the effect; it falls on both halves of
//! most pairs alike. So each pair gives a ratio, and the median of the ratios is judged. What really slows down does
//! so in every pair.

use std::time::Duration;

use crate::{Figure, Form, Run};

/// Of one load: the latency that 99 of 100 requests were within, and how many there were.
#[derive(Debug, Clone, Copy)]
pub struct P99 {
    pub latency: Duration,
    pub of: usize,
}

impl P99 {
    pub fn of(mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        let at = latencies.len() * 99 / 100;
        let latency = latencies.get(at).or(latencies.last()).copied().unwrap_or_default();
        Self { latency, of: latencies.len() }
    }
}

/// Loads without the thing and with it.
#[derive(Debug, Default)]
pub struct Pairs(Vec<(P99, P99)>);

impl Pairs {
    /// In the long form all are taken and judged at once. The short one takes more of them while the limit is passed:
    /// on a machine that is busy with something else, three pairs say little.
    const SHORT: usize = 3;
    const SHORT_MAX: usize = 9;
    const LONG: usize = 7;

    /// Whether another pair is to be taken.
    pub fn wants_more(&self, run: &Run, percent_max: u128) -> bool {
        match run.form {
            Form::Long { .. } => self.0.len() < Self::LONG,
            Form::Short => {
                self.0.len() < Self::SHORT
                    || (self.0.len() < Self::SHORT_MAX && self.median_percent() > percent_max)
            }
        }
    }

    pub fn add(&mut self, without: P99, with: P99) {
        self.0.push((without, with));
    }

    /// How many requests were measured.
    pub fn requests(&self) -> u64 {
        self.0.iter().map(|(without, with)| (without.of + with.of) as u64).sum()
    }

    /// Shows the figures, and finds fault if the median ratio is above the limit.
    pub fn judge(&self, figure: &mut Figure, what: &str, percent_max: u128) {
        let middle = |of: fn(&(P99, P99)) -> P99| {
            let mut latencies: Vec<u128> = self.0.iter().map(|pair| of(pair).latency.as_micros()).collect();
            latencies.sort_unstable();
            latencies.get(latencies.len() / 2).copied().unwrap_or_default()
        };
        let percent = self.median_percent();
        figure.see(
            format!("p99 without {what} and with it"),
            format!(
                "{} µs and {} µs in the median; median ratio {percent} % of {} pairs, {} requests",
                middle(|pair| pair.0),
                middle(|pair| pair.1),
                self.0.len(),
                self.requests()
            ),
        );
        figure.claim(percent <= percent_max, || {
            format!("p99 with {what} is {percent} % of that without it, at most {percent_max} % wanted")
        });
        figure.claim(self.0.iter().all(|(without, with)| without.of > 0 && with.of > 0), || {
            "a half of a pair measured nothing".to_owned()
        });
    }

    fn median_percent(&self) -> u128 {
        let percent = |(without, with): &(P99, P99)| {
            with.latency.as_micros() * 100 / without.latency.as_micros().max(1)
        };
        let mut all: Vec<u128> = self.0.iter().map(percent).collect();
        all.sort_unstable();
        // Of an even number, the worse of the two in the middle.
        all.get(all.len() / 2).copied().unwrap_or(u128::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(percents: &[u64]) -> Pairs {
        let p99 = |micros| P99 { latency: Duration::from_micros(micros), of: 100 };
        Pairs(percents.iter().map(|percent| (p99(100), p99(*percent))).collect())
    }

    fn findings(pairs: &Pairs, percent_max: u128) -> usize {
        let mut figure = Figure::begin(0, "", "");
        pairs.judge(&mut figure, "it", percent_max);
        figure.findings.len()
    }

    #[test]
    fn one_pair_that_was_disturbed_is_no_finding_and_a_slowdown_is() {
        assert_eq!(findings(&pairs(&[100, 900, 110]), 150), 0);
        assert_eq!(findings(&pairs(&[160, 170, 90]), 150), 1);
        assert_eq!(findings(&Pairs::default(), 150), 1);
    }

    #[test]
    fn the_99th_of_a_hundred_is_the_one_above_all_but_one() {
        let latencies = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(P99::of(latencies).latency, Duration::from_millis(100));
        assert_eq!(P99::of(vec![Duration::from_millis(7)]).latency, Duration::from_millis(7));
    }
}
