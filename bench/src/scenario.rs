//! The scenarios: what each needs, what its callers send, and where it runs by itself.

mod cast;
mod ground;
mod run;
mod wallets;

use clap::ValueEnum;
use serde::Serialize;

pub use cast::Cast;
pub use ground::Ground;
pub use run::{Shape, measure, measure_below_peak};

use crate::serve::Service;

/// In the order in which they run: what a figure is compared with runs next to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// The engine without HTTP: random transfers.
    Engine,
    /// The engine without HTTP: one account in all transfers.
    EngineHot,
    /// Baseline: array statements of a hundred bare transfers on one connection, random accounts.
    Arrays,
    /// Baseline: pgbench calling a transfer function of one statement, random accounts.
    Pgbench,
    /// The same on one account.
    PgbenchHot,
    /// Baseline: a route that checks the token, parses and answers the same JSON and does nothing else.
    Trivial,
    /// Accounting, one transaction a request, between random accounts.
    Random,
    /// Baseline: the same with an engine that commits each command alone.
    BatchesOfOne,
    /// One account with a floor in all transactions.
    Hot,
    /// Baseline: the same with an engine that commits each command alone.
    HotBatchesOfOne,
    /// Accounts by Zipf's law.
    Zipf,
    /// Random, and one request in fifty is said again, as a till does that has lost its answer.
    Repeated,
    /// Random accounts of a hundred brands.
    HundredBrands,
    /// 500 transactions a request.
    Batch,
    /// Cash spends that draw on lots.
    Cash,
    /// Wallet spends that lock, each settled by the next request.
    Wallet,
    /// Wallet spends that take their points at once.
    WalletSpends,
    /// Wallet calculate.
    Calculate,
    /// Balances of accounts.
    Balance,
    /// First pages of accounts' ledgers.
    Ledger,
    /// Random at 70 % of what it reached just before, as an open loop.
    SeventyPercent,
    /// Tills: 70 % calculate and reads, 30 % writes, over all three services, at a fixed rate.
    Till,
}

impl Scenario {
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The services that it needs, in the order in which its traffic names them.
    pub fn services(self) -> &'static [Service] {
        match self {
            Self::Engine | Self::EngineHot | Self::Arrays | Self::Pgbench | Self::PgbenchHot => &[],
            Self::Trivial => &[Service::Trivial],
            Self::Random
            | Self::BatchesOfOne
            | Self::Hot
            | Self::HotBatchesOfOne
            | Self::Zipf
            | Self::Repeated
            | Self::HundredBrands
            | Self::Batch
            | Self::Balance
            | Self::Ledger
            | Self::SeventyPercent => &[Service::Accounting],
            Self::Cash => &[Service::Cash],
            Self::Wallet | Self::WalletSpends | Self::Calculate => &[Service::WalletSpend],
            Self::Till => &[Service::Accounting, Service::Cash, Service::WalletSpend],
        }
    }

    /// The most commands that share a commit, where the scenario bounds it.
    pub fn batch_max(self) -> Option<usize> {
        matches!(self, Self::BatchesOfOne | Self::HotBatchesOfOne).then_some(1)
    }

    pub fn brands(self) -> usize {
        if self == Self::HundredBrands { 100 } else { 1 }
    }

    /// Connections where the caller names none.
    pub fn connections(self) -> &'static [usize] {
        match self {
            Self::Random => &[1, 64, 256],
            Self::Hot => &[64, 256],
            // Requests of 500 fill a batch each; more of them only wait.
            Self::Batch => &[4],
            // Two batches share the callers: each is of some hundred.
            Self::Engine | Self::EngineHot => &[200],
            Self::Pgbench | Self::PgbenchHot => &[16, 64],
            Self::Till => &[256],
            _ => &[64],
        }
    }
}
