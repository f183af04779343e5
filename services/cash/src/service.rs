//! The service in one piece: the engine, the reads and the edge, for its own binary, for `zerosum up` and for tests.

use std::{future::Future, io, sync::Arc};

use tokio::net::TcpListener;
use tokio_postgres::Config;
use zerosum_edge::{Authenticate, Drained, Edge, ErrorMessage, Readiness, ServeLimits, Settings};
use zerosum_ledger::{
    Clock, Engine, EngineConfig,
    reads::{ReadError, Reads},
};

use crate::{
    api::{self, App, EdgeError, SERVICE},
    command::Cash,
    expiry::Expiry,
    store::{LapsedReader, Store},
};

/// A read is one round trip, so this many serve thousands a second; PostgreSQL gives each a process.
pub const READ_CONNECTIONS_DEFAULT: usize = 4;

/// What the service is made with.
#[derive(Debug, Clone)]
pub struct Parts<A> {
    /// Where the database is, as a member of the application's and the readers' roles.
    pub database: Config,
    pub authenticate: A,
    pub lanes: usize,
    pub read_connections: usize,
    pub clock: Clock,
}

impl<A> Parts<A> {
    pub fn new(database: Config, authenticate: A) -> Self {
        Self {
            database,
            authenticate,
            lanes: 1,
            read_connections: READ_CONNECTIONS_DEFAULT,
            clock: Clock::Database,
        }
    }
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the read pool cannot be made")]
    Reads(#[from] ReadError),
    #[error("the edge cannot be made")]
    Edge(#[from] EdgeError),
}

/// Ready to serve. It connects to the database when the first request needs it.
pub struct Service {
    edge: Edge,
    expiry: Expiry,
}

impl Service {
    pub fn start(parts: Parts<impl Authenticate>) -> Result<Self, StartError> {
        let store = Store::new(Reads::new(&parts.database, parts.read_connections)?, parts.clock.clone());
        let lapsed = LapsedReader::new(&parts.database, parts.clock.clone());
        let config =
            EngineConfig { lanes: parts.lanes, clock: parts.clock, ..EngineConfig::new(parts.database) };
        let engine = Engine::start(Cash, config);
        let app = App { engine: engine.clone(), store: store.clone() };
        let readiness = Readiness::new(move || {
            let store = store.clone();
            async move { store.ready().await.map_err(|error| error.to_string()) }
        });
        let settings = Settings::new(SERVICE, ErrorMessage, parts.authenticate, readiness);
        Ok(Self { edge: api::edge(Arc::new(app), settings)?, expiry: Expiry::new(engine, lapsed) })
    }

    /// Answers requests without a connection, for tests.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// The job that posts what has lapsed; `serve` runs it.
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
