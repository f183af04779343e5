//! A lane's connections: the first runs what must be alone, those that write fly batches, the last one reads.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout},
};
use tokio_postgres::Config;

use crate::engine::{ROUND_TRIP_MAX, StateMachine, Stats, batch::Attempt, session::Session};

/// After one of the others could not be opened: the lane does without meanwhile.
const OPEN_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Connections<M: StateMachine> {
    database: Config,
    stats: Arc<Stats>,
    sessions: Vec<Option<Arc<Session<M>>>>,
    opening: Option<Opening<M>>,
    not_before: Instant,
}

/// Which one is being opened.
type Opening<M> = (usize, JoinHandle<Result<Session<M>, Attempt>>);

impl<M: StateMachine> Connections<M> {
    /// So many that write, and one that reads. None is opened yet.
    pub fn new(database: &Config, count: usize, stats: &Arc<Stats>) -> Self {
        let sessions = (0..=count.max(1)).map(|_| None).collect();
        let (database, stats) = (database.clone(), stats.clone());
        Self { database, stats, sessions, opening: None, not_before: Instant::now() }
    }

    pub fn writing(&self) -> std::ops::Range<usize> {
        0..self.reading()
    }

    pub fn reading(&self) -> usize {
        self.sessions.len() - 1
    }

    /// One that is open.
    pub fn get(&self, at: usize) -> Option<&Arc<Session<M>>> {
        self.sessions.get(at)?.as_ref().filter(|session| !session.is_closed())
    }

    /// Its state is not known any more.
    pub fn close(&mut self, at: usize) {
        if let Some(session) = self.sessions.get_mut(at) {
            *session = None;
        }
    }

    /// The first one, opened if it is not.
    pub async fn first(&mut self) -> Result<&Arc<Session<M>>, Attempt> {
        if self.get(0).is_none() {
            self.sessions[0] = Some(Arc::new(open(self.database.clone(), self.stats.clone()).await?));
        }
        self.get(0).ok_or(Attempt::Unavailable)
    }

    /// One of the others. If it is not open, it will be; nobody waits for that.
    pub fn prepare(&mut self, at: usize) -> Option<&Arc<Session<M>>> {
        if let Some((of, opened)) = &mut self.opening
            && let (of, Some(opened)) = (*of, opened.now_or_never())
        {
            self.opening = None;
            match opened {
                Ok(Ok(session)) if self.get(of).is_none() => self.sessions[of] = Some(Arc::new(session)),
                Ok(Ok(_not_needed)) => {}
                Ok(Err(_)) | Err(_) => self.not_before = Instant::now() + OPEN_PAUSE,
            }
        }
        if self.opening.is_none() && self.get(at).is_none() && self.not_before <= Instant::now() {
            self.opening = Some((at, tokio::spawn(open(self.database.clone(), self.stats.clone()))));
        }
        self.get(at)
    }
}

async fn open<M: StateMachine>(database: Config, stats: Arc<Stats>) -> Result<Session<M>, Attempt> {
    // The library bounds the connection attempt and not what follows it: a database that accepts and then says nothing
    // would keep the lane for ever.
    let opened = timeout(ROUND_TRIP_MAX, Session::open(&database, stats)).await.map_err(|_silent| {
        tracing::warn!("the database accepted a lane's connection and said nothing");
        Attempt::Unavailable
    })?;
    opened.map_err(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "a lane cannot reach the database");
        Attempt::Unavailable
    })
}
