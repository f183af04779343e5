//! The command line and its environment variables. Nothing else of the environment is read.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use zerosum_edge::telemetry::LogFormat;

mod books;
mod wallet;

pub use books::{HaltArgs, OneBrandArgs, ReleaseArgs, VerifyArgs};
pub use wallet::{BrandSetArgs, PermissionCommand, PermissionSetArgs, PermissionSubjectArgs};

/// The money core behind a till: stored cash, loyalty points and the general ledger.
#[derive(Debug, Parser)]
#[command(name = "zerosum", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Without a command, `up` runs, and these are its options.
    #[command(flatten)]
    pub up: UpArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything: database, migrations, a demo brand, and the three services. The default.
    Up(UpArgs),
    /// Bring the database up to date.
    Migrate(MigrateArgs),
    /// Prove the books. Exits with 0 when they hold and with 1 when they do not, saying what is wrong and where.
    Verify(VerifyArgs),
    /// Print a token for development, signed with the key of the data folder.
    Token(TokenArgs),
    /// Make the key that tokens are signed with, if there is none, and print its public half as a JWKS.
    Key(FolderArgs),
    /// Ask a URL and exit with 0 if it answers with success: for the health checks of containers.
    Health(HealthArgs),
    /// Brands.
    #[command(subcommand)]
    Brand(BrandCommand),
    /// Who may earn and spend points in a brand, beside what is built in.
    #[command(subcommand)]
    Permission(PermissionCommand),
}

#[derive(Debug, Subcommand)]
pub enum BrandCommand {
    /// Make a brand and a client of it, and print them as JSON.
    Create(BrandArgs),
    /// Print a brand as JSON, and why it is halted if it is.
    Show(OneBrandArgs),
    /// Set what a brand decides of its points. Prints its settings as JSON.
    Set(BrandSetArgs),
    /// Stop a brand's writes: they are answered 503 `ledger_halted`.
    Halt(HaltArgs),
    /// Let a halted brand write again, once its books are proven.
    Release(ReleaseArgs),
}

#[derive(Debug, Clone, Args)]
pub struct FolderArgs {
    /// Where keys and, without DATABASE_URL, the database are kept.
    #[arg(long, env = "ZEROSUM_DATA_DIR", default_value = ".zerosum")]
    pub data_dir: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    #[command(flatten)]
    pub folder: FolderArgs,
    /// The PostgreSQL database to use, as its owner. Without it, zerosum runs a server of its own.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The folder with `postgres` in it, for a server of our own.
    #[arg(long, env = "PG_BIN")]
    pub pg_bin: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// How the services log in, with DATABASE_URL: as a member of zerosum_app and zerosum_read.
    /// Without it they use DATABASE_URL and give up the owner's rights by changing role.
    #[arg(long, env = "APP_DATABASE_URL", hide_env_values = true)]
    pub app_database_url: Option<String>,
    /// The address to listen on.
    #[arg(long, env = "ZEROSUM_HOST", default_value = "127.0.0.1")]
    pub host: std::net::IpAddr,
    /// Cash listens here, accounting on the next port, wallet-spend on the one after; 0 takes free ports.
    #[arg(long, env = "ZEROSUM_PORT_BASE", default_value_t = 8081, value_parser = parse_port_base)]
    pub port_base: u16,
    /// Write the addresses and credentials to this file, as one JSON object, once everything answers.
    #[arg(long)]
    pub ready_file: Option<PathBuf>,
    /// Make no demo brand.
    #[arg(long)]
    pub no_demo: bool,
    /// What is logged to standard error, as `tracing` filters are written; `info` also logs every request.
    #[arg(long, env = "ZEROSUM_LOG", default_value = "info,request=warn")]
    pub log: String,
    /// For people, or one JSON object a line for machines.
    #[arg(long, env = "ZEROSUM_LOG_FORMAT", value_enum, default_value_t = Log::Text)]
    pub log_format: Log,
    /// Serve from a database that does not flush what it acknowledges. For tests.
    #[arg(long)]
    pub i_accept_data_loss: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Log {
    Text,
    Json,
}

impl From<Log> for LogFormat {
    fn from(log: Log) -> Self {
        match log {
            Log::Text => Self::Text,
            Log::Json => Self::Json,
        }
    }
}

#[derive(Debug, Args)]
pub struct HealthArgs {
    /// http://127.0.0.1:8081/readyz
    pub url: String,
}

#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Also make the login role `zerosum` for the services, with this password.
    #[arg(long, env = "ZEROSUM_APP_PASSWORD", hide_env_values = true)]
    pub app_password: Option<String>,
}

#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(flatten)]
    pub folder: FolderArgs,
    /// The brand whose money the token may move.
    #[arg(long, default_value = crate::demo::BRAND)]
    pub brand: String,
    /// Who it is for; idempotency keys belong to this name.
    #[arg(long, default_value = "developer")]
    pub subject: String,
    /// What it allows; may be repeated. Without it: everything of the brand.
    #[arg(long = "scope")]
    pub scopes: Vec<String>,
    /// How long it lives. Services take no token that lives longer than a day.
    #[arg(long, default_value_t = crate::token::MINUTES_MAX, value_parser = clap::value_parser!(u16).range(1..=i64::from(crate::token::MINUTES_MAX)))]
    pub minutes: u16,
}

#[derive(Debug, Args)]
pub struct BrandArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The brand's id: 1 to 64 letters, digits, `-`, `_` or `.`.
    #[arg(value_parser = parse_brand)]
    pub brand_id: String,
    #[arg(long)]
    pub name: Option<String>,
    /// Currency of its cash, as ISO 4217 writes it.
    #[arg(long, default_value = "USD", value_parser = parse_currency)]
    pub currency: String,
}

/// Three ports follow each other, so the last of them must exist.
fn parse_port_base(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port <= u16::MAX - 2 => Ok(port),
        _ => Err(format!("a port is a number from 0 to {}, because the next two are used too", u16::MAX - 2)),
    }
}

fn parse_brand(text: &str) -> Result<String, String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=64).contains(&text.len()) && text.chars().all(good) {
        return Ok(text.to_owned());
    }
    Err("a brand id is 1 to 64 letters, digits, - , _ or .".to_owned())
}

fn parse_currency(text: &str) -> Result<String, String> {
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(text.to_owned());
    }
    Err("a currency is three capital letters".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_is_the_default_and_takes_its_options_without_being_named() {
        let cli = Cli::try_parse_from(["zerosum", "--port-base", "0", "--no-demo"]).expect("parsed");
        assert!(cli.command.is_none() && cli.up.no_demo && cli.up.port_base == 0);
        let cli = Cli::try_parse_from(["zerosum", "up", "--ready-file", "f"]).expect("parsed");
        assert!(matches!(cli.command, Some(Command::Up(up)) if up.ready_file == Some("f".into())));
    }

    #[test]
    fn bad_input_is_named() {
        for (arguments, said) in [
            (vec!["up", "--port-base", "65534"], "0 to 65533"),
            (vec!["up", "--port-base", "x"], "0 to 65533"),
            (vec!["token", "--minutes", "0"], "1..=1440"),
            (vec!["brand", "create", "a b"], "1 to 64"),
            (vec!["brand", "create", "a", "--currency", "usd"], "three capital letters"),
        ] {
            let error = Cli::try_parse_from([vec!["zerosum"], arguments].concat()).expect_err("refused");
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
