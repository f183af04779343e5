//! A transaction on the wire: the request that several routes take, and the answer that they give.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};
use zerosum_domain::{AccountId, Amount, EntryId, Invalid, TransactionId};
use zerosum_edge::Problem;

use crate::command::{
    Entry, Post, Posted,
    text::{Memo, Metadata, Reference, TransactionType},
};
use crate::store::TransactionRow;

#[derive(Debug, Deserialize)]
pub(super) struct TransactionRequest {
    #[serde(rename = "type")]
    kind: String,
    external_ref: Option<String>,
    memo: Option<String>,
    entries: Vec<EntryRequest>,
    metadata: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize)]
struct EntryRequest {
    account_id: String,
    amount_cents: i64,
    memo: Option<String>,
}

impl TransactionRequest {
    /// `at` is where in the body it stands: "" or "/transactions/3".
    pub(super) fn parse(self, at: &str) -> Result<Post, Problem> {
        let entries = self
            .entries
            .into_iter()
            .enumerate()
            .map(|(place, entry)| {
                entry.parse().map_err(|(name, invalid)| {
                    Problem::invalid(format!("{at}/entries/{place}/{name}: {invalid}"))
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Post {
            kind: TransactionType::parse(&self.kind).map_err(field(at, "type"))?,
            external_ref: reference(self.external_ref, at, "external_ref")?,
            memo: memo(self.memo, at)?,
            metadata: self.metadata.map(Metadata::of),
            entries,
        })
    }
}

/// The field that is wrong, and the rule that it broke.
type BadField = (&'static str, Invalid);

/// An id that cannot be one names no account either, and is answered alike.
const NO_ACCOUNT: Invalid = Invalid::because("no account has this id");

impl EntryRequest {
    fn parse(self) -> Result<Entry, BadField> {
        Ok(Entry {
            account: self.account_id.parse().map_err(|_| ("account_id", NO_ACCOUNT))?,
            amount: Amount::new(self.amount_cents).map_err(|invalid| ("amount_cents", invalid))?,
            memo: self
                .memo
                .map(|text| Memo::parse(&text))
                .transpose()
                .map_err(|invalid| ("memo", invalid))?,
        })
    }
}

/// What a value object says of a field, as the caller is told.
pub(super) fn field<'a>(at: &'a str, name: &'a str) -> impl FnOnce(Invalid) -> Problem + 'a {
    move |invalid| Problem::invalid(format!("{at}/{name}: {invalid}"))
}

/// An empty text is no reference, so that a client that always sends the field posts more than once.
pub(super) fn reference(text: Option<String>, at: &str, name: &str) -> Result<Option<Reference>, Problem> {
    text.filter(|text| !text.is_empty())
        .map(|text| Reference::parse(&text).map_err(field(at, name)))
        .transpose()
}

pub(super) fn memo(text: Option<String>, at: &str) -> Result<Option<Memo>, Problem> {
    text.map(|text| Memo::parse(&text).map_err(field(at, "memo"))).transpose()
}

/// A posted transaction as it is answered, field by field in the published order.
#[derive(Debug, Serialize)]
pub(super) struct TransactionView<'a> {
    pub id: TransactionId,
    #[serde(rename = "type")]
    pub kind: &'a str,
    pub external_ref: Option<&'a str>,
    pub memo: Option<&'a str>,
    pub posted_at: jiff::Timestamp,
    pub entries: Vec<EntryView<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct EntryView<'a> {
    #[serde(serialize_with = "as_text")]
    pub id: EntryId,
    pub account_id: AccountId,
    pub amount_cents: i64,
    pub memo: Option<&'a str>,
}

impl<'a> From<&'a Posted> for TransactionView<'a> {
    fn from(posted: &'a Posted) -> Self {
        let lines = 0_u16..;
        let entries = lines
            .zip(&posted.entries)
            .map(|(line, entry)| EntryView {
                id: EntryId { transaction: posted.id, line },
                account_id: entry.account,
                amount_cents: entry.amount.get(),
                memo: entry.memo.as_deref(),
            })
            .collect();
        Self {
            id: posted.id,
            kind: &posted.kind,
            external_ref: posted.external_ref.as_deref(),
            memo: posted.memo.as_deref(),
            posted_at: posted.posted_at,
            entries,
        }
    }
}

pub(super) fn as_text<S: serde::Serializer>(
    value: &impl std::fmt::Display,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A posted transaction as it was read.
impl<'a> From<&'a TransactionRow> for TransactionView<'a> {
    fn from(row: &'a TransactionRow) -> Self {
        let lines = 0_u16..;
        let entries = lines
            .zip(&row.entries)
            .map(|(line, entry)| EntryView {
                id: EntryId { transaction: row.id, line },
                account_id: entry.account,
                amount_cents: entry.amount,
                memo: entry.memo.as_deref(),
            })
            .collect();
        Self {
            id: row.id,
            kind: &row.kind,
            external_ref: row.external_ref.as_deref(),
            memo: row.memo.as_deref(),
            posted_at: row.posted_at,
            entries,
        }
    }
}

/// JSON text that we stored, to be sent as it is.
pub(super) fn stored_json(text: Option<&str>) -> Result<Option<&RawValue>, Problem> {
    text.map(serde_json::from_str).transpose().map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "stored metadata is not JSON");
        Problem::internal()
    })
}
