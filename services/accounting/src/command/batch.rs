//! Posting many transactions in one command: all or none, or each for itself.

use serde::{Deserialize, Serialize};
use zerosum_ledger::book::{Book, Context};

use super::{
    Refused,
    post::{self, Post, Posted},
};

/// Up to [`Batch::ITEMS_MAX`] transactions, decided in order.
#[derive(Debug, Clone)]
pub struct Batch {
    pub atomic: bool,
    pub items: Vec<Post>,
}

impl Batch {
    /// From the contract: one database commit of it stays well within a request's deadline.
    pub const ITEMS_MAX: usize = 1_000;
}

/// What became of a batch that was not refused whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchDone {
    pub atomic: bool,
    pub items: Vec<Result<Posted, Refused>>,
}

/// A refused item leaves no trace of itself; refusing an atomic batch leaves the earlier items in the book
/// for the caller to undo.
pub(super) fn decide(
    book: &mut Book,
    context: &mut Context<'_>,
    batch: &Batch,
) -> Result<BatchDone, Refused> {
    let mut items = Vec::with_capacity(batch.items.len());
    for (index, item) in batch.items.iter().enumerate() {
        let outcome = post::decide(book, context, item);
        match outcome {
            Err(refused) if batch.atomic => {
                return Err(Refused::Item { index, refused: Box::new(refused) });
            }
            outcome => items.push(outcome),
        }
    }
    Ok(BatchDone { atomic: batch.atomic, items })
}
