//! Posting what has lapsed: user → brand breakage, a transaction for each lot.
//!
//! Nothing depends on when this runs: an expired lot is unusable from its moment on. Safe to run twice and in
//! several processes, because it decides on the locked lots: a lot that is empty by then is left alone.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use zerosum_domain::{AccountId, Amount, LotId};
use zerosum_ledger::book::{Book, Context, Leg, Posting};

use super::{Refused, accounts::BrandAccount, refused, said};

/// The type of the transaction.
pub const KIND: &str = "cash.expiry";

/// Expire what has lapsed in these accounts of one brand. A set: a lot is looked at once.
#[derive(Debug, Clone)]
pub struct Expire {
    pub accounts: BTreeSet<AccountId>,
}

impl Expire {
    /// Enough to keep up (a batch is one commit), few enough that a waiting spend does not notice.
    pub const ACCOUNTS_MAX: usize = 50;
    /// Most lots that one command expires; what is left over is the next command's.
    pub const LOTS_MAX: usize = 500;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expired {
    pub lots: usize,
}

pub(super) fn decide(
    book: &mut Book,
    context: &mut Context<'_>,
    expire: &Expire,
) -> Result<Expired, Refused> {
    let now = context.now;
    let lapsed: Vec<(AccountId, LotId, i64)> = expire
        .accounts
        .iter()
        .flat_map(|account| book.lots_of(*account))
        // What is held of a lot stays until its hold is closed.
        .filter(|lot| lot.expired(now) && lot.free() > 0)
        .map(|lot| (lot.account, lot.id, lot.free()))
        .take(Expire::LOTS_MAX)
        .collect();
    let mut lots = 0;
    for (account, lot, left) in lapsed {
        let Ok(amount) = Amount::new(left) else { continue };
        let breakage = BrandAccount::Breakage.in_book(book, context);
        let legs = vec![Leg::plain(account, amount.negated()).of_lot(lot), Leg::plain(breakage, amount)];
        let posting = Posting { metadata: Some(said::of_expiry()), ..Posting::of(KIND, legs) };
        book.post(context, posting).map_err(refused::of_posting)?;
        lots += 1;
    }
    Ok(Expired { lots })
}
