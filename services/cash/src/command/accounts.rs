//! The ledger accounts that cash keeps, found again by their codes and opened on first use.
//!
//! A user's cash is a positive balance that nothing overdraws; what a brand gives comes from its funding account,
//! what users spend ends in its redemption account, and what lapses in its breakage account.

use std::sync::Arc;

use zerosum_domain::{AccountId, AccountType, Currency, Limits, Steward, amount::AMOUNT_MAX};
use zerosum_ledger::book::{Book, Context, OpenAccount, Party};

use super::text::UserId;

/// One of the brand's own accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrandAccount {
    Funding,
    Redemption,
    Breakage,
}

impl BrandAccount {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Funding => "cash:funding",
            Self::Redemption => "cash:redemption",
            Self::Breakage => "cash:breakage",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Funding => "Promotional cash: funding",
            Self::Redemption => "Promotional cash: redemption",
            Self::Breakage => "Promotional cash: breakage",
        }
    }

    /// Funding carries a credit balance, the others a debit balance.
    const fn kind(self) -> AccountType {
        match self {
            Self::Funding => AccountType::Equity,
            Self::Redemption | Self::Breakage => AccountType::Expense,
        }
    }

    pub(super) fn in_book(self, book: &mut Book, context: &mut Context<'_>) -> AccountId {
        let currency = book.brand().currency.clone();
        book.account_or_open(context, self.code(), |code| OpenAccount {
            name: self.name().into(),
            kind: self.kind(),
            limits: Limits::default(),
            keeps_lots: false,
            party: None,
            ..cash_account(code, currency)
        })
    }
}

/// The code of a user's account.
pub fn user_code(user: &UserId) -> Arc<str> {
    format!("cash:user:{}", user.as_str()).into()
}

/// A user's account, opened if this is the first that is heard of the user.
pub(super) fn user_in_book(book: &mut Book, context: &mut Context<'_>, user: &UserId) -> AccountId {
    let currency = book.brand().currency.clone();
    book.account_or_open(context, &user_code(user), |code| OpenAccount {
        name: format!("Cash of {}", user.as_str()).into(),
        kind: AccountType::Asset,
        // The contract answers a balance as a JSON integer, which every reader takes up to 2^53 − 1.
        limits: Limits { floor: Some(0), ceiling: Some(AMOUNT_MAX) },
        keeps_lots: true,
        party: Some(Party { kind: Some("user".into()), id: Some(user.shared()) }),
        ..cash_account(code, currency)
    })
}

fn cash_account(code: Arc<str>, currency: Currency) -> OpenAccount {
    OpenAccount {
        name: code.clone(),
        kind: AccountType::Asset,
        steward: Steward::Cash,
        currency,
        limits: Limits::default(),
        keeps_lots: false,
        code: Some(code),
        external_id: None,
        party: None,
        metadata: None,
    }
}
