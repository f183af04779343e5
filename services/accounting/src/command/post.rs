//! Posting a transaction between accounts that no other service keeps.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zerosum_domain::{AccountId, Amount, Steward, TransactionId};
use zerosum_ledger::book::{Book, Context, Leg, LegLot, PostRefused, Posting};

use super::{
    Refused,
    text::{Memo, Metadata, Reference, TransactionType},
};

/// A transaction to post.
#[derive(Debug, Clone)]
pub struct Post {
    pub kind: TransactionType,
    pub external_ref: Option<Reference>,
    pub memo: Option<Memo>,
    pub metadata: Option<Metadata>,
    pub entries: Vec<Entry>,
}

/// One entry of a transaction to post.
#[derive(Debug, Clone)]
pub struct Entry {
    pub account: AccountId,
    pub amount: Amount,
    pub memo: Option<Memo>,
}

/// A posted transaction, with all that its answer says: the answer is rendered from this alone, the first
/// time and every later time. Field names are short because every key stores them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub id: TransactionId,
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<Arc<str>>,
    #[serde(rename = "at")]
    pub posted_at: Timestamp,
    pub entries: Vec<PostedEntry>,
}

/// An entry as posted; its line is its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedEntry {
    #[serde(rename = "a")]
    pub account: AccountId,
    #[serde(rename = "n")]
    pub amount: Amount,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub memo: Option<Arc<str>>,
}

/// Posts the transaction, or says why not and leaves the book as it was.
pub(super) fn decide(book: &mut Book, context: &mut Context<'_>, post: &Post) -> Result<Posted, Refused> {
    let legs = legs(post);
    check_stewards(book, &legs)?;
    let posting = Posting {
        external_ref: post.external_ref.as_ref().map(Reference::shared),
        memo: post.memo.as_ref().map(Memo::shared),
        metadata: post.metadata.as_ref().map(Metadata::shared),
        ..Posting::of(post.kind.shared(), legs)
    };
    put(book, context, posting)
}

/// Posts what was checked for its stewards, and keeps what the answer needs.
pub(super) fn put(book: &mut Book, context: &mut Context<'_>, posting: Posting) -> Result<Posted, Refused> {
    let kind = posting.kind.clone();
    let external_ref = posting.external_ref.clone();
    let memo = posting.memo.clone();
    let entries: Vec<PostedEntry> = posting
        .legs
        .iter()
        .map(|leg| PostedEntry { account: leg.account, amount: leg.amount, memo: leg.memo.clone() })
        .collect();
    match book.post(context, posting) {
        Ok(posted) => {
            Ok(Posted { id: posted.transaction, kind, external_ref, memo, posted_at: context.now, entries })
        }
        Err(refused) => Err(explain(book, refused, &kind, external_ref, &entries)),
    }
}

/// An unknown account comes before a kept one, wherever they stand: what the request gets wrong comes first.
pub(super) fn check_stewards(book: &Book, legs: &[Leg]) -> Result<(), Refused> {
    let mut kept = None;
    for (entry, leg) in legs.iter().enumerate() {
        let account = book.account(leg.account).ok_or(Refused::UnknownAccount { entry })?;
        match account.steward {
            Steward::General => {}
            steward @ (Steward::Cash | Steward::Points) => {
                kept.get_or_insert(Refused::Kept { entry, steward });
            }
        }
    }
    kept.map_or(Ok(()), Err)
}

fn legs(post: &Post) -> Vec<Leg> {
    post.entries
        .iter()
        .map(|entry| Leg {
            account: entry.account,
            amount: entry.amount,
            memo: entry.memo.as_ref().map(Memo::shared),
            lot: LegLot::None,
        })
        .collect()
}

fn explain(
    book: &Book,
    refused: PostRefused,
    kind: &Arc<str>,
    external_ref: Option<Arc<str>>,
    entries: &[PostedEntry],
) -> Refused {
    let first_of =
        |account: AccountId| entries.iter().position(|entry| entry.account == account).unwrap_or_default();
    match refused {
        PostRefused::UnknownAccount { leg } => Refused::UnknownAccount { entry: leg },
        PostRefused::Unbalanced { currency, sum } => Refused::Unbalanced { currency, sum: sum.to_string() },
        PostRefused::DuplicateExternalRef(first) => Refused::DuplicateExternalRef {
            kind: kind.clone(),
            external_ref: external_ref.unwrap_or_default(),
            first,
        },
        PostRefused::AlreadyReversed(by) => Refused::AlreadyReversed { by },
        PostRefused::LimitPassed { account } => Refused::LimitPassed {
            entry: first_of(account),
            account,
            limits: book.account(account).map(|account| account.limits).unwrap_or_default(),
        },
        PostRefused::Overflow { account } => Refused::Overflow { entry: first_of(account), account },
        // The contract bounds the entries, and only an account that another service keeps has lots.
        PostRefused::EntryCount | PostRefused::LotMismatch { .. } => {
            unreachable!("the contract and the stewards were checked before the posting")
        }
    }
}
