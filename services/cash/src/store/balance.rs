//! Reading what a user can use.

use zerosum_domain::{AccountId, BrandId};
use zerosum_ledger::reads::{Query, ReadError};

use super::{Store, moment};
use crate::command::{accounts::user_code, text::UserId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    pub account: AccountId,
    pub currency: String,
    pub usable: i64,
}

impl Store {
    /// `None` where the user never had a grant.
    pub async fn balance(&self, brand: &BrandId, user: &UserId) -> Result<Option<Balance>, ReadError> {
        let (code, at) = (user_code(user), moment(&self.clock));
        let query = Query { sql: include_str!("balance.sql"), params: &[&brand.key().get(), &&*code, &at] };
        let rows = self.reads.query(brand, query).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Balance {
            account: AccountId::new(row.try_get("account_id")?),
            currency: row.try_get("currency")?,
            usable: row.try_get("usable")?,
        }))
    }
}
