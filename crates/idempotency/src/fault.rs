//! How the engine's faults read in HTTP. None of them is stored under the key.

use std::time::Duration;

use zerosum_edge::{Kind, Problem};
use zerosum_ledger::{Fault, reads::ReadError};

/// A second: a queue that is full now is empty by then (it holds less than a second of work at the
/// measured rate), and a commit that is unknown is known.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A lost database takes seconds to come back.
const OUTAGE_RETRY_AFTER: Duration = Duration::from_secs(2);

/// A halted brand waits for a person.
const HALT_RETRY_AFTER: Duration = Duration::from_secs(60);

/// The one table from the engine's faults to the edge's problems.
pub fn problem(fault: Fault) -> Problem {
    match fault {
        Fault::KeyReused => Problem::of(
            Kind::IdempotencyKeyReused,
            "the idempotency key was used for another request; nothing was done",
        ),
        Fault::KeyInProgress => Problem::of(
            Kind::IdempotencyInProgress,
            "the first request with this idempotency key is still being decided; ask again with the same key",
        )
        .retry_after(RETRY_AFTER),
        Fault::Busy | Fault::Deadline => Problem::of(
            Kind::Unavailable,
            "there is more to do than can be done in time; nothing was done; try again with the same key",
        )
        .retry_after(RETRY_AFTER),
        Fault::Unknown => Problem::of(
            Kind::Unavailable,
            "whether this was done is not known yet; ask again with the same key",
        )
        .retry_after(RETRY_AFTER),
        Fault::Unavailable => Problem::unavailable(OUTAGE_RETRY_AFTER),
        Fault::Halted => Problem::of(
            Kind::LedgerHalted,
            "the books of this brand are halted until they are checked; nothing was done",
        )
        .retry_after(HALT_RETRY_AFTER),
        Fault::Broken => {
            tracing::error!(error = %fault, "a command could not be carried out");
            Problem::internal()
        }
        Fault::UnknownBrand => Problem::forbidden("the brand is not set up"),
    }
}

/// How a read that has no answer reads in HTTP.
pub fn read_problem(error: ReadError) -> Problem {
    match error {
        ReadError::Unavailable(_) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a read found no database");
            Problem::unavailable(OUTAGE_RETRY_AFTER)
        }
        ReadError::Failed(_) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a read failed");
            Problem::internal()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_kind_and_what_a_retry_heals_says_when() {
        let table = [
            (Fault::Busy, Kind::Unavailable),
            (Fault::Deadline, Kind::Unavailable),
            (Fault::KeyReused, Kind::IdempotencyKeyReused),
            (Fault::KeyInProgress, Kind::IdempotencyInProgress),
            (Fault::Unknown, Kind::Unavailable),
            (Fault::Unavailable, Kind::Unavailable),
            (Fault::Broken, Kind::Internal),
            (Fault::Halted, Kind::LedgerHalted),
            (Fault::UnknownBrand, Kind::Forbidden),
        ];
        for (fault, kind) in table {
            let problem = problem(fault);
            assert!(problem.is(kind), "{fault:?} is {problem:?}");
            let says_when = problem.headers().iter().any(|(name, _)| name == "retry-after");
            assert_eq!(says_when, fault.retryable(), "{fault:?}");
        }
    }
}
