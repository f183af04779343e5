//! Why a run of a batch did not commit, and what the database's error says of it.

use tokio_postgres::{Error, error::SqlState};

use crate::engine::StateMachine;

/// Why a run of a batch did not commit. Everything but `Unknown` was certainly rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Attempt {
    /// A deadlock, a serialization failure, or a race that another process won: the same again may succeed.
    Rerun,
    /// Another process is deciding one of the keys and did not finish within the lock wait.
    KeyHeldElsewhere,
    /// The database refused what was written.
    Failed,
    Unavailable,
    /// It was decided on something that the lane remembered wrong, or must not decide without locks.
    Stale,
    /// Its keys and references were taken to be new and one was not.
    KnownKey,
    /// The commit was sent and not acknowledged.
    Unknown,
}

impl Attempt {
    /// Of a write that failed; `looked_up` is whether the keys and references that must be new were read before.
    pub(in crate::engine) fn of_write<M: StateMachine>(error: &Error, looked_up: bool) -> Self {
        let taken_to_be_new = [KEYS_PKEY, REFS_KEY];
        match error.as_db_error().and_then(|db| db.constraint()) {
            Some(constraint) if !looked_up && taken_to_be_new.contains(&constraint) => Self::KnownKey,
            _ => classify::<M>(error),
        }
    }
}

/// The ledger's unique constraints that only a race can break: deciding has already looked.
const RACES: &[&str] =
    &[KEYS_PKEY, "accounts_code_key", "accounts_external_id_key", REFS_KEY, "transactions_reverses_key"];

// Also broken by a repeated key or reference in a batch that was written without looking them up first.
const KEYS_PKEY: &str = "idempotency_keys_pkey";
const REFS_KEY: &str = "transactions_external_ref_key";

/// What `ledger.refuse_stale` raises.
const STALE: &str = "ZS001";

/// What the database said about an error that came before the commit was sent.
pub(in crate::engine) fn classify<M: StateMachine>(error: &Error) -> Attempt {
    let Some(db) = error.as_db_error() else { return Attempt::Unavailable };
    let code = db.code();
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return Attempt::Rerun;
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return Attempt::Rerun;
    }
    // A remembered limit may be older than the operator's; the database knows.
    let limits = ["balances_floor_check", "balances_ceiling_check"];
    if code.code() == STALE || db.constraint().is_some_and(|name| limits.contains(&name)) {
        return Attempt::Stale;
    }
    if *code == SqlState::UNIQUE_VIOLATION
        && db.constraint().is_some_and(|name| RACES.contains(&name) || M::RACES.contains(&name))
    {
        return Attempt::Rerun;
    }
    // Class 57 is the operator's or the statement limit's intervention, 53 a lack of resources, 08 a lost connection.
    if ["57", "53", "08"].iter().any(|class| code.code().starts_with(class)) {
        tracing::warn!(code = code.code(), message = db.message(), "the database cannot take a batch now");
        return Attempt::Unavailable;
    }
    tracing::error!(
        code = code.code(),
        constraint = db.constraint(),
        table = db.table(),
        message = db.message(),
        "the database refused a batch"
    );
    Attempt::Failed
}
