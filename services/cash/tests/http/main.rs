//! Cash over HTTP, in process, on a real PostgreSQL. Every answer is checked against the document.

mod bad_input;
mod expiry;
mod grants_and_spends;
mod idempotency;
mod ledger;
mod races;
mod stage;
mod walls;
