//! The answer of POST /services/wallet and /services/wallet/accounts.

use serde::Serialize;

use crate::{
    command::done::{FailedAccount, NewAccounts, NewWallet},
    model::Json,
    view::{AccountShown, AccountView, EmptyMap, IdentityView, WalletView},
};

#[derive(Debug, Serialize)]
pub(super) struct CreatedView<'a> {
    #[serde(flatten)]
    wallet: WalletView<'a>,
    identities: Vec<IdentityView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<AccountsView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer: Option<Option<&'a Json>>,
}

#[derive(Debug, Serialize)]
struct AccountsView<'a> {
    campaign: Outcomes<EmptyMap, EmptyMap>,
    scheme: Outcomes<Vec<AccountView<'a>>, &'a [FailedAccount]>,
}

/// `results` are those that succeeded, as `successful` has them.
#[derive(Debug, Serialize)]
struct Outcomes<S, F> {
    total: usize,
    results: S,
    successful: Counted<S>,
    failed: Counted<F>,
}

#[derive(Debug, Serialize)]
struct Counted<T> {
    total: usize,
    results: T,
}

impl<'a> CreatedView<'a> {
    pub fn of(new: &'a NewWallet) -> Self {
        Self {
            wallet: WalletView::of(&new.wallet),
            identities: new.identities.iter().map(|identity| IdentityView::of(identity)).collect(),
            accounts: new.accounts.as_ref().map(accounts),
            consumer: new.accounts.as_ref().map(|accounts| accounts.consumer.as_ref()),
        }
    }
}

fn accounts(of: &NewAccounts) -> AccountsView<'_> {
    let views = || of.successful.iter().map(|account| AccountView::of(account, AccountShown::Read)).collect();
    AccountsView {
        // Coupons are campaigns' accounts; there are none here.
        campaign: Outcomes {
            total: 0,
            results: EmptyMap,
            successful: Counted { total: 0, results: EmptyMap },
            failed: Counted { total: 0, results: EmptyMap },
        },
        scheme: Outcomes {
            total: of.successful.len() + of.failed.len(),
            results: views(),
            successful: Counted { total: of.successful.len(), results: views() },
            failed: Counted { total: of.failed.len(), results: &of.failed },
        },
    }
}
