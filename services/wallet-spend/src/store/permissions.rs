//! The rules of a brand.

use zerosum_domain::BrandId;

use super::{RULES, ReadFailed, Store, decode};
use crate::model::PermissionRule;

impl Store {
    pub async fn permissions(&self, brand: &BrandId) -> Result<Vec<PermissionRule>, ReadFailed> {
        self.read(brand, &[(RULES, &[&brand.key().get()])]).await?.all(0, decode::rule)
    }
}
