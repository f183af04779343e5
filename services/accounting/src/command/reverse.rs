//! Reversing a transaction: the same entries, negated. Once per transaction; the database has it unique too.

use std::sync::Arc;

use zerosum_domain::{Amount, TransactionId};
use zerosum_ledger::book::{Book, Context, EntryRow, Leg, LegLot, Posting};

use super::{
    Refused,
    post::{self, Posted},
    text::{Memo, Metadata, Reference},
};

/// The type of every reversal.
pub const KIND: &str = "reversal";

/// A reversal of a transaction that is known by its id.
#[derive(Debug, Clone)]
pub struct Reverse {
    pub original: TransactionId,
    pub external_ref: Option<Reference>,
    pub memo: Option<Memo>,
    pub metadata: Option<Metadata>,
}

pub(super) fn decide(
    book: &mut Book,
    context: &mut Context<'_>,
    reverse: &Reverse,
) -> Result<Posted, Refused> {
    let original = book.transaction(reverse.original).ok_or(Refused::UnknownTransaction)?;
    let mut entries: Vec<&EntryRow> = original.entries.iter().collect();
    entries.sort_unstable_by_key(|entry| entry.id.line);
    let legs: Vec<Leg> = entries.into_iter().filter_map(opposite).collect();
    post::check_stewards(book, &legs)?;
    let posting = Posting {
        external_ref: reverse.external_ref.as_ref().map(Reference::shared),
        memo: reverse.memo.as_ref().map(Memo::shared),
        metadata: reverse.metadata.as_ref().map(Metadata::shared),
        reverses: Some(reverse.original),
        ..Posting::of(Arc::from(KIND), legs)
    };
    post::put(book, context, posting)
}

/// A posted amount is an amount, so every entry has its opposite.
fn opposite(entry: &EntryRow) -> Option<Leg> {
    let amount = Amount::new(entry.amount).ok()?.negated();
    Some(Leg { account: entry.account, amount, memo: None, lot: LegLot::None })
}
