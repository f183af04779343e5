//! The service in one piece: the engine, the reads and the edge, for its own binary, for `zerosum up` and for tests.

use std::{future::Future, io};

use tokio::net::TcpListener;
use tokio_postgres::Config;
use zerosum_edge::{Drained, Edge, ServeLimits};
use zerosum_ledger::{
    Clock, Engine, EngineConfig,
    reads::{ReadError, Reads},
};

use crate::{
    api::{self, BuildError},
    command::Machine,
    expiry::Expiry,
};

/// A read is one round trip, so this many serve thousands a second; PostgreSQL gives each a process.
pub const READ_CONNECTIONS_DEFAULT: usize = 4;

/// What the service is made with. Its clients are in the database.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Where the database is, as a member of the application's and the readers' roles.
    pub database: Config,
    pub lanes: usize,
    pub read_connections: usize,
    pub clock: Clock,
}

impl Parts {
    pub fn new(database: Config) -> Self {
        Self { database, lanes: 1, read_connections: READ_CONNECTIONS_DEFAULT, clock: Clock::Database }
    }
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the read pool cannot be made")]
    Reads(#[from] ReadError),
    #[error("the edge cannot be made")]
    Edge(#[from] BuildError),
}

/// Ready to serve. It connects to the database when the first request needs it.
pub struct Service {
    edge: Edge,
    engine: Engine<Machine>,
    expiry: Expiry,
}

impl Service {
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let reads = Reads::new(&parts.database, parts.read_connections)?;
        let config = EngineConfig {
            lanes: parts.lanes,
            clock: parts.clock,
            ..EngineConfig::new(parts.database.clone())
        };
        let engine = Engine::start(Machine::default(), config);
        let expiry = Expiry::new(engine.clone(), &parts.database);
        Ok(Self { edge: api::edge(engine.clone(), reads)?, engine, expiry })
    }

    /// Answers requests without a connection, for tests.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The engine, for tests that count its round trips.
    pub fn engine(&self) -> &Engine<Machine> {
        &self.engine
    }

    /// The job that ends what has lapsed; `serve` runs it.
    pub fn expiry(&mut self) -> &mut Expiry {
        &mut self.expiry
    }

    /// Serves until `shutdown` completes, then drains. Expiries are posted all the while.
    pub async fn serve(
        self,
        listener: TcpListener,
        limits: ServeLimits,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<Drained> {
        tokio::select! {
            drained = zerosum_edge::serve(listener, self.edge, limits, shutdown) => drained,
            // It never ends by itself.
            () = self.expiry.run() => unreachable!("the expiry job runs for ever"),
        }
    }
}
