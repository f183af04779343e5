//! What a program that starts us needs to know, in one file that appears when everything answers.

use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use zerosum_edge::tokens::DevKey;

use super::addresses::Addresses;
use crate::brand::Credentials;
use crate::token;

/// The ready file's content. Without a demo brand, what belongs to it is null.
#[derive(Serialize)]
pub struct Facts {
    pub cash_url: String,
    pub accounting_url: String,
    pub wallet_spend_url: String,
    /// As services log in.
    pub database_url: String,
    pub brand_id: Option<String>,
    /// Allows everything of the demo brand, for a day.
    pub token: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
}

impl Facts {
    pub fn gather(
        addresses: Addresses,
        database_url: String,
        key: &DevKey,
        client: Option<Credentials>,
    ) -> anyhow::Result<Self> {
        let token = match &client {
            Some(client) => Some(token::mint(key, &client.brand_id, "developer", &[], token::MINUTES_MAX)?),
            None => None,
        };
        let (brand_id, client_id, client_secret) = match client {
            Some(client) => (Some(client.brand_id), Some(client.client_id), Some(client.client_secret)),
            None => (None, None, None),
        };
        Ok(Self {
            cash_url: addresses.cash,
            accounting_url: addresses.accounting,
            wallet_spend_url: addresses.wallet_spend,
            database_url,
            brand_id,
            token,
            client_id,
            client_secret,
        })
    }
}

/// The file appears whole or not at all, and only its owner can read it.
pub fn write(path: &Path, facts: &Facts) -> anyhow::Result<()> {
    let json = serde_json::to_string(facts).context("writing the ready file's content failed")?;
    zerosum_embedded_postgres::write_private(path, &format!("{json}\n"))
        .with_context(|| format!("cannot write the ready file {}: choose another place", path.display()))
}
