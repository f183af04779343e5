//! Wallets and their identities.

use zerosum_domain::BrandId;

use super::{Listed, ReadFailed, Span, Store, WALLET_BY_IDENTITY, WALLET_EXISTS, columns, decode};
use crate::{
    command::Refused,
    model::{Identity, Wallet, WalletId},
};

const BY_ID: &str = concat!(
    "select ",
    columns!(wallet),
    " from wallet.wallets w where w.brand_key = $1::bigint and w.wallet_id = $2::bigint"
);
const IDENTITIES: &str = concat!(
    "select ",
    columns!(identity),
    " from wallet.identities i where i.brand_key = $1::bigint and i.wallet_id = $2::bigint order by i.identity_id",
    " limit $3::bigint offset $4::bigint"
);
const IDENTITY_COUNT: &str =
    "select count(*) from wallet.identities i where i.brand_key = $1::bigint and i.wallet_id = $2::bigint";

impl Store {
    pub async fn wallet(&self, brand: &BrandId, id: WalletId) -> Result<Wallet, ReadFailed> {
        let answers = self.read(brand, &[(BY_ID, &[&brand.key().get(), &id.get()])]).await?;
        Ok(answers.all(0, decode::wallet)?.pop().ok_or(Refused::WalletNotFound)?)
    }

    pub async fn wallet_by_identity(&self, brand: &BrandId, value: &str) -> Result<Wallet, ReadFailed> {
        let answers = self.read(brand, &[(WALLET_BY_IDENTITY, &[&brand.key().get(), &value])]).await?;
        Ok(answers.all(0, decode::wallet)?.pop().ok_or(Refused::IdentityNotFound)?)
    }

    pub async fn identities(
        &self,
        brand: &BrandId,
        wallet: WalletId,
        span: Span,
    ) -> Result<Listed<Identity>, ReadFailed> {
        let (key, id) = (brand.key().get(), wallet.get());
        let answers = self
            .read(
                brand,
                &[
                    (WALLET_EXISTS, &[&key, &id]),
                    (IDENTITY_COUNT, &[&key, &id]),
                    (IDENTITIES, &[&key, &id, &span.limit, &span.offset]),
                ],
            )
            .await?;
        answers.first(0).ok_or(Refused::WalletNotFound)?;
        answers.listed(1, 2, |row| decode::identity(row, &answers.brand))
    }
}
