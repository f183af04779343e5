//! Benchmarks. Every figure is printed with its machine, its settings and what it is compared with in the same run.

mod engine;
mod transfer;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "zerosum-bench", version, about)]
struct Args {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Debug, Subcommand)]
enum Scenario {
    /// The engine alone, without HTTP: two-entry transfers with keys, answers and events.
    Engine(engine::Settings),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match Args::parse().scenario {
        Scenario::Engine(settings) => engine::run(settings).await,
    }
}
