//! The service in one piece: the engine, the reads, the edge and the expiry job, for its own binary, for
//! `zerosum up` and for tests.

use std::{future::Future, io};

use tokio::net::TcpListener;
use tokio_postgres::Config;
use zerosum_edge::{Drained, Edge, ServeLimits};
use zerosum_ledger::Engine;

pub use zerosum_host::StartError;

use crate::{
    api,
    command::Machine,
    expiry::Expiry,
    schemes::Schemes,
    store::{Nonces, Store},
};

/// What the service is made with. Its clients are in the database, so there is nothing to prove callers by.
#[derive(Debug, Clone)]
pub struct Parts {
    pub host: zerosum_host::Parts<()>,
}

impl Parts {
    pub fn new(database: Config) -> Self {
        Self { host: zerosum_host::Parts::new(database, ()) }
    }
}

/// Ready to serve. It connects to the database when the first request needs it.
pub struct Service {
    edge: Edge,
    engine: Engine<Machine>,
    expiry: Expiry,
}

impl Service {
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let parts = parts.host;
        let reads = parts.reads()?;
        let schemes = Schemes::default();
        let engine = parts.engine(Machine::new(parts.clock.clone(), schemes.clone()));
        let nonces = Nonces::new(&parts.database);
        let expiry = Expiry::new(engine.clone(), &parts.database, nonces.clone());
        Ok(Self { edge: api::edge(engine.clone(), Store::new(reads, schemes), nonces)?, engine, expiry })
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
