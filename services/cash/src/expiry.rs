//! The job that posts what has lapsed.
//!
//! Nothing waits for it: an expired lot is unusable from its moment on, in every answer. It gives the books their
//! entries soon after. Small batches through the engine, like any command; several processes may run it at once,
//! because each decides on the locked lots and leaves alone what is empty by then.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use zerosum_domain::AccountId;
use zerosum_ledger::{Engine, Fault, Submission};

use crate::{
    command::{Cash, Command, Done, Expire, Expired},
    store::LapsedReader,
};

/// How soon after its moment an expiry is posted, when there is little to do.
const PERIOD: Duration = Duration::from_secs(1);
/// After a failure, so that a database that is down is not asked every second by every process.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Most lots that one look finds: ten commands.
const LOTS_PER_LOOK: u16 = 500;
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

/// Finds and posts.
#[derive(Debug)]
pub struct Expiry {
    engine: Engine<Cash>,
    lapsed: LapsedReader,
}

impl Expiry {
    pub fn new(engine: Engine<Cash>, lapsed: LapsedReader) -> Self {
        Self { engine, lapsed }
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

    /// Posts the expiries that one look finds; answers how many.
    pub async fn look(&mut self) -> Result<usize, ExpiryError> {
        let mut posted = 0;
        for of_brand in self.lapsed.next(LOTS_PER_LOOK).await? {
            let accounts: Vec<AccountId> = of_brand.accounts.into_iter().collect();
            for accounts in accounts.chunks(Expire::ACCOUNTS_MAX) {
                let submission = Submission {
                    brand: of_brand.brand.clone(),
                    key: None,
                    command: Command::Expire(Expire { accounts: accounts.iter().copied().collect() }),
                    deadline: Instant::now() + DEADLINE,
                };
                match self.engine.submit(submission).await?.outcome {
                    Ok(Done::Expired(Expired { lots })) => posted += lots,
                    other => tracing::error!(brand = %of_brand.brand, ?other, "an expiry was not posted"),
                }
            }
        }
        Ok(posted)
    }
}
