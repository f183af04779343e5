//! What black-box tests stand on: services on ports of their own over a database of their own, and clients that
//! check every answer against the document.
//!
//! Nothing here looks inside a service: what a test knows, it was told over HTTP, or by
//! [`zerosum_ledger::verify`](mod@zerosum_ledger::verify), or by the database itself.
//! It panics where a service would return an error: a test that cannot be set up has failed.

pub mod accounting;
pub mod cash;
mod client;
pub mod crowd;
mod stage;
pub mod wallet;

pub use client::{Answer, Ask, Client, Proof};
pub use stage::{BRAND, OTHER_BRAND, Stage};
