//! Commands: what a request asks for, as data, and the pure rules that decide it.
//!
//! A command takes no clock, no random source and no environment: time, ids and rows arrive with its batch.
//! `decide` reads and changes only what is in memory; every refusal comes before the first change of a row.
//! One wallet's commands are decided one after another: under locks each locks the wallet's row and its accounts, and on
//! memory each moves its accounts on from the version that it was decided on.

mod adjust;
mod answer;
mod case;
mod change;
mod create;
mod crowd;
mod done;
mod event;
mod expire;
mod ids;
mod load;
mod machine;
mod memory;
mod names;
mod note;
mod open;
mod permit;
mod points;
mod refund;
mod refused;
mod resolve;
mod rows;
mod settle;
mod spend;
mod unlock;
mod void;
mod write;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zerosum_domain::{
    Points,
    spend::{Money, PointCount, PointsExpiry, Tiers},
};

pub use answer::{Body, Refusal, body, refusal};
pub use done::Done;
pub use event::rendered;
pub(crate) use load::settings_of;
/// What an open shows, for an open that only looks.
pub(crate) mod opened {
    pub(crate) use super::done::{Opened, OpenedAccount};
}
pub use machine::Machine;
pub use refused::Refused;

use crate::model::{
    Basket, IdentityId, Json, Label, Location, PermissionRule, Reference, SchemeId, Status, WalletAccountId,
    WalletId, WalletTransactionId,
};

/// A command and the call that brought it. Cheap to clone: it may have to be handed in again.
#[derive(Debug, Clone)]
pub struct Command {
    pub call: Arc<Call>,
    pub action: Arc<Action>,
}

impl Command {
    pub fn new(call: Call, action: Action) -> Self {
        Self { call: Arc::new(call), action: Arc::new(action) }
    }
}

/// The call as the event of it tells it. Nothing is decided by it.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The server's id of the call.
    pub id: Arc<str>,
    pub client_id: Arc<str>,
    pub client_name: Arc<str>,
    pub caller_ip: Arc<str>,
    /// The name events use for the endpoint.
    pub resource: Arc<str>,
    pub method: &'static str,
    pub body: Arc<str>,
    /// The caller's own id of the request.
    pub external_id: Option<Arc<str>>,
    /// Scope and key under which its answer is kept for ever, if it is.
    pub answer: Option<(Arc<str>, Arc<str>)>,
    /// `X-CUSTOM-*`
    pub custom_headers: Vec<(Arc<str>, Arc<str>)>,
}

impl Call {
    /// Nobody's: what is done because its time has come.
    pub(crate) fn of_job() -> Self {
        Self { method: "POST", resource: "expiry".into(), ..Self::default() }
    }
}

#[derive(Debug)]
pub enum Action {
    CreateScheme(Box<CreateScheme>),
    CreateWallet(Box<CreateWallet>),
    AddIdentity {
        wallet: WalletId,
        identity: NewIdentity,
    },
    AddAccount {
        wallet: WalletId,
        account: NewAccount,
    },
    Adjust(Box<Adjust>),
    Change(Change),
    Open(Box<Open>),
    Spend(Box<Spend>),
    Void(Void),
    Settle(Box<Settle>),
    Unlock(Unlock),
    Refund(Box<Refund>),
    Annotate {
        reference: Reference,
        meta: Json,
    },
    /// The rules of the brand, all of them.
    Permit(Vec<PermissionRule>),
    /// More locks of a wallet have run out than a command that wants its points can end beside its own work.
    EndLocks {
        wallet: WalletId,
    },
    /// A lock has run out.
    ExpireLock {
        wallet: WalletId,
        transaction: WalletTransactionId,
    },
    /// Points of an account have expired.
    ExpirePoints {
        wallet: WalletId,
        account: WalletAccountId,
    },
}

#[derive(Debug)]
pub struct CreateScheme {
    pub reference: Option<Reference>,
    pub kind: Label,
    pub class: Label,
    pub status: Status,
    pub client_type: Option<Arc<str>>,
    pub name: String,
    pub starts_at: Option<jiff::Timestamp>,
    pub ends_at: Option<jiff::Timestamp>,
    pub lock_seconds: Option<i32>,
    /// `None`: never.
    pub points_expiry: Option<PointsExpiry>,
    pub tiers: Vec<(String, Tiers)>,
    pub shown: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Clone)]
pub struct NewIdentity {
    pub kind: Label,
    pub value: String,
    pub friendly_name: Option<String>,
    pub safe_value: Option<String>,
    pub status: Status,
    pub state: Label,
    pub meta: Option<Json>,
}

#[derive(Debug, Clone)]
pub struct NewAccount {
    pub scheme: SchemeId,
    pub status: Status,
    pub state: Label,
    pub meta: Option<Json>,
}

/// A wallet with its identities and, when `accounts` is there, its accounts: an existing first identity then
/// continues on its wallet.
#[derive(Debug)]
pub struct CreateWallet {
    pub kind: Label,
    pub status: Status,
    pub state: Label,
    pub friendly_name: Option<String>,
    pub meta: Option<Json>,
    pub identities: Vec<NewIdentity>,
    pub accounts: Option<Vec<NewAccount>>,
    pub consumer: Option<Json>,
}

/// How an account's points are changed by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdjustKind {
    Credit,
    Earn,
    Debit,
    Spend,
}

#[derive(Debug)]
pub struct Adjust {
    pub wallet: WalletId,
    pub account: WalletAccountId,
    pub kind: AdjustKind,
    pub points: Points,
    /// The money that spent points gave.
    pub money: Money,
    pub location: Location,
    pub details: Option<Json>,
}

/// What has its status or state changed.
#[derive(Debug, Clone, Copy)]
pub enum Changed {
    Wallet,
    Identity(IdentityId),
    Account(WalletAccountId),
}

#[derive(Debug)]
pub struct Change {
    pub wallet: WalletId,
    pub what: Changed,
    pub status: Option<Status>,
    pub state: Option<Label>,
}

#[derive(Debug)]
pub struct Open {
    pub identity: String,
    pub reference: Reference,
    pub location: Location,
    pub basket: Option<Json>,
}

/// A spend as the request claims it was adjudicated.
#[derive(Debug)]
pub struct Claim {
    pub points: PointCount,
    pub money: Money,
    pub operations: Vec<ClaimedOperation>,
    /// As a transaction shows it again: what `view` keeps of it.
    pub shown: Json,
}

#[derive(Debug)]
pub struct ClaimedOperation {
    pub scheme: Option<SchemeId>,
    pub account: WalletAccountId,
    pub wallet: Option<WalletId>,
    pub points: i64,
}

#[derive(Debug)]
pub struct Spend {
    pub identity: String,
    pub location: Location,
    pub reference: Reference,
    pub lock: bool,
    pub parent: Option<Reference>,
    pub claim: Claim,
    pub details: Option<Json>,
    pub meta: Option<Json>,
}

#[derive(Debug)]
pub struct Void {
    pub identity: String,
    pub reference: Reference,
}

#[derive(Debug)]
pub struct Unlock {
    pub identity: String,
    pub reference: Reference,
}

/// Points that a settle gives.
#[derive(Debug)]
pub struct Gift {
    pub account: WalletAccountId,
    pub points: Points,
    /// EARN, else CREDIT.
    pub earned: bool,
}

#[derive(Debug)]
pub struct SettleChild {
    pub reference: Reference,
    pub wallet: Option<WalletId>,
    /// Fewer than were locked.
    pub points: Option<Points>,
}

#[derive(Debug)]
pub struct Settle {
    pub reference: Reference,
    pub wallet: Option<WalletId>,
    pub identity: Option<String>,
    pub location: Location,
    pub basket: Option<Basket>,
    pub gifts: Vec<Gift>,
    pub children: Vec<SettleChild>,
    /// What the request asks for that is not ours.
    pub issues: Vec<Issue>,
    pub meta: Option<Json>,
}

/// Something that was asked for and not done, while the rest was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    pub code: String,
    pub message: String,
}

#[derive(Debug)]
pub struct Refund {
    pub reference: Reference,
    pub original: Reference,
    pub points: Option<Points>,
    pub location: Location,
    pub basket: Option<Basket>,
}
