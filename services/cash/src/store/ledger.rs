//! Reading the rows of a user's account: one for each transaction.

use jiff::Timestamp;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;
use zerosum_domain::{AccountId, BrandId, EntryId, LotId, TransactionId};
use zerosum_ledger::reads::{Query, ReadError};

use super::{Store, moment};
use crate::command::{accounts::user_code, expire, grant, said::Said, spend, text::UserId};

/// How much to read, and below which row.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// `None`: from the newest.
    pub before: Option<i64>,
    pub limit: usize,
}

/// What a row is, as the contract names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RowKind {
    Grant,
    Spend,
    Expiry,
    Refund,
    Adjustment,
}

impl RowKind {
    /// By the transaction's type. Only services of ours post to these accounts; what they post that cash does not
    /// know is an adjustment.
    fn of(transaction: &str) -> Self {
        match transaction {
            grant::KIND => Self::Grant,
            spend::KIND => Self::Spend,
            expire::KIND => Self::Expiry,
            "cash.refund" => Self::Refund,
            _ => Self::Adjustment,
        }
    }

    /// Whether a row of this kind is about one lot.
    fn names_its_grant(self) -> bool {
        match self {
            Self::Grant | Self::Expiry => true,
            Self::Spend | Self::Refund | Self::Adjustment => false,
        }
    }
}

/// A transaction as its user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowOfLedger {
    pub id: EntryId,
    pub version: i64,
    pub grant: Option<LotId>,
    pub amount: i64,
    pub kind: RowKind,
    pub reason: String,
    pub memo: Option<String>,
    pub posted_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPage {
    pub account: AccountId,
    pub rows: Vec<RowOfLedger>,
    /// Where the next page starts, if there is one.
    pub next: Option<i64>,
}

impl RowOfLedger {
    fn read(row: &Row) -> Result<Self, ReadError> {
        let kind = RowKind::of(row.try_get("type")?);
        let line: i16 = row.try_get("line")?;
        let lot: Option<Uuid> = row.try_get("lot_id")?;
        let metadata: Option<&str> = row.try_get("metadata")?;
        let said = metadata.and_then(|text| serde_json::from_str::<Said>(text).ok());
        Ok(Self {
            id: EntryId {
                transaction: TransactionId::new(row.try_get("transaction_id")?),
                // Lines are written from a u16 that is below 2,000.
                line: u16::try_from(line).unwrap_or_default(),
            },
            version: row.try_get("version")?,
            grant: lot.filter(|_| kind.names_its_grant()).map(LotId::new),
            amount: row.try_get("amount")?,
            kind,
            reason: said.map(|said| said.reason).unwrap_or_default(),
            memo: row.try_get("memo")?,
            posted_at: row.try_get("posted_at")?,
        })
    }
}

impl Store {
    /// `None` where the user never had a grant.
    pub async fn ledger(
        &self,
        brand: &BrandId,
        user: &UserId,
        window: Window,
    ) -> Result<Option<LedgerPage>, ReadError> {
        let (key, code, at) = (brand.key().get(), user_code(user), moment(&self.clock));
        let before = window.before.unwrap_or(i64::MAX);
        // One more than is shown, to know whether there is a next page.
        let fetch = i64::try_from(window.limit).unwrap_or(i64::MAX).saturating_add(1);
        let account = Query { sql: include_str!("balance.sql"), params: &[&key, &&*code, &at] };
        let rows = Query { sql: include_str!("ledger.sql"), params: &[&key, &&*code, &before, &fetch] };
        let answers = self.reads.queries(brand, &[account, rows]).await?;
        let [accounts, rows] = &answers[..] else { return Ok(None) };
        let Some(account) = accounts.first() else { return Ok(None) };
        let mut rows = rows.iter().map(RowOfLedger::read).collect::<Result<Vec<_>, _>>()?;
        let more = rows.len() > window.limit;
        rows.truncate(window.limit);
        let next = if more { rows.last().map(|row| row.version) } else { None };
        Ok(Some(LedgerPage { account: AccountId::new(account.try_get("account_id")?), rows, next }))
    }
}
