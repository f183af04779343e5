//! Accounting over HTTP, in process, on a real PostgreSQL. Every answer is checked against the document.

mod accounts;
mod bad_input;
mod batch;
mod idempotency;
mod postings;
mod reads;
mod reversals;
mod stage;
mod walls;
