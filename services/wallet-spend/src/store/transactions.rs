//! Wallet transactions. A lock that has run out is shown EXPIRED, whether or not a job has ended it.

use jiff::Timestamp;
use zerosum_domain::BrandId;

use super::{Listed, ReadFailed, Span, Store, WALLET_EXISTS, columns, decode};
use crate::{
    command::Refused,
    model::{PointsResults, Reference, TransactionStatus, WalletId, WalletTransaction, WalletTransactionId},
};

const ONE: &str = concat!(
    "select ",
    columns!(transaction),
    " from wallet.wallet_transactions t",
    " where t.brand_key = $1::bigint and t.wallet_id = $2::bigint and t.wallet_transaction_id = $3::bigint"
);
const BY_REFERENCE: &str = concat!(
    "select ",
    columns!(transaction),
    " from wallet.wallet_transactions t where t.brand_key = $1::bigint and t.reference = $2::text"
);
const COUNT: &str = "
select count(*) from wallet.wallet_transactions t where t.brand_key = $1::bigint and t.wallet_id = $2::bigint";
const PAGE: &str = concat!(
    "select ",
    columns!(transaction),
    " from wallet.wallet_transactions t where t.brand_key = $1::bigint and t.wallet_id = $2::bigint",
    " order by t.wallet_transaction_id desc limit $3::bigint offset $4::bigint"
);

impl Store {
    pub async fn transaction(
        &self,
        brand: &BrandId,
        wallet: WalletId,
        id: WalletTransactionId,
    ) -> Result<WalletTransaction, ReadFailed> {
        let answers = self.read(brand, &[(ONE, &[&brand.key().get(), &wallet.get(), &id.get()])]).await?;
        let found = answers.all(0, decode::transaction)?.pop();
        let reference = || Reference::try_from(id.to_string()).map_err(|_| Refused::WalletNotFound);
        match found {
            Some(found) => Ok(as_of(found, answers.now)),
            None => Err(Refused::TransactionNotFound { reference: reference()? }.into()),
        }
    }

    pub async fn transaction_by_reference(
        &self,
        brand: &BrandId,
        reference: &Reference,
    ) -> Result<WalletTransaction, ReadFailed> {
        let answers = self.read(brand, &[(BY_REFERENCE, &[&brand.key().get(), &reference.as_str()])]).await?;
        let found = answers.all(0, decode::transaction)?.pop();
        let found = found.ok_or_else(|| Refused::TransactionNotFound { reference: reference.clone() })?;
        Ok(as_of(found, answers.now))
    }

    pub async fn transactions(
        &self,
        brand: &BrandId,
        wallet: WalletId,
        span: Span,
    ) -> Result<Listed<WalletTransaction>, ReadFailed> {
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
        answers.listed(1, 2, |row| Ok(decode::transaction(row)?.map(|found| as_of(found, answers.now))))
    }
}

fn as_of(mut transaction: WalletTransaction, now: Timestamp) -> WalletTransaction {
    if transaction.lapsed(now) {
        transaction.status = TransactionStatus::Expired;
        transaction.results = Some(PointsResults::default());
    }
    transaction
}
