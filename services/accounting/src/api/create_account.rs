//! POST /v1/accounts: an account to post to.

use serde::Deserialize;
use serde_json::{Map, Value};
use zerosum_domain::{AccountType, Currency, Limits};
use zerosum_edge::{Call, Problem, Reply};

use super::{State, run::run, transaction::field};
use crate::command::{
    Command, Open,
    text::{AccountName, Metadata, PartyType, Reference},
};

#[derive(Debug, Deserialize)]
struct AccountRequest {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    currency: String,
    external_id: Option<String>,
    party_type: Option<String>,
    party_id: Option<String>,
    min_balance_cents: Option<i64>,
    max_balance_cents: Option<i64>,
    metadata: Option<Map<String, Value>>,
}

impl AccountRequest {
    fn parse(self) -> Result<Open, Problem> {
        let text = |text: Option<String>, name| {
            text.map(|text| Reference::parse(&text).map_err(field("", name))).transpose()
        };
        Ok(Open {
            name: AccountName::parse(&self.name).map_err(field("", "name"))?,
            kind: AccountType::parse(&self.kind).map_err(field("", "type"))?,
            currency: Currency::parse(&self.currency).map_err(field("", "currency"))?,
            external_id: text(self.external_id, "external_id")?,
            party_type: self
                .party_type
                .map(|text| PartyType::parse(&text).map_err(field("", "party_type")))
                .transpose()?,
            party_id: text(self.party_id, "party_id")?,
            limits: Limits::new(self.min_balance_cents, self.max_balance_cents)
                .map_err(field("", "min_balance_cents"))?,
            metadata: self.metadata.map(Metadata::of),
        })
    }
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let request: AccountRequest = call.parse()?;
    run(&app, &call, Command::Open(request.parse()?)).await
}
