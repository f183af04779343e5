//! Reading transactions.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;
use zerosum_domain::{AccountId, BrandId, TransactionId};
use zerosum_ledger::{
    book::Posting,
    reads::{Query, ReadError},
};

use super::{
    Store,
    page::{Page, Window},
};

/// Most entries of one page: a page of 200 transactions of 1,000 entries would be some 30 MB of JSON. Above the
/// entries of any one transaction, so that a page always has a whole one.
const PAGE_ENTRIES_MAX: usize = 10_000;
const _: () = assert!(PAGE_ENTRIES_MAX > Posting::LEGS_MAX);

/// A posted transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionRow {
    pub id: TransactionId,
    pub kind: String,
    pub external_ref: Option<String>,
    pub memo: Option<String>,
    pub posted_at: Timestamp,
    /// In the order of their lines, which start at 0 and have no gap.
    pub entries: Vec<EntryRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    pub account: AccountId,
    pub amount: i64,
    pub memo: Option<String>,
}

/// What is known of one transaction beyond what was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionDetail {
    pub transaction: TransactionRow,
    /// JSON text.
    pub metadata: Option<String>,
    pub reverses: Option<TransactionId>,
    pub reversed_by: Option<TransactionId>,
}

impl Store {
    pub async fn transaction(
        &self,
        brand: &BrandId,
        id: TransactionId,
    ) -> Result<Option<TransactionDetail>, ReadError> {
        let (key, uuid, ids) = (brand.key().get(), id.uuid(), vec![id.uuid()]);
        let most = i64::try_from(PAGE_ENTRIES_MAX).unwrap_or(i64::MAX);
        let transaction = Query { sql: include_str!("transaction.sql"), params: &[&key, &uuid] };
        let entries = Query { sql: include_str!("transaction_entries.sql"), params: &[&key, &ids, &most] };
        let answers = self.reads.queries(brand, &[transaction, entries]).await?;
        let [transactions, entries] = &answers[..] else { return Ok(None) };
        let Some(row) = transactions.first() else { return Ok(None) };
        let mut entries = entries_by_transaction(entries)?;
        let reverses: Option<Uuid> = row.try_get("reverses")?;
        let reversed_by: Option<Uuid> = row.try_get("reversed_by")?;
        Ok(Some(TransactionDetail {
            transaction: transaction_of(row, &mut entries)?,
            metadata: row.try_get("metadata")?,
            reverses: reverses.map(TransactionId::new),
            reversed_by: reversed_by.map(TransactionId::new),
        }))
    }

    /// The brand's transactions, newest first. A page is shorter than its limit where they have many entries.
    pub async fn transactions(
        &self,
        brand: &BrandId,
        external_ref: Option<&str>,
        window: Window<TransactionId>,
    ) -> Result<Page<TransactionRow, TransactionId>, ReadError> {
        let before = window.before.map_or(Uuid::max(), TransactionId::uuid);
        let (key, fetch) = (brand.key().get(), window.fetch());
        let rows = match external_ref {
            None => {
                let params: &[&(dyn ToSql + Sync)] = &[&key, &before, &fetch];
                self.reads.query(brand, Query { sql: include_str!("transactions.sql"), params }).await?
            }
            Some(external_ref) => {
                let params: &[&(dyn ToSql + Sync)] = &[&key, &before, &external_ref, &fetch];
                let sql = include_str!("transactions_by_external_ref.sql");
                self.reads.query(brand, Query { sql, params }).await?
            }
        };
        // Posted rows never change, so a second snapshot sees the same entries.
        let ids =
            rows.iter().take(window.limit).map(|row| row.try_get(0)).collect::<Result<Vec<Uuid>, _>>()?;
        let most = i64::try_from(PAGE_ENTRIES_MAX).unwrap_or(i64::MAX);
        let params: &[&(dyn ToSql + Sync)] = &[&key, &ids, &most];
        let entries =
            self.reads.query(brand, Query { sql: include_str!("transaction_entries.sql"), params }).await?;
        // Of a full answer the last transaction may have been cut off: it begins the next page.
        let cut: Option<Uuid> = match entries.last() {
            Some(last) if entries.len() == PAGE_ENTRIES_MAX => Some(last.try_get("transaction_id")?),
            _ => None,
        };
        let mut entries = entries_by_transaction(&entries)?;
        let rows = rows.iter().map(|row| transaction_of(row, &mut entries)).collect::<Result<Vec<_>, _>>()?;
        let place = cut.and_then(|cut| rows.iter().position(|row| row.id.uuid() == cut));
        let window = Window { limit: place.unwrap_or(window.limit), ..window };
        Ok(window.page(rows, |row| row.id))
    }
}

fn entries_by_transaction(rows: &[Row]) -> Result<HashMap<Uuid, Vec<EntryRow>>, ReadError> {
    let mut entries: HashMap<Uuid, Vec<EntryRow>> = HashMap::new();
    for row in rows {
        entries.entry(row.try_get("transaction_id")?).or_default().push(EntryRow {
            account: AccountId::new(row.try_get("account_id")?),
            amount: row.try_get("amount")?,
            memo: row.try_get("memo")?,
        });
    }
    Ok(entries)
}

fn transaction_of(
    row: &Row,
    entries: &mut HashMap<Uuid, Vec<EntryRow>>,
) -> Result<TransactionRow, ReadError> {
    let id: Uuid = row.try_get("transaction_id")?;
    Ok(TransactionRow {
        id: TransactionId::new(id),
        kind: row.try_get("type")?,
        external_ref: row.try_get("external_ref")?,
        memo: row.try_get("memo")?,
        posted_at: row.try_get("posted_at")?,
        entries: entries.remove(&id).unwrap_or_default(),
    })
}
