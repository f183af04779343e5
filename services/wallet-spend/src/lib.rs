//! Loyalty points as tender: calculate, spend (lock), settle or void, over HTTP.
//!
//! `api → command → ledger`: [`api`] parses and renders HTTP, [`command`] decides, the ledger's engine commits with
//! others. [`view`] renders values of [`model`] as published, for answers and for events alike. Reads go through
//! `store`; [`expiry`] ends locks and posts points whose time has come.
//! Invariants: a lock is a hold of the ledger and moves nothing; points leave an account only by a posting; a
//! reference names one transaction for ever; what an answer says is stored in the commit that did it.

pub mod api;
pub mod command;
pub mod config;
pub mod expiry;
pub mod model;
mod schemes;
pub mod service;
mod store;
pub mod view;
