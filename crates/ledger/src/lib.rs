//! The ledger: the only code that moves money.
//!
//! - [`book`]: a brand's books in memory and the rules of posting, lots and holds. Pure.
//! - [`engine`]: the group-commit engine: commands in, one commit for many, an answer for each.
//! - [`reads`]: reading the ledger, one brand at a time.
//! - [`migrate`]: the one forward stream of migrations.
//! - [`verify`](mod@verify): proves the books again from their entries.
//!
//! Services name this crate's public items; nobody else writes to the `ledger` schema.

pub mod book;
pub mod engine;
pub mod migrate;
mod plans;
pub mod reads;
mod server_check;
pub mod verify;

pub use engine::{
    Answer, Clock, Engine, EngineConfig, Fault, Key, KeyLifetime, KeyName, StateMachine, Submission,
};
pub use migrate::migrate;
pub use server_check::{Unfit, check_server};
pub use verify::verify;
