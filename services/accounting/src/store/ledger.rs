//! Reading the entries of an account.

use jiff::Timestamp;
use tokio_postgres::Row;
use zerosum_domain::{AccountId, BrandId, EntryId, TransactionId};
use zerosum_ledger::reads::{Query, ReadError};

use super::{
    Store,
    page::{Page, Window},
};

/// An entry of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    pub id: EntryId,
    /// Its place among the account's entries, from 1 without a gap.
    pub version: i64,
    pub amount: i64,
    pub memo: Option<String>,
    pub posted_at: Timestamp,
}

impl LedgerRow {
    fn read(row: &Row) -> Result<Self, ReadError> {
        let line: i16 = row.try_get("line")?;
        Ok(Self {
            id: EntryId {
                transaction: TransactionId::new(row.try_get("transaction_id")?),
                // Lines are written from a u16 that is below 2,000.
                line: u16::try_from(line).unwrap_or_default(),
            },
            version: row.try_get("version")?,
            amount: row.try_get("amount")?,
            memo: row.try_get("memo")?,
            posted_at: row.try_get("posted_at")?,
        })
    }
}

impl Store {
    /// The entries of an account, newest first; `None` where the brand has no such account.
    pub async fn ledger(
        &self,
        brand: &BrandId,
        account: AccountId,
        window: Window<i64>,
    ) -> Result<Option<Page<LedgerRow, i64>>, ReadError> {
        let (key, uuid) = (brand.key().get(), account.uuid());
        let (before, fetch) = (window.before.unwrap_or(i64::MAX), window.fetch());
        let account = Query { sql: include_str!("account.sql"), params: &[&key, &uuid] };
        let entries = Query { sql: include_str!("entries.sql"), params: &[&key, &uuid, &before, &fetch] };
        let answers = self.reads.queries(brand, &[account, entries]).await?;
        let [accounts, entries] = &answers[..] else { return Ok(None) };
        if accounts.is_empty() {
            return Ok(None);
        }
        let rows = entries.iter().map(LedgerRow::read).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(window.page(rows, |row| row.version)))
    }
}
