//! Reading the totals of a brand's books.

use jiff::Timestamp;
use zerosum_domain::BrandId;
use zerosum_ledger::reads::{Query, ReadError};

use super::Store;

/// What the accounts of one type hold in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    pub kind: String,
    pub currency: String,
    pub balance: i128,
}

impl Store {
    /// Totals by currency and type, now or at the end of a moment.
    pub async fn trial_balance(
        &self,
        brand: &BrandId,
        at: Option<Timestamp>,
    ) -> Result<Vec<Total>, ReadError> {
        let key = brand.key().get();
        let rows = match at {
            None => {
                let query = Query { sql: include_str!("trial_balance.sql"), params: &[&key] };
                self.reads.query(brand, query).await?
            }
            Some(at) => {
                let query = Query { sql: include_str!("trial_balance_at.sql"), params: &[&key, &at] };
                self.reads.query(brand, query).await?
            }
        };
        rows.iter()
            .map(|row| {
                let total: &str = row.try_get("total")?;
                Ok(Total {
                    kind: row.try_get("type")?,
                    currency: row.try_get("currency")?,
                    // Fewer than 2^63 accounts of 63 bits each.
                    balance: total.parse().unwrap_or(i128::MAX),
                })
            })
            .collect()
    }
}
