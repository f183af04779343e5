//! Accounting over HTTP, in process, on a real PostgreSQL. Every answer is checked against the document.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod accounts;
mod bad_input;
mod batch;
mod cash_accounts;
mod fuzz;
mod idempotency;
mod postings;
mod reads;
mod reversals;
mod stage;
mod walls;
