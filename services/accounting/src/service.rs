//! The service in one piece: the engine, the reads and the edge, for its own binary, for `zerosum up` and for tests.

use std::{future::Future, io, sync::Arc};

use tokio::net::TcpListener;
use zerosum_edge::{Authenticate, Drained, Edge, ErrorMessage, ServeLimits, Settings};

pub use zerosum_host::{Parts, READ_CONNECTIONS_DEFAULT, StartError};

use crate::{
    api::{self, App, SERVICE},
    command::Accounting,
    store::Store,
};

/// Ready to serve. It connects to the database when the first request needs it.
#[derive(Clone)]
pub struct Service {
    edge: Edge,
}

impl Service {
    pub fn start(parts: Parts<impl Authenticate>) -> Result<Self, StartError> {
        let reads = parts.reads()?;
        let engine = parts.engine(Accounting);
        let readiness = zerosum_host::readiness(&reads, &engine);
        let app = App { engine, store: Store::new(reads) };
        let settings = Settings::new(SERVICE, ErrorMessage, parts.authenticate, readiness);
        Ok(Self { edge: api::edge(Arc::new(app), settings)? })
    }

    /// Answers requests without a connection, for tests.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Serves until `shutdown` completes, then drains.
    pub async fn serve(
        self,
        listener: TcpListener,
        limits: ServeLimits,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<Drained> {
        zerosum_edge::serve(listener, self.edge, limits, shutdown).await
    }
}
