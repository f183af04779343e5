//! The command line that services have in common, and its environment variables. Nothing else of the environment
//! is read.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use zerosum_edge::{ServeLimits, telemetry};

use crate::{Parts, READ_CONNECTIONS_DEFAULT};

/// Where the database is, and how the service runs.
#[derive(Debug, Clone, Args)]
pub struct ServiceArgs {
    /// The database, as a login role that is a member of zerosum_app and zerosum_read.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Lanes, each with up to two connections that write and one that reads. Brands are spread over them; more than two
    /// rarely help.
    #[arg(long, env = "ZEROSUM_LANES", default_value_t = 1)]
    pub lanes: usize,
    /// Connections that read.
    #[arg(long, env = "ZEROSUM_READ_CONNECTIONS", default_value_t = READ_CONNECTIONS_DEFAULT)]
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

/// Which bearer tokens are taken.
#[derive(Debug, Clone, Args)]
pub struct TokenArgs {
    /// The file with the issuer's public keys: a JWKS, or one PEM. Read again every minute.
    #[arg(long, env = "ZEROSUM_JWKS", default_value = ".zerosum/jwks.json")]
    pub jwks: PathBuf,
    /// Who signs the tokens: their `iss`.
    #[arg(long, env = "ZEROSUM_ISSUER", default_value = "zerosum")]
    pub issuer: String,
    /// Whom the tokens are for: their `aud`.
    #[arg(long, env = "ZEROSUM_AUDIENCE", default_value = "zerosum")]
    pub audience: String,
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

impl ServiceArgs {
    /// The parts of a service over this database that proves its callers so.
    pub fn parts<A>(&self, database: tokio_postgres::Config, authenticate: A) -> Parts<A> {
        Parts {
            lanes: self.lanes,
            read_connections: self.read_connections,
            ..Parts::new(database, authenticate)
        }
    }

    pub(crate) fn limits(&self) -> ServeLimits {
        ServeLimits { drain_grace: Duration::from_secs(self.drain_grace_seconds), ..ServeLimits::default() }
    }
}
