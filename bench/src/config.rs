//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::scenario::Scenario;

/// Long enough for many commits of any build.
const SHORT_TIME: Duration = Duration::from_millis(500);
/// A hundred brands have three each.
const SHORT_ACCOUNTS: usize = 300;

/// Measures the services, beside what they are compared with in the same run.
///
/// It starts a PostgreSQL of its own with durability on, and each service in a process of its own; the load
/// comes from this process. After each scenario the books are proven. Without a command everything is measured.
#[derive(Debug, Parser)]
#[command(name = "zerosum-bench", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub all: AllArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The engine alone, without HTTP, at several numbers of callers.
    Engine(crate::engine::EngineArgs),
    /// The same figures over few and over many entries.
    Growth(GrowthArgs),
    /// Many minutes of one load, with the memory of each.
    Soak(SoakArgs),
    /// One service, for the parent that started this process.
    #[command(hide = true)]
    Serve,
}

/// How long and how often each figure is measured.
#[derive(Debug, Clone, Args, serde::Serialize)]
pub struct Measure {
    /// Seconds of each run.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// Seconds before each run that are not measured.
    #[arg(long, default_value_t = 3)]
    pub warm_up: u64,
    /// Runs of each shape; the median is told. Without a command scenarios take turns: one run of each, and then the next
    /// of each, the other way round.
    #[arg(long, default_value_t = 3, default_value_if("short", "true", "1"), value_parser = clap::value_parser!(u64).range(1..=100))]
    pub runs: u64,
    /// Writing connections of each service.
    #[arg(long, default_value_t = 1)]
    pub lanes: usize,
    /// The most transactions that share a commit of the engine alone. Without it the engine's own bound.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub batch_max: Option<u16>,
    /// Accounts that transfers go between; users and wallets are as many or fewer.
    #[arg(long, default_value_t = 10_000, value_parser = parse_accounts)]
    pub accounts: usize,
    /// Write all figures to this file, as one JSON object.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// Only whether it works.
    #[arg(skip)]
    pub short: bool,
}

#[derive(Debug, Clone, Args)]
pub struct AllArgs {
    #[command(flatten)]
    pub measure: Measure,
    /// Only these. Without it: all of them.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub scenario: Vec<Scenario>,
    /// Numbers of connections. Without it each scenario has its own, 64 for most.
    #[arg(long, value_delimiter = ',')]
    pub connections: Vec<usize>,
    /// Requests a second of the till estate.
    #[arg(long, default_value_t = 2_000)]
    pub till_rate: u64,
    /// For correctness only: a moment of every scenario with few accounts, in any build. Figures mean nothing.
    #[arg(long)]
    pub short: bool,
}

#[derive(Debug, Clone, Args)]
pub struct GrowthArgs {
    #[command(flatten)]
    pub measure: Measure,
    /// The many.
    #[arg(long, default_value_t = 20_000_000)]
    pub entries: u64,
    /// The few.
    #[arg(long, default_value_t = 200_000)]
    pub few: u64,
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
}

#[derive(Debug, Clone, Args)]
pub struct SoakArgs {
    #[command(flatten)]
    pub measure: Measure,
    #[arg(long, default_value_t = 10)]
    pub minutes: u64,
    #[arg(long, default_value_t = 256)]
    pub connections: usize,
    #[arg(long, value_enum, default_value_t = Scenario::Random)]
    pub scenario: Scenario,
    /// Books that have so many entries when it begins
    #[arg(long)]
    pub entries: Option<u64>,
}

impl Measure {
    /// What `--short` measures.
    pub fn shortened(self) -> Self {
        Self { seconds: 1, warm_up: 0, accounts: SHORT_ACCOUNTS, short: true, ..self }
    }

    pub fn time(&self) -> Duration {
        if self.short { SHORT_TIME } else { Duration::from_secs(self.seconds) }
    }
}

/// Every brand of a hundred has two accounts at least.
fn parse_accounts(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(accounts) if (200..=1_000_000).contains(&accounts) => Ok(accounts),
        _ => Err("a number from 200 to 1000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
        let cli = Cli::try_parse_from(["zerosum-bench", "--scenario", "random,hot"]).unwrap();
        assert_eq!(cli.all.scenario, [Scenario::Random, Scenario::Hot]);
        let runs = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap().all.measure.runs;
        assert_eq!([runs("bench"), runs("bench --short"), runs("bench --short --runs 2")], [3, 1, 2]);
    }
}
