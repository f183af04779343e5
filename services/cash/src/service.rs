//! The service in one piece: the engine, the reads, the edge and the expiry job, for its own binary, for
//! `zerosum up` and for tests.

use std::{future::Future, io, sync::Arc};

use tokio::net::TcpListener;
use zerosum_edge::{Authenticate, Drained, Edge, ErrorMessage, ServeLimits, Settings};

pub use zerosum_host::{Parts, READ_CONNECTIONS_DEFAULT, StartError};

use crate::{
    api::{self, App, SERVICE},
    command::Cash,
    expiry::Expiry,
    store::{LapsedReader, Store},
};

/// Ready to serve. It connects to the database when the first request needs it.
pub struct Service {
    edge: Edge,
    expiry: Expiry,
}

impl Service {
    pub fn start(parts: Parts<impl Authenticate>) -> Result<Self, StartError> {
        let reads = parts.reads()?;
        let engine = parts.engine(Cash);
        let readiness = zerosum_host::readiness(&reads, &engine);
        let lapsed = LapsedReader::new(&parts.database, parts.clock.clone());
        let app = App { engine: engine.clone(), store: Store::new(reads, parts.clock) };
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
