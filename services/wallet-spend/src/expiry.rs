//! The job that ends locks that have run out, posts points that have expired, and forgets nonces that are past.
//!
//! Nothing waits for it: both count as gone from their moment on, in every answer. It gives the books their entries
//! and the events their news soon after. Each is a command through the engine; several processes may run the job
//! at once, because each command looks again at the locked rows and leaves alone what is done by then.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};
use zerosum_ledger::{Engine, Fault, Submission};

use crate::{
    command::{Call, Command, Machine},
    store::{LapsedReader, Nonces},
};

/// How soon after its moment an expiry is posted, when there is little to do.
const PERIOD: Duration = Duration::from_secs(1);
/// After a failure, so that a database that is down is not asked every second by every process.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// What one look finds at most of each kind: a batch's worth, so that the tills keep their turn.
const PER_LOOK: i64 = 200;
/// A command that has waited for so long finds a lane under load; the next look is soon enough.
const DEADLINE: Duration = Duration::from_secs(3);

/// Why a look was cut short. The next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum ExpiryError {
    #[error("looking for what has lapsed")]
    Look(#[from] tokio_postgres::Error),
    #[error("posting an expiry")]
    Post(#[from] Fault),
}

/// Finds and ends.
#[derive(Debug)]
pub struct Expiry {
    engine: Engine<Machine>,
    lapsed: LapsedReader,
    nonces: Nonces,
}

impl Expiry {
    pub(crate) fn new(engine: Engine<Machine>, database: &tokio_postgres::Config, nonces: Nonces) -> Self {
        Self { engine, lapsed: LapsedReader::new(database), nonces }
    }

    /// Runs for as long as it is polled.
    pub async fn run(mut self) {
        loop {
            let pause = match self.look().await {
                Ok(0) => PERIOD,
                // There may be more.
                Ok(_) => Duration::ZERO,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "expiries wait");
                    PAUSE_AFTER_FAILURE
                }
            };
            sleep(pause).await;
        }
    }

    /// Ends what one look finds; answers how much was ended.
    pub async fn look(&mut self) -> Result<usize, ExpiryError> {
        self.nonces.sweep().await?;
        let lapsed = self.lapsed.next(PER_LOOK).await?;
        let ends = lapsed.into_iter().map(|lapsed| {
            self.engine.submit(Submission {
                brand: lapsed.brand,
                key: None,
                command: Command::new(Call::of_job(), lapsed.action),
                deadline: Instant::now() + DEADLINE,
            })
        });
        let mut ended = 0;
        for answer in join_all(ends).await {
            match answer?.outcome {
                Ok(_) => ended += 1,
                Err(refused) => tracing::error!(%refused, "an expiry was not posted"),
            }
        }
        Ok(ended)
    }
}
