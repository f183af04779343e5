//! Wallets and their identities.

use zerosum_domain::BrandId;

use super::{ReadFailed, Store, columns, decode};
use crate::{
    command::Refused,
    model::{Identity, Wallet, WalletId},
};

const BY_ID: &str = concat!(
    "select ",
    columns!(wallet),
    " from wallet.wallets w where w.brand_id = $1::text and w.wallet_id = $2::bigint"
);
const BY_IDENTITY: &str = concat!(
    "select ",
    columns!(wallet),
    " from wallet.identities i join wallet.wallets w on w.brand_id = i.brand_id and w.wallet_id = i.wallet_id",
    " where i.brand_id = $1::text and i.value = $2::text"
);
const IDENTITIES: &str = concat!(
    "select ",
    columns!(identity),
    " from wallet.identities i where i.brand_id = $1::text and i.wallet_id = $2::bigint order by i.identity_id"
);

impl Store {
    pub async fn wallet(&self, brand: &BrandId, id: WalletId) -> Result<Wallet, ReadFailed> {
        let answers = self.read(brand, &[(BY_ID, &[&brand.as_str(), &id.get()])]).await?;
        Ok(answers.all(0, decode::wallet)?.pop().ok_or(Refused::WalletNotFound)?)
    }

    pub async fn wallet_by_identity(&self, brand: &BrandId, value: &str) -> Result<Wallet, ReadFailed> {
        let answers = self.read(brand, &[(BY_IDENTITY, &[&brand.as_str(), &value])]).await?;
        Ok(answers.all(0, decode::wallet)?.pop().ok_or(Refused::IdentityNotFound)?)
    }

    pub async fn identities(&self, brand: &BrandId, wallet: WalletId) -> Result<Vec<Identity>, ReadFailed> {
        let params: [super::Param<'_>; 2] = [&brand.as_str(), &wallet.get()];
        let answers = self.read(brand, &[(BY_ID, &params), (IDENTITIES, &params)]).await?;
        answers.first(0).ok_or(Refused::WalletNotFound)?;
        answers.all(1, |row| decode::identity(row, Some(&answers.brand)))
    }
}
