//! An account on the wire, as several routes answer it. Cents of accounts are decimal strings.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use zerosum_domain::AccountId;
use zerosum_edge::Problem;

use super::transaction::stored_json;
use crate::{command::Opened, store::AccountRow};

/// The published fields, in the published order.
#[derive(Debug, Serialize)]
pub(super) struct AccountView<'a> {
    id: AccountId,
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    currency: &'a str,
    metadata: Option<&'a RawValue>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The published fields, and those that only our own routes answer.
#[derive(Debug, Serialize)]
pub(super) struct AccountDetailView<'a> {
    #[serde(flatten)]
    account: AccountView<'a>,
    external_id: Option<&'a str>,
    party_type: Option<&'a str>,
    party_id: Option<&'a str>,
    min_balance_cents: Option<String>,
    max_balance_cents: Option<String>,
}

impl<'a> AccountView<'a> {
    pub(super) fn of(row: &'a AccountRow) -> Result<Self, Problem> {
        Ok(Self {
            id: row.id,
            name: &row.name,
            kind: &row.kind,
            currency: &row.currency,
            metadata: stored_json(row.metadata.as_deref())?,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl<'a> AccountDetailView<'a> {
    pub(super) fn of(row: &'a AccountRow) -> Result<Self, Problem> {
        Ok(Self {
            account: AccountView::of(row)?,
            external_id: row.external_id.as_deref(),
            party_type: row.party_type.as_deref(),
            party_id: row.party_id.as_deref(),
            min_balance_cents: row.floor.map(|cents| cents.to_string()),
            max_balance_cents: row.ceiling.map(|cents| cents.to_string()),
        })
    }

    pub(super) fn opened(opened: &'a Opened) -> Result<Self, Problem> {
        Ok(Self {
            account: AccountView {
                id: opened.id,
                name: &opened.name,
                kind: opened.kind.as_str(),
                currency: opened.currency.as_str(),
                metadata: stored_json(opened.metadata.as_deref())?,
                created_at: opened.opened_at,
                updated_at: opened.opened_at,
            },
            external_id: opened.external_id.as_deref(),
            party_type: opened.party_type.as_deref(),
            party_id: opened.party_id.as_deref(),
            min_balance_cents: opened.limits.floor.map(|cents| cents.to_string()),
            max_balance_cents: opened.limits.ceiling.map(|cents| cents.to_string()),
        })
    }
}
