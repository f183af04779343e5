//! What a service is made of: an engine, reads, and an edge that asks them whether they are ready.

use tokio_postgres::Config;
use zerosum_edge::{ApiError, ContractError, Readiness};
use zerosum_ledger::{
    Clock, Engine, EngineConfig, StateMachine,
    reads::{ReadError, Reads},
};

/// A read is one round trip, so this many serve thousands a second; PostgreSQL gives each a process.
pub const READ_CONNECTIONS_DEFAULT: usize = 4;

/// What a service is made with. It connects to the database when the first request needs it.
#[derive(Debug, Clone)]
pub struct Parts<A> {
    /// Where the database is, as a member of the application's and the readers' roles.
    pub database: Config,
    /// How callers are proven.
    pub authenticate: A,
    pub lanes: usize,
    pub read_connections: usize,
    pub clock: Clock,
    /// Whether lanes remember what they have moved; otherwise every batch reads under locks.
    pub remembers: bool,
}

impl<A> Parts<A> {
    pub fn new(database: Config, authenticate: A) -> Self {
        Self {
            database,
            authenticate,
            lanes: 1,
            read_connections: READ_CONNECTIONS_DEFAULT,
            clock: Clock::Database,
            remembers: true,
        }
    }

    /// Starts the lanes of this machine.
    pub fn engine<M: StateMachine>(&self, machine: M) -> Engine<M> {
        let config = EngineConfig {
            lanes: self.lanes,
            clock: self.clock.clone(),
            remembers: self.remembers,
            ..EngineConfig::new(self.database.clone())
        };
        Engine::start(machine, config)
    }

    pub fn reads(&self) -> Result<Reads, ReadError> {
        Reads::new(&self.database, self.read_connections)
    }
}

/// Ready while the database answers and takes what the engine writes.
pub fn readiness<M: StateMachine>(reads: &Reads, engine: &Engine<M>) -> Readiness {
    let (reads, engine) = (reads.clone(), engine.clone());
    Readiness::new(move || {
        let (reads, engine) = (reads.clone(), engine.clone());
        async move {
            if !engine.takes_writes() {
                return Err("the database refuses what is written".to_owned());
            }
            reads.ready().await.map_err(|error| error.to_string())
        }
    })
}

/// Why a service cannot start. All but the pool is a fault of the build, found before the first request.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the read pool cannot be made")]
    Reads(#[from] ReadError),
    #[error("the service's document cannot be used")]
    Contract(#[from] ContractError),
    #[error("the service's document and its handlers differ")]
    Api(#[from] ApiError),
}
