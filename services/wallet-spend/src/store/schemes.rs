//! Schemes as they are shown.

use zerosum_domain::BrandId;

use super::{Listed, ReadFailed, Span, Store, columns, decode};
use crate::{
    command::Refused,
    model::{Scheme, SchemeId},
};

const ONE: &str = concat!(
    "select ",
    columns!(scheme),
    " from wallet.schemes s where s.brand_key = $1::bigint and s.scheme_id = $2::bigint"
);
const COUNT: &str = "select count(*) from wallet.schemes s where s.brand_key = $1::bigint";
const PAGE: &str = concat!(
    "select ",
    columns!(scheme),
    " from wallet.schemes s where s.brand_key = $1::bigint",
    " order by s.scheme_id limit $2::bigint offset $3::bigint"
);

impl Store {
    pub async fn scheme(&self, brand: &BrandId, id: SchemeId) -> Result<Scheme, ReadFailed> {
        let answers = self.read(brand, &[(ONE, &[&brand.key().get(), &id.get()])]).await?;
        Ok(answers.all(0, decode::shown_scheme)?.pop().ok_or(Refused::SchemeNotFound)?)
    }

    /// How many there are, and this part of them, oldest first.
    pub async fn schemes(&self, brand: &BrandId, span: Span) -> Result<Listed<Scheme>, ReadFailed> {
        let key = brand.key().get();
        let answers =
            self.read(brand, &[(COUNT, &[&key]), (PAGE, &[&key, &span.limit, &span.offset])]).await?;
        answers.listed(0, 1, decode::shown_scheme)
    }
}
