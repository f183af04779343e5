//! Loyalty points as tender: calculate, spend (lock), settle or void.
//!
//! `api → command → ledger`: [`api`] parses and renders HTTP, [`command`] decides, the ledger's engine commits.
//! [`view`] renders values of [`model`] as published; it is used by the answers and by the events of a command.

pub mod api;
pub mod command;
pub mod model;
mod store;
pub mod view;
