//! The rules of a brand.

use zerosum_domain::BrandId;

use super::{ReadFailed, Store, columns, decode};
use crate::model::PermissionRule;

const RULES: &str = concat!(
    "select ",
    columns!(rule),
    " from wallet.permission_rules r where r.brand_id = $1::text",
    " order by r.subject, r.status nulls first, r.state nulls first"
);

impl Store {
    pub async fn permissions(&self, brand: &BrandId) -> Result<Vec<PermissionRule>, ReadFailed> {
        self.read(brand, &[(RULES, &[&brand.as_str()])]).await?.all(0, decode::rule)
    }
}
