//! What cash does to the books: commands as data, and the pure function that decides them.
//!
//! A command takes no clock, no random source and no environment; time and ids arrive in its context.
//! Invariants: a user's lots sum to the posted balance; an expired lot is never drawn on, whether or not its
//! expiry was posted; granted = spent + expired + live.

pub mod accounts;
pub mod expire;
pub mod grant;
mod machine;
mod refused;
pub mod said;
pub mod spend;
pub mod text;

use serde::{Deserialize, Serialize};
use zerosum_ledger::book::{Book, Context};

pub use expire::{Expire, Expired};
pub use grant::{Grant, Granted};
pub use machine::Cash;
pub use refused::Refused;
pub use spend::{Spend, Spent};

/// What can be asked of cash.
#[derive(Debug, Clone)]
pub enum Command {
    Grant(Grant),
    Spend(Spend),
    /// Ours alone: the job that posts what has lapsed.
    Expire(Expire),
}

/// What was done. Stored as the outcome of its key; the answer is rendered from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    Granted(Granted),
    Spent(Spent),
    Expired(Expired),
}

/// Decides a command over the locked book.
pub fn decide(book: &mut Book, context: &mut Context<'_>, command: &Command) -> Result<Done, Refused> {
    match command {
        Command::Grant(grant) => grant::decide(book, context, grant).map(Done::Granted),
        Command::Spend(spend) => spend::decide(book, context, spend).map(Done::Spent),
        Command::Expire(expire) => expire::decide(book, context, expire).map(Done::Expired),
    }
}

#[cfg(test)]
mod tests;
