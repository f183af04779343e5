//! Accounting: accounts, and atomic transactions whose entries sum to zero, over HTTP.
//!
//! `api → command → ledger`: a handler parses a request into a command, the engine decides and commits it with
//! others, and the stored outcome is rendered. Reads go through `store`.
//! Invariant: accounts that another service keeps (cash, points) take no posting from here.

pub mod api;
pub mod command;
pub mod config;
pub mod service;
pub mod store;
