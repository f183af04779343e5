//! Wallet-spend over HTTP, in process, on a real PostgreSQL. Every answer is checked against the document.

mod bad_input;
mod expiry;
mod flow;
mod lots;
mod once;
mod races;
mod refund;
mod settle;
mod setup;
mod shape;
mod stage;
