//! Cash over HTTP, in process, on a real PostgreSQL. Every answer is checked against the document.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod bad_input;
mod expiry;
mod fuzz;
mod grants_and_spends;
mod idempotency;
mod ledger;
mod races;
mod remembered;
mod stage;
mod walls;
