//! What an error of a write says of its batch.

use tokio_postgres::{Error, error::SqlState};

use crate::engine::{
    StateMachine,
    batch::{Attempt, classify},
    session::TransactionError,
};

/// Why a write failed.
pub(super) enum Failure {
    Keys(Error),
    Write(Error),
    /// In answer to the commit itself.
    Commit(Error),
}

impl From<TransactionError> for Failure {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Statement(error) => Self::Write(error),
            TransactionError::Commit(error) => Self::Commit(error),
        }
    }
}

impl Failure {
    pub fn classify<M: StateMachine>(self, looked_up: bool) -> Attempt {
        let attempt = match &self {
            // Only what the database says to have rolled back was.
            Self::Commit(error) => match error.as_db_error().map(|db| db.code().code()) {
                Some(code) if code.starts_with("40") || code.starts_with("23") => classify::<M>(error),
                _ => Attempt::Unknown,
            },
            Self::Keys(error) | Self::Write(error) if error.as_db_error().is_none() => Attempt::Unknown,
            Self::Keys(error) | Self::Write(error) => Attempt::of_write::<M>(error, looked_up),
        };
        match (&self, attempt) {
            // Another process is deciding one of the keys.
            (Self::Keys(error), _)
                if error.as_db_error().is_some_and(|db| *db.code() == SqlState::LOCK_NOT_AVAILABLE) =>
            {
                Attempt::KeyHeldElsewhere
            }
            // The server is going down: it may have got as far as the commit.
            (_, Attempt::Unavailable) => Attempt::Unknown,
            (_, attempt) => attempt,
        }
    }
}
