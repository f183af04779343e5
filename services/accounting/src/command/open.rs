//! Opening an account.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zerosum_domain::{AccountId, AccountType, Currency, Limits, Steward};
use zerosum_ledger::book::{Book, Context, OpenAccount, Party};

use super::{
    Refused,
    text::{AccountName, Metadata, PartyType, Reference},
};

/// An account to open. Accounting keeps it; it holds no lots.
#[derive(Debug, Clone)]
pub struct Open {
    pub name: AccountName,
    pub kind: AccountType,
    pub currency: Currency,
    pub external_id: Option<Reference>,
    pub party_type: Option<PartyType>,
    pub party_id: Option<Reference>,
    pub limits: Limits,
    pub metadata: Option<Metadata>,
}

/// An opened account, with all that its answer says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub id: AccountId,
    pub name: Arc<str>,
    #[serde(rename = "type")]
    pub kind: AccountType,
    pub currency: Currency,
    pub external_id: Option<Arc<str>>,
    pub party_type: Option<Arc<str>>,
    pub party_id: Option<Arc<str>>,
    pub limits: Limits,
    /// JSON text.
    pub metadata: Option<Arc<str>>,
    #[serde(rename = "at")]
    pub opened_at: Timestamp,
}

pub(super) fn decide(book: &mut Book, context: &mut Context<'_>, open: &Open) -> Result<Opened, Refused> {
    let external_id = open.external_id.as_ref().map(Reference::shared);
    let party_type = open.party_type.as_ref().map(PartyType::shared);
    let party_id = open.party_id.as_ref().map(Reference::shared);
    let metadata = open.metadata.as_ref().map(Metadata::shared);
    let party = (party_type.is_some() || party_id.is_some())
        .then(|| Party { kind: party_type.clone(), id: party_id.clone() });
    let account = OpenAccount {
        name: open.name.shared(),
        kind: open.kind,
        steward: Steward::General,
        currency: open.currency.clone(),
        limits: open.limits,
        keeps_lots: false,
        code: None,
        external_id: external_id.clone(),
        party,
        metadata: metadata.clone(),
    };
    match book.open_account(context, account) {
        Ok(id) => Ok(Opened {
            id,
            name: open.name.shared(),
            kind: open.kind,
            currency: open.currency.clone(),
            external_id,
            party_type,
            party_id,
            limits: open.limits,
            metadata,
            opened_at: context.now,
        }),
        Err(taken) => {
            Err(Refused::ExternalIdTaken { external_id: external_id.unwrap_or_default(), account: taken.0 })
        }
    }
}
