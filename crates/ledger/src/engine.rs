//! The group-commit engine: requests that arrive together share one commit, each accepted or refused on its own.
//!
//! ```text
//! submit ── Command ──► lane ──► batch ──► 1 begin; lock and read what the commands name; known keys; the clock
//!                                          2 decide (pure, in memory, command by command, in order)
//!                                          3 write (statements of arrays); commit
//!                                     ◄── each caller gets its own answer
//! ```
//!
//! # Round trips
//! A batch of any length takes **two round trips**: step 1 and step 3 are each sent as one pipeline and then waited
//! for. A machine that has to resolve names first ([`StateMachine::RESOLVES`]) takes **three**. A batch that is decided
//! on nothing but what its lane remembers has no step 1 and takes **one**; what is not remembered is read ahead of it,
//! without locks, in one more, or two if names are resolved, and so is the answer of a key that the lane has decided on
//! before, which then is all there is to do. The next such batch may be sent before it is acknowledged:
//! behind it, or beside it on another connection, where a batch that moves the same accounts writes its new rows
//! meanwhile and moves balances in a second round trip. The number of statements does not depend on the length of the
//! batch either. Tests count both: what is decided on memory and only posts is one statement, which is a transaction of
//! its own.
//!
//! # Invariants
//! - Nothing else writes money: services hand in commands, and only a lane opens a write transaction.
//! - An answer is stored under its key in the same commit as its effect; refusals too.
//! - Rows are locked in key order, so lanes and processes that share accounts do not deadlock by it.
//! - A lane may decide on accounts and rows that it remembers, without locks; then the write confirms the state of all
//!   that was decided on, refusals included, and fails as a whole if anything differs. It is then decided again under
//!   locks.
//! - A batch takes what is queued when it starts; there is no timer, so an idle system answers at the speed of one
//!   commit.
//! - The commit is sent behind the writes without waiting for them, or comes with the one statement that is all of
//!   the transaction. The server turns it into a rollback if one of them failed, and the failed write's own answer says
//!   so. Once it is sent, a lost connection leaves the outcome unknown, and it is answered as [`Fault::Unknown`], never
//!   as a failure; so is an error that comes after the statement's answer.
//! - Commands run in the lane's task: a caller that goes away cancels nothing.

mod batch;
mod fault;
mod fault_points;
mod key;
mod lane;
mod machine;
mod memory;
mod read;
mod recent;
mod session;
mod stats;
mod sweep;
mod threads;
mod trouble;
mod wants;
mod write;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tokio_postgres::Config;
use zerosum_domain::{BrandId, BrandKey};

pub use fault::Fault;
pub use fault_points::FaultPoint;
#[cfg(feature = "fault-points")]
pub use fault_points::arm;
pub use key::{Key, KeyLifetime, KeyName};
pub use machine::{Loaded, Named, Part, Recalled, Rights, StateMachine};
pub use session::{Db, LOCK_WAIT_MS_MAX, STATEMENT_MS_MAX};
pub use stats::Stats;
use trouble::Trouble;
pub use wants::Wants;
pub use write::place;

/// A command on its way to a lane.
#[derive(Debug)]
pub struct Submission<C> {
    pub brand: BrandId,
    pub key: Option<Key>,
    pub command: C,
    /// A command that has not started by then is dropped; one that has is never cut off.
    pub deadline: Instant,
}

/// What was decided, now or when its key was first seen.
pub struct Answer<M: StateMachine> {
    pub outcome: Result<M::Done, M::Refused>,
    pub replayed: bool,
}

impl<M: StateMachine> std::fmt::Debug for Answer<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("outcome", &self.outcome).field("replayed", &self.replayed).finish()
    }
}

/// Where a batch's moment comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The database's clock: one clock for all processes.
    #[default]
    Database,
    /// A clock that a test sets.
    Set(Arc<std::sync::Mutex<Timestamp>>),
}

#[derive(Debug, Clone)]
pub struct EngineConfig {
    pub database: Config,
    /// Brands are spread over the lanes.
    pub lanes: usize,
    /// Connections of each lane that write; one more reads. PostgreSQL uses most of a core for one.
    pub connections: usize,
    /// The most transactions that share a commit. Past 500 a longer batch wins little and its locks last longer.
    pub batch_max: usize,
    /// The most commands that wait for a lane; the next one is told to come back.
    pub queue_max: usize,
    pub clock: Clock,
    /// Whether lanes remember balances and confirm them by the write, instead of locking and reading them first.
    pub remembers: bool,
    /// Whether the lanes run on a thread of their own. On the caller's runtime a lane takes its turn behind every
    /// request that its last batch has woken, and the database waits for it.
    pub own_thread: bool,
}

impl EngineConfig {
    /// Four seconds of work at the lowest rate that was ever measured would be too much: callers give up after three.
    const QUEUE_MAX: usize = 4_096;

    pub fn new(database: Config) -> Self {
        Self {
            database,
            lanes: 1,
            connections: 2,
            batch_max: 500,
            queue_max: Self::QUEUE_MAX,
            clock: Clock::Database,
            remembers: true,
            own_thread: true,
        }
    }
}

/// What a caller waits for.
type Outcome<M> = Result<Answer<M>, Fault>;

/// A queued command.
struct Pending<M: StateMachine> {
    submission: Submission<M::Command>,
    /// Whether the lane has decided on its key lately: it may have an answer.
    said_before: bool,
    /// Whether something was read for it ahead of its batch: what the lane does not remember, or its answer.
    scouted: bool,
    answer: oneshot::Sender<Outcome<M>>,
}

impl<M: StateMachine> Pending<M> {
    /// What its answer is filed under, if it has a key.
    fn key(&self) -> Option<(BrandKey, &Key)> {
        Some((self.submission.brand.key(), self.submission.key.as_ref()?))
    }
}

/// See the module's documentation. Cheap to clone; the lanes end when the last clone is gone and all is answered.
pub struct Engine<M: StateMachine> {
    lanes: Arc<[mpsc::Sender<Pending<M>>]>,
    stats: Arc<Stats>,
    trouble: Arc<Trouble>,
}

impl<M: StateMachine> Clone for Engine<M> {
    fn clone(&self) -> Self {
        Self { lanes: self.lanes.clone(), stats: self.stats.clone(), trouble: self.trouble.clone() }
    }
}

impl<M: StateMachine> std::fmt::Debug for Engine<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("lanes", &self.lanes.len()).finish_non_exhaustive()
    }
}

impl<M: StateMachine> Engine<M> {
    /// Starts the lanes. They connect when the first command comes.
    ///
    /// # Panics
    /// If the operating system gives no thread, or when called outside a runtime.
    pub fn start(machine: M, config: EngineConfig) -> Self {
        let machine = Arc::new(machine);
        let stats = Arc::new(Stats::default());
        let trouble = Arc::new(Trouble::default());
        let (lanes, running): (Vec<_>, Vec<_>) = (0..config.lanes.max(1))
            .map(|_| {
                let (sender, receiver) = mpsc::channel(config.queue_max);
                let lane = lane::Lane::new(machine.clone(), config.clone(), stats.clone(), trouble.clone());
                (sender, lane.run(receiver))
            })
            .unzip();
        let sweep = sweep::run(config.database.clone(), Arc::downgrade(&stats));
        if config.own_thread {
            threads::run(sweep, running);
        } else {
            tokio::spawn(sweep);
            running.into_iter().for_each(|lane| drop(tokio::spawn(lane)));
        }
        Self { lanes: lanes.into(), stats, trouble }
    }

    /// Hands a command to its brand's lane and waits for what was decided.
    pub async fn submit(&self, submission: Submission<M::Command>) -> Outcome<M> {
        let (answer, decided) = oneshot::channel();
        let lane = self.lane(&submission.brand);
        let pending = Pending { submission, said_before: false, scouted: false, answer };
        lane.try_send(pending).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Fault::Busy,
            mpsc::error::TrySendError::Closed(_) => Fault::Unavailable,
        })?;
        // A lane that ended without an answer may have committed.
        decided.await.unwrap_or(Err(Fault::Unknown))
    }

    /// False while the database refuses batch after batch, as on a full disk: for readiness.
    pub fn takes_writes(&self) -> bool {
        !self.trouble.lately()
    }

    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    fn lane(&self, brand: &BrandId) -> &mpsc::Sender<Pending<M>> {
        let mut hasher = DefaultHasher::new();
        brand.hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % self.lanes.len() as u64).unwrap_or(0);
        &self.lanes[at]
    }
}

/// Longest wait for a round trip of a batch: the statement limit, and half a second for the network.
/// The server ends a statement first; this is for a database that has gone silent.
pub(crate) const ROUND_TRIP_MAX: Duration = Duration::from_millis(STATEMENT_MS_MAX + 500);
