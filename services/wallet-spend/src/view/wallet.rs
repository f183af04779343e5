//! WALLET and IDENTITY objects.

use serde::Serialize;

use super::{MapShown, Seconds};
use crate::model::{Identity, IdentityId, Label, Status, Wallet, WalletId};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WalletView<'a> {
    wallet_id: WalletId,
    friendly_name: Option<&'a str>,
    status: Status,
    #[serde(rename = "type")]
    kind: &'a Label,
    state: &'a Label,
    meta: MapShown<'a>,
    date_created: Seconds,
    last_updated: Seconds,
    /// Wallets are not related to each other here.
    relationships: Option<()>,
}

impl<'a> WalletView<'a> {
    pub fn of(wallet: &'a Wallet) -> Self {
        Self {
            wallet_id: wallet.id,
            friendly_name: wallet.friendly_name.as_deref(),
            status: wallet.status,
            kind: &wallet.kind,
            state: &wallet.state,
            meta: MapShown::or_null(wallet.meta.as_ref()),
            date_created: Seconds(wallet.created_at),
            last_updated: Seconds(wallet.updated_at),
            relationships: None,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityView<'a> {
    identity_id: IdentityId,
    wallet_id: WalletId,
    #[serde(rename = "type")]
    kind: &'a Label,
    friendly_name: Option<&'a str>,
    value: &'a str,
    safe_value: Option<&'a str>,
    /// Never shown, whether there is one or not.
    secret: Option<()>,
    dates: Dates,
    meta: MapShown<'a>,
    state: &'a Label,
    status: Status,
    date_created: Seconds,
    last_updated: Seconds,
    mobile_wallet: &'a str,
}

#[derive(Debug, Serialize)]
struct Dates {
    start: Seconds,
    end: Option<Seconds>,
}

impl<'a> IdentityView<'a> {
    pub fn of(identity: &'a Identity) -> Self {
        Self {
            identity_id: identity.id,
            wallet_id: identity.wallet,
            kind: &identity.kind,
            friendly_name: identity.friendly_name.as_deref(),
            value: &identity.value,
            safe_value: identity.safe_value.as_deref(),
            secret: None,
            dates: Dates {
                start: Seconds(identity.starts_at.unwrap_or(identity.created_at)),
                end: identity.ends_at.map(Seconds),
            },
            meta: MapShown::or_null(identity.meta.as_ref()),
            state: &identity.state,
            status: identity.status,
            date_created: Seconds(identity.created_at),
            last_updated: Seconds(identity.updated_at),
            mobile_wallet: &identity.mobile_wallet,
        }
    }
}
