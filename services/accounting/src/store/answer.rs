//! Reading what was decided under a key.

use zerosum_domain::BrandId;
use zerosum_ledger::reads::{Query, ReadError};

use super::Store;

/// An outcome as the engine stored it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    pub refused: bool,
    /// JSON text.
    pub outcome: String,
}

impl Store {
    pub async fn stored_answer(
        &self,
        brand: &BrandId,
        scope: &str,
        key: &str,
    ) -> Result<Option<StoredAnswer>, ReadError> {
        let query =
            Query { sql: include_str!("stored_answer.sql"), params: &[&brand.as_str(), &scope, &key] };
        let rows = self.reads.query(brand, query).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(StoredAnswer { refused: row.try_get("refused")?, outcome: row.try_get("outcome")? }))
    }
}
