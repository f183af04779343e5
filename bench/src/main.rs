//! Benchmarks. Every figure is printed with its machine, its settings and what it is compared with in the same run.
//!
//! ```text
//! main ── bench ── scenario ── ground   a database and service processes (serve, in a process of its own)
//!                      │   └── cast     who sends what (traffic)
//!                      └────── load     connections (http), latencies, errors
//! ```

mod baseline;
mod bench;
mod books;
mod config;
mod cpu;
mod engine;
mod growth;
mod host;
mod http;
mod load;
mod progress;
mod report;
mod scenario;
mod serve;
mod soak;
mod stage;
mod tokens;
mod traffic;
mod transfer;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::LevelFilter;

use config::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if !matches!(cli.command, Some(Command::Serve)) {
        // For the engine in this process; a service's process has a log of its own.
        tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(LevelFilter::WARN).init();
    }
    let outcome = match cli.command {
        None => bench::run(cli.all).await,
        Some(Command::Engine(args)) => engine::run(args).await,
        Some(Command::Growth(args)) => growth::run(args).await,
        Some(Command::Soak(args)) => soak::run(args).await,
        Some(Command::Serve) => serve::run().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
