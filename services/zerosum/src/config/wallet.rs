//! The options of the commands that set what a brand decides of its points.

use clap::{Args, Subcommand};

use super::OneBrandArgs;

#[derive(Debug, Args)]
#[group(skip)]
pub struct BrandSetArgs {
    #[command(flatten)]
    pub brand: OneBrandArgs,
    /// How long a lock of points lasts where its scheme does not say, in seconds.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=31_536_000), required_unless_present = "refund_grace_days")]
    pub lock_seconds: Option<i32>,
    /// How long points live that a refund gives back to a lot that has expired meanwhile, in days.
    #[arg(long, value_parser = clap::value_parser!(i32).range(1..=3_650))]
    pub refund_grace_days: Option<i32>,
}

#[derive(Debug, Subcommand)]
pub enum PermissionCommand {
    /// Set a rule; the one about the same is replaced. Prints the rules as JSON.
    Set(PermissionSetArgs),
    /// Print the rules of a brand as JSON.
    List(OneBrandArgs),
    /// Remove a rule. Prints those that are left.
    Remove(PermissionSubjectArgs),
}

#[derive(Debug, Args)]
pub struct PermissionSubjectArgs {
    #[command(flatten)]
    pub brand: OneBrandArgs,
    /// What the rule is about.
    #[arg(value_parser = ["wallet", "identity", "account"])]
    pub subject: String,
    /// In this status only; without it, in any.
    #[arg(long, value_parser = parse_status)]
    pub status: Option<String>,
    /// In this state only; without it, in any.
    #[arg(long, value_parser = parse_state)]
    pub state: Option<String>,
}

#[derive(Debug, Args)]
pub struct PermissionSetArgs {
    #[command(flatten)]
    pub about: PermissionSubjectArgs,
    /// It may not earn; without this it may.
    #[arg(long)]
    pub no_earn: bool,
    /// It may not spend; without this it may.
    #[arg(long)]
    pub no_spend: bool,
}

/// As wallet-spend knows them; a rule that it cannot read would be left out.
fn parse_status(text: &str) -> Result<String, String> {
    let known = zerosum_wallet_spend::model::Status::parse(text).map_err(|invalid| invalid.to_string())?;
    Ok(known.as_str().to_owned())
}

fn parse_state(text: &str) -> Result<String, String> {
    let known = zerosum_wallet_spend::model::Label::parse(text).map_err(|invalid| invalid.to_string())?;
    Ok(known.as_str().to_owned())
}
