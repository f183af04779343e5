//! `cargo run -p zerosum-proof -- --minutes 10 --seed N`: the long form of every proof, and a report to read.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use zerosum_proof::{Form, Report, Run, promises, serve};
use zerosum_testkit::schedule::Seed;

/// Proves the promises of docs/promises.md on this machine.
#[derive(Debug, Parser)]
#[command(name = "zerosum-proof", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// How long the proofs that keep up a load do so, in minutes each. Those that count trials take what they take.
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Every choice of a run follows from it; without it, one by chance.
    #[arg(long)]
    seed: Option<u64>,
    /// The short form, as `cargo test` runs it.
    #[arg(long)]
    short: bool,
    /// The program that is shipped, which is killed and asked to verify; without it, the one beside this program.
    #[arg(long)]
    zerosum: Option<PathBuf>,
    /// Only these promises, by number.
    #[arg(long, value_delimiter = ',')]
    only: Vec<u8>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Be the service that is killed.
    #[command(hide = true)]
    Serve(serve::ServeArgs),
}

#[tokio::main(worker_threads = 4)]
async fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    if let Some(Command::Serve(args)) = cli.command {
        serve::run(args).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let seed = Seed(cli.seed.unwrap_or_else(|| rand::random_range(0..1_000_000)));
    let form =
        if cli.short { Form::Short } else { Form::Long { each: Duration::from_secs(60 * cli.minutes) } };
    let program = std::env::current_exe()?;
    let zerosum = cli.zerosum.unwrap_or_else(|| program.with_file_name("zerosum"));
    let zerosum = zerosum.exists().then_some(zerosum);
    let run = Run { seed, form, program, zerosum };
    println!("seed {seed}");
    let figures = promises::all(&run, &cli.only, |figure| println!("{figure}\n")).await;
    let report = Report { figures };
    println!("seed {seed}\n{report}");
    Ok(if report.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
