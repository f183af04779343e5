//! The command line. What services have in common is in `zerosum_host`.

use std::net::SocketAddr;

use clap::Parser;
use zerosum_host::{ServiceArgs, TokenArgs};

/// Stored promotional cash of users, over HTTP: grants, spends, balances and their ledger.
///
/// It needs a migrated PostgreSQL database (`zerosum migrate`) and the public keys that tokens are signed with.
/// SIGTERM and Ctrl-C drain: readiness turns, answers in flight go out, then the process ends.
#[derive(Debug, Clone, Parser)]
#[command(name = "zerosum-cash", version)]
pub struct Config {
    /// The address to listen on.
    #[arg(long, env = "ZEROSUM_CASH_LISTEN", default_value = "127.0.0.1:8081")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub service: ServiceArgs,
    #[command(flatten)]
    pub tokens: TokenArgs,
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
