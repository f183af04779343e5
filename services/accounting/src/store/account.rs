//! Reading accounts.

use jiff::Timestamp;
use tokio_postgres::Row;
use zerosum_domain::{AccountId, BrandId};
use zerosum_ledger::reads::{Query, ReadError};

use super::{
    Store,
    page::{Page, Window},
};

/// An account as it was opened, and what it holds now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    pub id: AccountId,
    pub name: String,
    pub kind: String,
    pub currency: String,
    /// JSON text.
    pub metadata: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub external_id: Option<String>,
    pub party_type: Option<String>,
    pub party_id: Option<String>,
    pub floor: Option<i64>,
    pub ceiling: Option<i64>,
    pub posted: i64,
}

impl AccountRow {
    fn read(row: &Row) -> Result<Self, ReadError> {
        Ok(Self {
            id: AccountId::new(row.try_get("account_id")?),
            name: row.try_get("name")?,
            kind: row.try_get("type")?,
            currency: row.try_get("currency")?,
            metadata: row.try_get("metadata")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            external_id: row.try_get("external_id")?,
            party_type: row.try_get("party_type")?,
            party_id: row.try_get("party_id")?,
            floor: row.try_get("floor")?,
            ceiling: row.try_get("ceiling")?,
            posted: row.try_get("posted")?,
        })
    }
}

impl Store {
    pub async fn account(&self, brand: &BrandId, id: AccountId) -> Result<Option<AccountRow>, ReadError> {
        let query = Query { sql: include_str!("account.sql"), params: &[&brand.key().get(), &id.uuid()] };
        let rows = self.reads.query(brand, query).await?;
        rows.first().map(AccountRow::read).transpose()
    }

    /// The account, holding what it held at the end of the moment.
    pub async fn account_at(
        &self,
        brand: &BrandId,
        id: AccountId,
        at: Timestamp,
    ) -> Result<Option<AccountRow>, ReadError> {
        let (key, uuid) = (brand.key().get(), id.uuid());
        let account = Query { sql: include_str!("account.sql"), params: &[&key, &uuid] };
        let balance = Query { sql: include_str!("balance_at.sql"), params: &[&key, &uuid, &at] };
        let answers = self.reads.queries(brand, &[account, balance]).await?;
        let [accounts, balances] = &answers[..] else { return Ok(None) };
        let (Some(account), Some(balance)) = (accounts.first(), balances.first()) else { return Ok(None) };
        Ok(Some(AccountRow { posted: balance.try_get("posted")?, ..AccountRow::read(account)? }))
    }

    /// The brand's accounts, newest first.
    pub async fn accounts(
        &self,
        brand: &BrandId,
        external_id: Option<&str>,
        window: Window<AccountId>,
    ) -> Result<Page<AccountRow, AccountId>, ReadError> {
        let before = window.before.map_or(uuid::Uuid::max(), AccountId::uuid);
        let (key, fetch) = (brand.key().get(), window.fetch());
        let rows = match external_id {
            None => {
                let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] = &[&key, &before, &fetch];
                self.reads.query(brand, Query { sql: include_str!("accounts.sql"), params }).await?
            }
            Some(external_id) => {
                let params: &[&(dyn tokio_postgres::types::ToSql + Sync)] = &[&key, &before, &external_id];
                let sql = include_str!("account_by_external_id.sql");
                self.reads.query(brand, Query { sql, params }).await?
            }
        };
        let rows = rows.iter().map(AccountRow::read).collect::<Result<Vec<_>, _>>()?;
        Ok(window.page(rows, |row| row.id))
    }
}
