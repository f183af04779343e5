//! The operator's binary: one file per command.
//!
//! It wires the other crates together and decides nothing about money.

use std::process::ExitCode;

use clap::Parser;

mod brand;
mod config;
mod database;
mod demo;
mod health;
mod migrate;
mod token;
mod up;
mod verify;

use config::{BrandCommand, Cli, Command, PermissionCommand};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command.unwrap_or(Command::Up(cli.up)) {
        Command::Up(args) => up::run(args).await,
        Command::Migrate(args) => migrate::run(args).await,
        Command::Verify(args) => verify::run(args).await,
        Command::Token(args) => token::run(&args),
        Command::Key(args) => token::print_public_keys(&args),
        Command::Health(args) => health::run(&args).await,
        Command::Brand(BrandCommand::Create(args)) => brand::run(args).await,
        Command::Brand(BrandCommand::Show(args)) => brand::halt::show(args).await,
        Command::Brand(BrandCommand::Set(args)) => brand::wallet::set(args).await,
        Command::Permission(PermissionCommand::Set(args)) => brand::wallet::permit(args).await,
        Command::Permission(PermissionCommand::List(args)) => brand::wallet::list(args).await,
        Command::Permission(PermissionCommand::Remove(args)) => brand::wallet::remove(args).await,
        Command::Brand(BrandCommand::Halt(args)) => brand::halt::halt(args).await,
        Command::Brand(BrandCommand::Release(args)) => brand::halt::release(args).await,
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}
