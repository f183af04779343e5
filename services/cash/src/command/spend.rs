//! Taking cash: user → brand redemption, out of the lots that expire first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zerosum_domain::{AccountId, Amount, Cents, TransactionId};
use zerosum_ledger::book::{Book, Context, Leg, Posting};

use super::{
    Refused,
    accounts::{self, BrandAccount},
    refused, said,
    text::{Memo, Reason, UserId},
};

/// The type of the transaction.
pub const KIND: &str = "cash.spend";

#[derive(Debug, Clone)]
pub struct Spend {
    pub user: UserId,
    pub amount: Cents,
    pub reason: Reason,
    pub memo: Option<Memo>,
}

/// A spend, with all that its answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    pub transaction: TransactionId,
    pub account: AccountId,
    pub amount: Cents,
    /// The usable balance after it.
    pub balance: i64,
    pub at: Timestamp,
}

pub(super) fn decide(book: &mut Book, context: &mut Context<'_>, spend: &Spend) -> Result<Spent, Refused> {
    let code = accounts::user_code(&spend.user);
    let account = book.account_by_code(&code).ok_or(Refused::NoAccount)?.id;
    let asked = spend.amount.get();
    let drawn = book
        .draw(account, asked, context.now)
        .map_err(|short| Refused::Insufficient { asked: spend.amount, usable: short.usable })?;
    if drawn.len() >= Posting::LEGS_MAX {
        return Err(Refused::TooManyGrants { grants: drawn.len(), most: Posting::LEGS_MAX - 1 });
    }
    let redemption = BrandAccount::Redemption.in_book(book, context);
    let mut legs = Vec::with_capacity(drawn.len() + 1);
    for part in drawn {
        let amount = Amount::new(-part.amount).map_err(|_| Refused::NoAccount)?;
        legs.push(Leg::plain(account, amount).of_lot(part.lot));
    }
    legs.push(Leg::plain(redemption, spend.amount.debit()));
    let posting = Posting {
        memo: spend.memo.as_ref().map(Memo::shared),
        metadata: Some(said::of_spend(&spend.reason)),
        ..Posting::of(KIND, legs)
    };
    let posted = book.post(context, posting).map_err(refused::of_posting)?;
    Ok(Spent {
        transaction: posted.transaction,
        account,
        amount: spend.amount,
        balance: book.usable(account, context.now),
        at: context.now,
    })
}
