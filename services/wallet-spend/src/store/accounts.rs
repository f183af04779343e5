//! Accounts with their figures of now, and what happened to them.

use zerosum_domain::BrandId;

use super::{ReadFailed, Span, Store, columns, decode};
use crate::{
    command::Refused,
    model::{AccountSnapshot, AccountTransaction, WalletAccountId, WalletId},
};

/// A part of what happened to an account, newest first.
#[derive(Debug)]
pub(crate) struct AccountPage {
    pub total: i64,
    pub transactions: Vec<AccountTransaction>,
}

const WALLET: &str =
    "select 1 from wallet.wallets w where w.brand_id = $1::text and w.wallet_id = $2::bigint";
const ALL: &str = concat!(
    "select ",
    columns!(account),
    " from wallet.accounts a",
    " join wallet.account_balances b on b.brand_id = a.brand_id and b.account_id = a.account_id",
    " where a.brand_id = $1::text and a.wallet_id = $2::bigint order by a.account_id"
);
const ONE: &str = concat!(
    "select ",
    columns!(account),
    " from wallet.accounts a",
    " join wallet.account_balances b on b.brand_id = a.brand_id and b.account_id = a.account_id",
    " where a.brand_id = $1::text and a.wallet_id = $2::bigint and a.account_id = $3::bigint"
);
const COUNT: &str = "
select count(*) from wallet.account_transactions a where a.brand_id = $1::text and a.account_id = $2::bigint";
const TRANSACTIONS: &str = concat!(
    "select ",
    columns!(account_transaction),
    " from wallet.account_transactions a where a.brand_id = $1::text and a.account_id = $2::bigint",
    " order by a.account_transaction_id desc limit $3::bigint offset $4::bigint"
);

impl Store {
    pub async fn accounts(
        &self,
        brand: &BrandId,
        wallet: WalletId,
    ) -> Result<Vec<AccountSnapshot>, ReadFailed> {
        let params: [super::Param<'_>; 2] = [&brand.as_str(), &wallet.get()];
        let answers = self.read(brand, &[(WALLET, &params), (ALL, &params)]).await?;
        answers.first(0).ok_or(Refused::WalletNotFound)?;
        answers.all(1, |row| decode::snapshot(row, &answers.brand))
    }

    pub async fn account(
        &self,
        brand: &BrandId,
        wallet: WalletId,
        account: WalletAccountId,
    ) -> Result<AccountSnapshot, ReadFailed> {
        let params: [super::Param<'_>; 3] = [&brand.as_str(), &wallet.get(), &account.get()];
        let answers = self.read(brand, &[(WALLET, &params[..2]), (ONE, &params)]).await?;
        answers.first(0).ok_or(Refused::WalletNotFound)?;
        let found = answers.all(1, |row| decode::snapshot(row, &answers.brand))?.pop();
        Ok(found.ok_or(Refused::AccountNotFound)?)
    }

    pub async fn account_transactions(
        &self,
        brand: &BrandId,
        wallet: WalletId,
        account: WalletAccountId,
        span: Span,
    ) -> Result<AccountPage, ReadFailed> {
        let (name, id) = (brand.as_str(), account.get());
        let answers = self
            .read(
                brand,
                &[
                    (ONE, &[&name, &wallet.get(), &id]),
                    (COUNT, &[&name, &id]),
                    (TRANSACTIONS, &[&name, &id, &span.limit, &span.offset]),
                ],
            )
            .await?;
        answers.first(0).ok_or(Refused::AccountNotFound)?;
        let total = answers.first(1).map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
        Ok(AccountPage { total, transactions: answers.all(2, decode::account_transaction)? })
    }
}
