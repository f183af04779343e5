//! The options of the commands that look at the books: `verify`, and a brand that is halted or released.

use std::path::PathBuf;

use clap::Args;

use super::{DatabaseArgs, parse_brand};

#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Keep the moment of the last clean pass in this file, and look at what is newer than it only. Without the file
    /// the pass is a whole one; a pass with findings leaves the file as it was.
    #[arg(long)]
    pub watermark: Option<PathBuf>,
    /// Halt every brand with a finding: its writes are answered 503 `ledger_halted` until it is released.
    #[arg(long)]
    pub halt: bool,
}

#[derive(Debug, Args)]
pub struct OneBrandArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    #[arg(value_parser = parse_brand)]
    pub brand_id: String,
}

#[derive(Debug, Args)]
pub struct HaltArgs {
    #[command(flatten)]
    pub brand: OneBrandArgs,
    /// Why; shown by `brand show`.
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub reason: String,
}

#[derive(Debug, Args)]
pub struct ReleaseArgs {
    #[command(flatten)]
    pub brand: OneBrandArgs,
    /// Release it although its books do not hold, or were not looked at.
    #[arg(long)]
    pub unverified: bool,
}
