//! What is to be reached, as ratios within one run first. Printed, never asserted: figures depend on the machine.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Figures, Line};
use crate::scenario::Scenario;

/// The number of connections at which ratios compare, where both sides have it.
const COMMON: usize = 64;
const MEMORY_MIB_MAX: u64 = 100;

/// A claim and what was found.
#[derive(Debug, Serialize)]
pub struct Goal {
    pub claim: String,
    /// `None` where what it needs was not measured.
    pub found: Option<String>,
    pub met: Option<bool>,
}

impl Goal {
    /// Of so many rounds.
    pub fn all(lines: &[Line], rounds: u64) -> Vec<Self> {
        let lines = Lines { lines, rounds };
        let mut goals = ratios(&lines);
        goals.extend(figures(&lines));
        goals
    }

    /// `found` is in hundredths, as `wanted` is.
    fn ratio(claim: impl Into<String>, found: Option<u64>, wanted: u64) -> Self {
        Self {
            claim: claim.into(),
            found: found.map(|found| format!("{}.{:02} ×", found / 100, found % 100)),
            met: found.map(|found| found >= wanted),
        }
    }

    fn at_least(claim: &str, found: Option<u64>, wanted: u64) -> Self {
        let met = found.map(|found| found >= wanted);
        Self { claim: claim.to_owned(), found: found.map(|found| found.to_string()), met }
    }

    fn at_most(claim: &str, found: Option<u64>, wanted: u64) -> Self {
        let met = found.map(|found| found <= wanted);
        Self { claim: claim.to_owned(), found: found.map(|found| found.to_string()), met }
    }
}

struct Lines<'a> {
    lines: &'a [Line],
    rounds: u64,
}

impl Lines<'_> {
    fn at(&self, scenario: Scenario, connections: usize) -> Option<&Line> {
        self.lines.iter().find(|line| line.scenario == scenario && line.connections == connections)
    }

    /// At the common number of connections, or else at whatever it was measured.
    fn common(&self, scenario: Scenario) -> Option<&Line> {
        self.at(scenario, COMMON).or_else(|| self.lines.iter().find(|line| line.scenario == scenario))
    }

    /// In hundredths: the median of the rounds' ratios where both were measured in all rounds, else the medians' ratio.
    fn ratio(&self, over: Option<&Line>, under: Option<&Line>) -> Option<u64> {
        let (over, under) = over.zip(under)?;
        let hundredths = |over: &Figures, under: &Figures| over.per_second * 100 / under.per_second.max(1);
        if [over, under].iter().any(|line| u64::try_from(line.runs.len()) != Ok(self.rounds)) {
            return Some(hundredths(&over.median, &under.median));
        }
        let rounds = over.runs.iter().zip(&under.runs);
        let mut ratios: Vec<u64> = rounds.map(|(over, under)| hundredths(over, under)).collect();
        ratios.sort_unstable();
        // Of the two in the middle, the worse.
        ratios.get(ratios.len().saturating_sub(1) / 2).copied()
    }

    fn best(&self, scenario: Scenario) -> Option<&Line> {
        let of = self.lines.iter().filter(|line| line.scenario == scenario);
        of.max_by_key(|line| line.median.per_second)
    }

    fn best_rate(&self, scenario: Scenario) -> Option<u64> {
        self.best(scenario).map(|line| line.median.per_second)
    }
}

/// Against `random`, with as many connections.
const OF_RANDOM: [(&str, Scenario, u64); 5] = [
    ("hot ≥ 0.9 × random", Scenario::Hot, 90),
    ("100 brands ≥ 0.9 × one brand", Scenario::HundredBrands, 90),
    ("cash spends ≥ 0.7 × random", Scenario::Cash, 70),
    ("wallet spends and settles ≥ 0.5 × random", Scenario::Wallet, 50),
    ("wallet spends at once ≥ 0.5 × random", Scenario::WalletSpends, 50),
];

fn ratios(lines: &Lines<'_>) -> Vec<Goal> {
    let common = |over, under| lines.ratio(lines.common(over), lines.common(under));
    let best = |over, under| lines.ratio(lines.best(over), lines.best(under));
    let mut goals = vec![
        Goal::ratio("random ≥ 4 × batches of one", common(Scenario::Random, Scenario::BatchesOfOne), 400),
        Goal::ratio("hot ≥ 8 × batches of one", common(Scenario::Hot, Scenario::HotBatchesOfOne), 800),
        Goal::ratio(
            "random ≥ 1 × pgbench with a transfer function, both at their best",
            best(Scenario::Random, Scenario::Pgbench),
            100,
        ),
        // 40,000 a second where the same statements did 48,200.
        Goal::ratio(
            "the engine alone ≥ 0.83 × bare array statements of 100",
            best(Scenario::Engine, Scenario::Arrays),
            83,
        ),
        Goal::ratio("random ≥ 0.2 × the trivial route", common(Scenario::Random, Scenario::Trivial), 20),
    ];
    let measured = lines.lines.iter().filter(|line| line.scenario == Scenario::Random);
    let many: BTreeSet<usize> = measured.map(|line| line.connections).filter(|count| *count > 1).collect();
    for connections in many {
        let at = |scenario| lines.at(scenario, connections);
        goals.extend(OF_RANDOM.iter().map(|(claim, scenario, wanted)| {
            let claim = format!("{claim}, {connections} connections");
            Goal::ratio(claim, lines.ratio(at(*scenario), at(Scenario::Random)), *wanted)
        }));
    }
    goals
}

fn figures(lines: &Lines<'_>) -> Vec<Goal> {
    let cost = lines.common(Scenario::Random).and_then(|line| line.cost.as_ref());
    let positive = |number: i64| u64::try_from(number).unwrap_or_default();
    let p99 = lines.common(Scenario::SeventyPercent).map(|line| line.median.p99_us);
    let alone = lines.at(Scenario::Random, 1).map(|line| line.median.p50_us);
    let memory = lines.lines.iter().filter_map(Line::memory_peak_kib).max().map(|kib| kib / 1024);
    vec![
        Goal::at_least("random ≥ 15,000 a second", lines.best_rate(Scenario::Random), 15_000),
        Goal::at_least(
            "batch route ≥ 30,000 transactions a second",
            lines.best_rate(Scenario::Batch),
            30_000,
        ),
        Goal::at_least("the engine alone ≥ 40,000 a second", lines.best_rate(Scenario::Engine), 40_000),
        Goal::at_most("p99 at 70 % of peak ≤ 25,000 µs", p99, 25_000),
        Goal::at_most("one connection alone: p50 ≤ 1,500 µs", alone, 1_500),
        Goal::at_most(
            "WAL ≤ 2,000 bytes a transaction",
            cost.map(|cost| positive(cost.wal_bytes_each)),
            2_000,
        ),
        Goal::at_most(
            "heap and indexes ≤ 1,000 bytes a transaction",
            cost.map(|cost| positive(cost.disk_bytes_each)),
            1_000,
        ),
        Goal::at_least(
            "balance updates that stay on their page ≥ 900 per mille",
            cost.and_then(|cost| cost.hot_per_mille).map(positive),
            900,
        ),
        Goal::at_most("memory of a service at its peak ≤ 100 MiB", memory, MEMORY_MIB_MAX),
    ]
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let met = match self.met {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "not measured",
        };
        write!(f, "{:<66} {:>9}  {met}", self.claim, self.found.as_deref().unwrap_or("-"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(scenario: Scenario, connections: usize, runs: &[u64]) -> Line {
        let runs = runs.iter().map(|rate| Figures { per_second: *rate, ..Figures::default() });
        Line::of_runs(scenario, connections, runs.collect())
    }

    #[test]
    fn a_ratio_is_told_in_hundredths_and_what_was_not_measured_is_no_failure() {
        let goal = Goal::ratio("a ≥ 0.9 × b", Some(89), 90);
        assert_eq!((goal.found.as_deref(), goal.met), (Some("0.89 ×"), Some(false)));
        assert!(Goal::all(&[], 1).iter().all(|goal| goal.met.is_none()));
    }

    #[test]
    fn a_ratio_is_that_of_rounds_where_both_were_measured_in_all_of_them() {
        let ratio = |over: &[u64], under: &[u64]| {
            let (over, under) = (line(Scenario::Cash, 64, over), line(Scenario::Random, 64, under));
            Lines { lines: &[], rounds: 3 }.ratio(Some(&over), Some(&under))
        };
        // The machine became quicker: medians would say 0.75.
        assert_eq!(ratio(&[600, 1_500, 2_400], &[1_000, 2_000, 4_000]), Some(60));
        // Each failed once; who knows in which rounds.
        assert_eq!(ratio(&[1_799, 2_000], &[2_000, 4_000]), Some(89));
        let (over, under) =
            (line(Scenario::Cash, 64, &[600, 1_500]), line(Scenario::Random, 64, &[1_000, 2_000]));
        let two = Lines { lines: &[], rounds: 2 };
        assert_eq!(two.ratio(Some(&over), Some(&under)), Some(60), "of two the worse");
        assert_eq!(two.ratio(None, Some(&under)), None);
    }

    #[test]
    fn what_is_compared_with_random_is_compared_at_every_number_of_connections() {
        let lines = [
            line(Scenario::Random, 1, &[10]),
            line(Scenario::Random, 64, &[100]),
            line(Scenario::Random, 256, &[200]),
            line(Scenario::Wallet, 64, &[50]),
            line(Scenario::Wallet, 256, &[90]),
        ];
        let goals = Goal::all(&lines, 1);
        let told = goals.iter().filter(|goal| goal.claim.starts_with("wallet") && goal.met.is_some());
        let told: Vec<_> = told.map(|goal| (&*goal.claim, goal.found.as_deref(), goal.met)).collect();
        assert_eq!(
            told,
            [
                ("wallet spends and settles ≥ 0.5 × random, 64 connections", Some("0.50 ×"), Some(true)),
                ("wallet spends and settles ≥ 0.5 × random, 256 connections", Some("0.45 ×"), Some(false)),
            ]
        );
    }
}
