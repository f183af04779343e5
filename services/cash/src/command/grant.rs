//! Giving cash: brand funding → user, into a lot of its own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zerosum_domain::{AccountId, Cents, LotId};
use zerosum_ledger::book::{Book, Context, Leg, Posting};

use super::{
    Refused,
    accounts::{self, BrandAccount},
    refused, said,
    text::{Memo, Reason, Source, UserId},
};

/// The type of the transaction.
pub const KIND: &str = "cash.grant";

#[derive(Debug, Clone)]
pub struct Grant {
    pub user: UserId,
    pub amount: Cents,
    pub source: Source,
    pub reason: Option<Reason>,
    /// From this moment on it cannot be spent. `None`: never.
    pub expires_at: Option<Timestamp>,
    pub memo: Option<Memo>,
}

/// A grant, with all that its answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The lot is the grant.
    pub grant: LotId,
    pub account: AccountId,
    pub amount: Cents,
    /// The usable balance after it.
    pub balance: i64,
    pub at: Timestamp,
}

pub(super) fn decide(book: &mut Book, context: &mut Context<'_>, grant: &Grant) -> Result<Granted, Refused> {
    let funding = BrandAccount::Funding.in_book(book, context);
    let account = accounts::user_in_book(book, context, &grant.user);
    // The user's entry comes first: its line is part of the row's id.
    let legs = vec![
        Leg::plain(account, grant.amount.debit()).new_lot(grant.expires_at),
        Leg::plain(funding, grant.amount.credit()),
    ];
    let posting = Posting {
        memo: grant.memo.as_ref().map(Memo::shared),
        metadata: Some(said::of_grant(&grant.source, grant.reason.as_ref())),
        ..Posting::of(KIND, legs)
    };
    let posted = book.post(context, posting).map_err(refused::of_posting)?;
    let lot = posted.entries.first().and_then(|entry| entry.lot);
    Ok(Granted {
        grant: lot.unwrap_or_else(|| unreachable!("the entry above makes a lot")),
        account,
        amount: grant.amount,
        balance: book.usable(account, context.now),
        at: context.now,
    })
}
