//! The command line. What services have in common is in `zerosum_host`.

use std::net::SocketAddr;

use clap::Parser;
use zerosum_host::ServiceArgs;

/// Loyalty points as tender, over HTTP: calculate, spend, settle, void.
///
/// It needs a migrated PostgreSQL database (`zerosum migrate`); its clients and their secrets are in it.
/// SIGTERM and Ctrl-C drain: readiness turns, answers in flight go out, then the process ends.
#[derive(Debug, Clone, Parser)]
#[command(name = "zerosum-wallet-spend", version)]
pub struct Config {
    /// The address to listen on.
    #[arg(long, env = "ZEROSUM_WALLET_SPEND_LISTEN", default_value = "127.0.0.1:8083")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub service: ServiceArgs,
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
