//! Cash: stored promotional cash of a user, scoped to a brand, over HTTP.
//!
//! `api → command → ledger`: a handler parses a request into a command, the engine decides and commits it with
//! others, and the stored outcome is rendered. Reads go through `store`; `expiry` posts what has lapsed.
//! Invariants: lots are spent earliest expiry first; nothing is spent at or after its expiry; a user's lots sum to
//! the posted balance of an ordinary ledger account, which accounting answers for.

pub mod api;
pub mod command;
pub mod config;
pub mod expiry;
pub mod service;
pub mod store;
