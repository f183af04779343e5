//! What tests stand on: a real PostgreSQL that starts by itself, and a database of its own per test.
//!
//! It panics where a service would return an error: a test that cannot be set up has failed.

pub mod checkers;
mod database;
pub mod errors;
pub mod fuzz;
pub mod history;
pub mod http;
pub mod model;
pub mod proxy;
pub mod schedule;
mod server;

pub use database::{DurableDatabase, TestDatabase};
