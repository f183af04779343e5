//! What was measured: a table as it comes, and everything as JSON.

mod goals;
mod machine;

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

pub use goals::Goal;
pub use machine::Machine;

use crate::{cpu::Cores, host::Memory, scenario::Scenario, serve::Service, stage::Cost};

/// One run, or the median of several.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Figures {
    /// Units of work: transactions, spends, answers.
    pub per_second: u64,
    pub requests_per_second: u64,
    pub p50_us: u64,
    pub p99_us: u64,
    pub p999_us: u64,
    pub max_us: u64,
}

impl Figures {
    /// Figure by figure, so that one strange run disturbs none of them. Of the two in the middle of an even number of
    /// runs, the worse: the lower rate, the longer time.
    pub fn median(runs: &[Self]) -> Self {
        let sorted = |field: fn(&Self) -> u64| {
            let mut all: Vec<u64> = runs.iter().map(field).collect();
            all.sort_unstable();
            all
        };
        let of = |field| {
            let all = sorted(field);
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        let rate = |field| {
            let all = sorted(field);
            all.get(all.len().saturating_sub(1) / 2).copied().unwrap_or_default()
        };
        Self {
            per_second: rate(|run| run.per_second),
            requests_per_second: rate(|run| run.requests_per_second),
            p50_us: of(|run| run.p50_us),
            p99_us: of(|run| run.p99_us),
            p999_us: of(|run| run.p999_us),
            max_us: of(|run| run.max_us),
        }
    }
}

/// One load on one scenario.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    pub scenario: Scenario,
    pub connections: usize,
    /// Requests a second of an open loop; none in a closed one.
    pub open_loop_rate: Option<u64>,
    pub median: Figures,
    pub runs: Vec<Figures>,
    pub errors: BTreeMap<String, u64>,
    pub commands_per_commit: Option<u64>,
    pub cost: Option<Cost>,
    pub cores: Option<Cores>,
    pub memory: Vec<(Service, Memory)>,
    /// What verifying the books said after it.
    pub verified: Option<String>,
}

impl Line {
    /// Runs below a peak, each with the peak that it goes by, as one line: the figures of all the runs, and the errors of
    /// the peaks too; what the runs cost is the last one's.
    pub fn below_peaks(rounds: Vec<(Self, Self)>) -> Option<Self> {
        let (peaks, mut rounds): (Vec<Self>, Vec<Self>) = rounds.into_iter().unzip();
        let mut line = rounds.pop()?;
        let later = std::mem::take(&mut line.runs);
        line.runs = rounds.iter().flat_map(|round| &round.runs).copied().chain(later).collect();
        line.median = Figures::median(&line.runs);
        for (error, count) in peaks.iter().chain(&rounds).flat_map(|line| &line.errors) {
            *line.errors.entry(error.clone()).or_default() += count;
        }
        let mut rates: Vec<u64> =
            rounds.iter().filter_map(|round| round.open_loop_rate).chain(line.open_loop_rate).collect();
        rates.sort_unstable();
        line.open_loop_rate = rates.get(rates.len() / 2).copied();
        Some(line)
    }

    pub const HEADING: &str = "scenario             conn         /s   p50 ms   p99 ms p99.9 ms errors batch  WAL B disk B  HOT % RSS MiB  cores: service, postgres, load";

    /// The largest peak of its services, in KiB.
    pub fn memory_peak_kib(&self) -> Option<u64> {
        self.memory.iter().map(|(_, memory)| memory.peak_kib).max()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { per_second, p50_us, p99_us, p999_us, .. } = self.median;
        let rate = if self.open_loop_rate.is_some() { "*" } else { " " };
        write!(
            f,
            "{:<18} {:>6} {per_second:>9}{rate} {:>8} {:>8} {:>8} {:>6} {:>5}",
            self.scenario.name(),
            self.connections,
            millis(p50_us),
            millis(p99_us),
            millis(p999_us),
            self.errors.values().sum::<u64>(),
            or_dash(self.commands_per_commit),
        )?;
        let cost = self.cost.as_ref();
        write!(
            f,
            " {:>6} {:>6} {:>6} {:>7}  {}",
            or_dash(cost.map(|cost| cost.wal_bytes_each)),
            or_dash(cost.map(|cost| cost.disk_bytes_each)),
            or_dash(cost.and_then(|cost| cost.hot_per_mille).map(tenths)),
            or_dash(self.memory_peak_kib().map(|kib| kib / 1024)),
            or_dash(self.cores),
        )
    }
}

fn millis(micros: u64) -> String {
    format!("{}.{:02}", micros / 1000, micros % 1000 / 10)
}

fn tenths(per_mille: i64) -> String {
    format!("{}.{}", per_mille / 10, per_mille % 10)
}

fn or_dash(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_of_each_figure() {
        let run = |per_second, p99_us| Figures { per_second, p99_us, ..Figures::default() };
        let median = Figures::median(&[run(1, 30), run(9, 10), run(5, 20)]);
        assert_eq!((median.per_second, median.p99_us), (5, 20));
        let median = Figures::median(&[run(1, 30), run(9, 10)]);
        assert_eq!((median.per_second, median.p99_us), (1, 30), "of two the worse");
    }

    #[test]
    fn runs_below_peaks_are_one_line_with_the_runs_and_errors_of_all() {
        let line = |per_second, p99_us, rate, errors: &[(&str, u64)]| {
            let run = Figures { per_second, p99_us, ..Figures::default() };
            let errors = errors.iter().map(|(error, count)| ((*error).to_owned(), *count)).collect();
            let line = Line::of_runs(Scenario::SeventyPercent, 64, vec![run]);
            Line { open_loop_rate: rate, errors, ..line }
        };
        let rounds = vec![
            (line(1000, 99, None, &[]), line(700, 9, Some(700), &[("503 BUSY", 1)])),
            (line(720, 99, None, &[("503 BUSY", 4)]), line(500, 7, Some(500), &[])),
            (line(860, 99, None, &[("reset", 1)]), line(600, 30, Some(600), &[("503 BUSY", 2)])),
        ];
        let line = Line::below_peaks(rounds).unwrap();
        let runs: Vec<u64> = line.runs.iter().map(|run| run.per_second).collect();
        assert_eq!(runs, [700, 500, 600]);
        assert_eq!((line.median.per_second, line.median.p99_us), (600, 9));
        assert_eq!(line.open_loop_rate, Some(600));
        let errors: Vec<(&str, u64)> = line.errors.iter().map(|(error, count)| (&**error, *count)).collect();
        assert_eq!(errors, [("503 BUSY", 7), ("reset", 1)]);
        assert!(Line::below_peaks(Vec::new()).is_none());
    }

    #[test]
    fn times_and_shares_are_written_without_floats() {
        assert_eq!((millis(12_345), tenths(987)), ("12.34".to_owned(), "98.7".to_owned()));
    }
}
