//! A private PostgreSQL server: found, initialised, started, watched and stopped.
//!
//! [`Server::start`] takes a folder and gives a running server that belongs to this process alone.
//! Invariants:
//! - Two processes never run one folder: a file lock is held for as long as the [`Server`] lives.
//! - A server never outlives the process that started it, `kill -9` included: a shell whose stdin is
//!   a pipe from this process stops the server when that pipe closes.
//! - What was acknowledged stays: nothing but [`Durability::Off`] turns fsync off, and that is for tests.
//! - The server never runs as root, which PostgreSQL refuses.
//!
//! It knows nothing of the ledger: schemas, migrations and grants are the caller's.

mod account;
mod address;
mod cluster;
mod config;
mod error;
mod home;
mod install;
mod janitor;
mod launch;
mod search;
mod secrets;
mod server;
mod settings;
mod supervisor;
mod writeback;

pub use address::Address;
pub use config::{Config, Durability, Search};
pub use error::Error;
pub use search::VERSION_MIN;
pub use secrets::{APP_ROLE, write_private};
pub use server::Server;
