//! What accounting does to the books: commands as data, and the pure function that decides them.
//!
//! A command takes no clock, no random source and no environment; time and ids arrive in its context.
//! Deciding reads and changes one locked book only. A refusal is found before the first change of its posting.

pub mod batch;
mod machine;
pub mod open;
pub mod post;
mod refused;
pub mod reverse;
pub mod text;

use serde::{Deserialize, Serialize};
use zerosum_ledger::book::{Book, Context};

pub use batch::{Batch, BatchDone};
pub use machine::Accounting;
pub use open::{Open, Opened};
pub use post::{Entry, Post, Posted, PostedEntry};
pub use refused::Refused;
pub use reverse::Reverse;

/// What a caller may ask of the ledger.
#[derive(Debug, Clone)]
pub enum Command {
    Post(Post),
    Batch(Batch),
    Reverse(Reverse),
    Open(Open),
}

/// What was done. Stored as the outcome of its key; the answer is rendered from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    Posted(Posted),
    Batch(BatchDone),
    Opened(Box<Opened>),
}

/// Decides a command over the locked book.
pub fn decide(book: &mut Book, context: &mut Context<'_>, command: &Command) -> Result<Done, Refused> {
    match command {
        Command::Post(post) => post::decide(book, context, post).map(Done::Posted),
        Command::Batch(batch) => batch::decide(book, context, batch).map(Done::Batch),
        Command::Reverse(reverse) => reverse::decide(book, context, reverse).map(Done::Posted),
        Command::Open(open) => open::decide(book, context, open).map(|opened| Done::Opened(Box::new(opened))),
    }
}

#[cfg(test)]
mod tests;
