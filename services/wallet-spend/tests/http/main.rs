//! Wallet-spend over HTTP, in process, on a real PostgreSQL. Every answer is checked against the document.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod bad_input;
mod bodies;
mod contract;
mod events;
mod examples;
mod expiry;
mod flow;
mod fresh;
mod histories;
mod lookups;
mod lots;
mod memory;
mod once;
mod permissions;
mod races;
mod refund;
mod round_trips;
mod settle;
mod setup;
mod shape;
mod stage;
