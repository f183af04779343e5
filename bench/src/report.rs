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
    /// What several rounds have measured, as one line for each shape, in the order of the first round: the figures of all
    /// of its runs, and every error; the most memory; what they cost on the average.
    pub fn of_rounds(lines: Vec<Self>) -> Vec<Self> {
        let mut shapes: Vec<Vec<Self>> = Vec::new();
        for line in lines {
            match shapes.iter_mut().find(|rounds| rounds[0].shape() == line.shape()) {
                Some(rounds) => rounds.push(line),
                None => shapes.push(vec![line]),
            }
        }
        shapes.into_iter().filter_map(Self::of_shape).collect()
    }

    fn shape(&self) -> (Scenario, usize) {
        (self.scenario, self.connections)
    }

    fn of_shape(mut rounds: Vec<Self>) -> Option<Self> {
        let mut line = rounds.pop()?;
        let last = std::mem::take(&mut line.runs);
        line.runs = rounds.iter().flat_map(|round| &round.runs).copied().chain(last).collect();
        line.median = Figures::median(&line.runs);
        let middle = |last: Option<u64>, of: fn(&Self) -> Option<u64>| {
            let mut all: Vec<u64> = rounds.iter().filter_map(of).chain(last).collect();
            all.sort_unstable();
            all.get(all.len() / 2).copied()
        };
        line.open_loop_rate = middle(line.open_loop_rate, |round| round.open_loop_rate);
        line.commands_per_commit = middle(line.commands_per_commit, |round| round.commands_per_commit);
        let costs: Vec<Cost> =
            rounds.iter().filter_map(|round| round.cost.clone()).chain(line.cost).collect();
        line.cost = Cost::of_rounds(&costs);
        let cores: Vec<Cores> = rounds.iter().filter_map(|round| round.cores).chain(line.cores).collect();
        line.cores = Cores::of_rounds(&cores);
        for round in &rounds {
            line.add_errors(round);
            for (service, memory) in &mut line.memory {
                let known = round.memory.iter().filter(|(of, _)| of == service);
                memory.peak_kib = known.map(|(_, known)| known.peak_kib).fold(memory.peak_kib, u64::max);
            }
        }
        Some(line)
    }

    pub fn add_errors(&mut self, of: &Self) {
        for (error, count) in &of.errors {
            *self.errors.entry(error.clone()).or_default() += count;
        }
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

    fn line(connections: usize, per_second: u64, p99_us: u64) -> Line {
        let run = Figures { per_second, p99_us, ..Figures::default() };
        Line::of_runs(Scenario::SeventyPercent, connections, vec![run])
    }

    #[test]
    fn rounds_are_one_line_for_each_shape_with_the_runs_and_errors_of_all_and_the_most_memory() {
        let round = |per_second, p99_us, rate, peak_kib, errors: &[(&str, u64)]| Line {
            open_loop_rate: Some(rate),
            errors: errors.iter().map(|(error, count)| ((*error).to_owned(), *count)).collect(),
            commands_per_commit: Some(p99_us),
            cores: Some(Cores { services: p99_us, postgres: 0, load: 0 }),
            memory: vec![(Service::Accounting, Memory { now_kib: 1, peak_kib })],
            ..line(64, per_second, p99_us)
        };
        let lines = Line::of_rounds(vec![
            round(700, 9, 700, 30, &[("503 BUSY", 1)]),
            line(256, 1, 1),
            line(256, 2, 2),
            round(500, 7, 500, 50, &[]),
            round(600, 30, 600, 40, &[("503 BUSY", 2), ("reset", 1)]),
        ]);
        let [line, other] = &lines[..] else { panic!("{lines:?}") };
        let runs: Vec<u64> = line.runs.iter().map(|run| run.per_second).collect();
        assert_eq!(runs, [700, 500, 600]);
        assert_eq!((line.median.per_second, line.median.p99_us), (600, 9));
        assert_eq!(line.open_loop_rate, Some(600));
        let errors: Vec<(&str, u64)> = line.errors.iter().map(|(error, count)| (&**error, *count)).collect();
        assert_eq!(errors, [("503 BUSY", 3), ("reset", 1)]);
        assert_eq!(line.memory_peak_kib(), Some(50));
        assert_eq!(line.commands_per_commit, Some(9));
        assert_eq!(line.cores.map(|cores| cores.services), Some(15));
        assert_eq!((other.connections, other.runs.len(), other.median.per_second), (256, 2, 1));
    }

    #[test]
    fn a_line_takes_over_the_errors_of_its_peak() {
        let with = |count| Line { errors: BTreeMap::from([("reset".to_owned(), count)]), ..line(64, 1, 1) };
        let mut below = with(2);
        below.add_errors(&with(3));
        assert_eq!(below.errors["reset"], 5);
    }

    #[test]
    fn times_and_shares_are_written_without_floats() {
        assert_eq!((millis(12_345), tenths(987)), ("12.34".to_owned(), "98.7".to_owned()));
    }
}
