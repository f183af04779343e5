//! Reading the outbox: rows in the order of their ids, rendered as events.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::{Client, Error, Row};
use uuid::Uuid;

use crate::ledger::{BalanceChanged, Entry, TransactionPosted, TransactionPostedEntry, balances_changed};

/// An event as a consumer gets it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// What consumers dedupe by: the transaction's id, or that of the outbox row for events that a rule told; for the
    /// further events of either `<id>.<n>`.
    pub id: String,
    pub brand_id: String,
    /// The event's name and version.
    pub r#type: String,
    pub occurred_at: Timestamp,
    pub data: Data,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Data {
    TransactionPosted(TransactionPosted),
    BalanceChanged(BalanceChanged),
    /// As the service that wrote it has it: stored whole, or rendered by it.
    Stored(Value),
}

/// How a service renders an event of which it stored only what the answer of its call does not say: from the event's
/// type, what was stored of it, and the outcome that the call's key holds.
pub type Render = fn(kind: &str, stored: &str, outcome: &str) -> Result<Value, serde_json::Error>;

/// Why events could not be read. Nothing is left out and gone on from.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("reading the outbox")]
    Database(#[from] Error),
    /// Answers that events are rendered from are kept for ever: without one, the books are not whole.
    #[error("event {0} is rendered from an answer that is not there")]
    NoAnswer(Uuid),
    /// Posted transactions and events are never removed: without what it tells of, a row is not whole.
    #[error("what outbox row {0} tells of is not there")]
    NothingToTell(Uuid),
    #[error("rendering event {0}")]
    NotRendered(Uuid, #[source] serde_json::Error),
}

/// The events of at most `limit` outbox rows after `after` (an outbox row's id), and the id to go on from.
/// A row tells of what a batch posted for a brand, or of the events that its rules told.
///
/// Needs a connection of the application role.
pub async fn page(
    client: &Client,
    render: Render,
    after: Option<Uuid>,
    limit: i64,
) -> Result<(Vec<Event>, Option<Uuid>), PageError> {
    let rows = client.query(include_str!("sql/page.sql"), &[&after.unwrap_or_default(), &limit]).await?;
    let mut events = Vec::new();
    let mut last = after;
    let mut rest = rows.as_slice();
    while let Some(first) = rest.first() {
        let told = told_by(first)?;
        let mut entries = Vec::new();
        while let Some(row) = rest.first() {
            if told_by(row)? != told {
                break;
            }
            entries.extend(entry(row)?);
            rest = &rest[1..];
        }
        last = Some(told.row);
        match (told.transaction, told.place) {
            (Some(transaction), _) => posted(first, transaction, entries, &mut events)?,
            (None, Some(place)) => events.push(stored(first, told.row, place, render)?),
            (None, None) => return Err(PageError::NothingToTell(told.row)),
        }
    }
    Ok((events, last))
}

/// What a row of the page tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ToldBy {
    /// The outbox row.
    row: Uuid,
    transaction: Option<Uuid>,
    /// Which event of the row, from 1, if they are stored.
    place: Option<i64>,
}

fn told_by(row: &Row) -> Result<ToldBy, Error> {
    Ok(ToldBy { row: row.try_get(0)?, transaction: row.try_get(5)?, place: row.try_get(17)? })
}

fn stored(row: &Row, id: Uuid, place: i64, render: Render) -> Result<Event, PageError> {
    let stored: &str = row.try_get(3)?;
    let data = if row.try_get(15)? {
        let outcome: Option<&str> = row.try_get(16)?;
        let outcome = outcome.ok_or(PageError::NoAnswer(id))?;
        render(row.try_get(2)?, stored, outcome)
    } else {
        serde_json::from_str(stored)
    };
    Ok(Event {
        id: if place == 1 { id.to_string() } else { format!("{id}.{}", place - 1) },
        brand_id: row.try_get(1)?,
        r#type: row.try_get(2)?,
        occurred_at: row.try_get(4)?,
        data: Data::Stored(data.map_err(|error| PageError::NotRendered(id, error))?),
    })
}

fn posted(
    row: &Row,
    transaction_id: Uuid,
    entries: Vec<Entry>,
    events: &mut Vec<Event>,
) -> Result<(), Error> {
    let brand_id: String = row.try_get(1)?;
    let posted_at: Timestamp = row.try_get(8)?;
    let changes = balances_changed(transaction_id, posted_at, &entries);
    let posted = TransactionPosted {
        transaction_id,
        r#type: row.try_get(6)?,
        external_ref: row.try_get(7)?,
        entries: entries
            .into_iter()
            .map(|entry| TransactionPostedEntry {
                account_id: entry.account_id,
                amount_cents: entry.amount,
                memo: entry.memo,
            })
            .collect(),
        posted_at,
    };
    events.push(Event {
        id: transaction_id.to_string(),
        brand_id: brand_id.clone(),
        r#type: "accounting.transaction.posted.v1".to_owned(),
        occurred_at: posted_at,
        data: Data::TransactionPosted(posted),
    });
    events.extend(changes.into_iter().enumerate().map(|(n, change)| Event {
        id: format!("{transaction_id}.{}", n + 1),
        brand_id: brand_id.clone(),
        r#type: "accounting.balance.changed.v1".to_owned(),
        occurred_at: posted_at,
        data: Data::BalanceChanged(change),
    }));
    Ok(())
}

fn entry(row: &Row) -> Result<Option<Entry>, Error> {
    let Some(account_id) = row.try_get::<_, Option<Uuid>>(9)? else { return Ok(None) };
    Ok(Some(Entry {
        account_id,
        amount: row.try_get(10)?,
        balance_after: row.try_get(11)?,
        memo: row.try_get(12)?,
        party_type: row.try_get(13)?,
        party_id: row.try_get(14)?,
    }))
}
