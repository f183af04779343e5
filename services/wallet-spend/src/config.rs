//! The command line and its environment variables. Nothing else of the environment is read.

use std::net::SocketAddr;

use clap::{Parser, ValueEnum};
use zerosum_edge::telemetry;

/// Loyalty points as tender, over HTTP: calculate, spend, settle, void.
///
/// It needs a migrated PostgreSQL database (`zerosum migrate`); its clients and their secrets are in it.
/// SIGTERM and Ctrl-C drain: readiness turns, answers in flight go out, then the process ends.
#[derive(Debug, Clone, Parser)]
#[command(name = "zerosum-wallet-spend", version)]
pub struct Config {
    /// The database, as a login role that is a member of zerosum_app and zerosum_read.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// The address to listen on.
    #[arg(long, env = "ZEROSUM_WALLET_SPEND_LISTEN", default_value = "127.0.0.1:8083")]
    pub listen: SocketAddr,
    /// Connections that write. Brands are spread over them; more than two rarely help.
    #[arg(long, env = "ZEROSUM_LANES", default_value_t = 1)]
    pub lanes: usize,
    /// Connections that read.
    #[arg(long, env = "ZEROSUM_READ_CONNECTIONS", default_value_t = crate::service::READ_CONNECTIONS_DEFAULT)]
    pub read_connections: usize,
    /// Seconds between readiness turning and the listener closing, for a load balancer to see it.
    #[arg(long, env = "ZEROSUM_DRAIN_GRACE_SECONDS", default_value_t = 0)]
    pub drain_grace_seconds: u64,
    /// What is logged to standard error, as `tracing` filters are written; `request=warn,info` leaves out the
    /// line of each request.
    #[arg(long, env = "ZEROSUM_LOG", default_value = "info")]
    pub log: String,
    /// For people, or one JSON object a line for machines.
    #[arg(long, env = "ZEROSUM_LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
    /// Serve from a database that does not flush what it acknowledges. For tests.
    #[arg(long)]
    pub i_accept_data_loss: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

impl From<LogFormat> for telemetry::LogFormat {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Config::command().debug_assert();
    }
}
