//! Accounts with their figures of now, and what happened to them.

use zerosum_domain::BrandId;

use super::{Listed, ReadFailed, Span, Store, WALLET_EXISTS, columns, decode, from};
use crate::{
    command::Refused,
    model::{AccountSnapshot, AccountTransaction, WalletAccountId, WalletId},
};

const PAGE: &str = concat!(
    "select ",
    columns!(account),
    " from (select * from wallet.accounts a",
    " where a.brand_key = $1::bigint and a.wallet_id = $2::bigint order by a.account_id",
    " limit $3::bigint offset $4::bigint) a",
    from!(balances),
    " order by a.account_id"
);
const COUNT: &str =
    "select count(*) from wallet.accounts a where a.brand_key = $1::bigint and a.wallet_id = $2::bigint";
const ONE: &str = concat!(
    "select ",
    columns!(account),
    " from (select * from wallet.accounts a",
    " where a.brand_key = $1::bigint and a.wallet_id = $2::bigint and a.account_id = $3::bigint offset 0) a",
    from!(balances)
);
const TRANSACTION_COUNT: &str = "
select count(*) from wallet.account_transactions a where a.brand_key = $1::bigint and a.account_id = $2::bigint";
const TRANSACTIONS: &str = concat!(
    "select ",
    columns!(account_transaction),
    " from wallet.account_transactions a where a.brand_key = $1::bigint and a.account_id = $2::bigint",
    " order by a.account_transaction_id desc limit $3::bigint offset $4::bigint"
);

impl Store {
    pub async fn accounts(
        &self,
        brand: &BrandId,
        wallet: WalletId,
        span: Span,
    ) -> Result<Listed<AccountSnapshot>, ReadFailed> {
        let (key, id) = (brand.key().get(), wallet.get());
        let answers = self
            .read(
                brand,
                &[
                    (WALLET_EXISTS, &[&key, &id]),
                    (COUNT, &[&key, &id]),
                    (PAGE, &[&key, &id, &span.limit, &span.offset]),
                ],
            )
            .await?;
        answers.first(0).ok_or(Refused::WalletNotFound)?;
        answers.listed(1, 2, |row| decode::snapshot(row, &answers.brand))
    }

    pub async fn account(
        &self,
        brand: &BrandId,
        wallet: WalletId,
        account: WalletAccountId,
    ) -> Result<AccountSnapshot, ReadFailed> {
        let params: [super::Param<'_>; 3] = [&brand.key().get(), &wallet.get(), &account.get()];
        let answers = self.read(brand, &[(WALLET_EXISTS, &params[..2]), (ONE, &params)]).await?;
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
    ) -> Result<Listed<AccountTransaction>, ReadFailed> {
        let (key, id) = (brand.key().get(), account.get());
        let answers = self
            .read(
                brand,
                &[
                    (ONE, &[&key, &wallet.get(), &id]),
                    (TRANSACTION_COUNT, &[&key, &id]),
                    (TRANSACTIONS, &[&key, &id, &span.limit, &span.offset]),
                ],
            )
            .await?;
        answers.first(0).ok_or(Refused::AccountNotFound)?;
        answers.listed(1, 2, decode::account_transaction)
    }
}
