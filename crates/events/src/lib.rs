//! Events: what happened, as the outbox keeps it and as consumers get it.
//!
//! An outbox row is written by the commit that it tells of. The row of a batch's postings holds no payload: posted
//! rows never change, so its events are rendered from them whenever they are sent, always the same. The events that a
//! batch's rules told are in a row of their own, one JSON array. An event of a call whose answer is kept for ever holds
//! what that answer does not say, and its service renders it from both.
//! Delivery is at least once; consumers dedupe by [`Event::id`].

mod ledger;
mod outbox;

pub use ledger::{BalanceChanged, TransactionPosted, TransactionPostedEntry};
pub use outbox::{Data, Event, PageError, Render, page};
