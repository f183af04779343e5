//! A points scheme: what its points are worth, how long they and their locks last.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use zerosum_domain::{
    AccountId,
    spend::{PointsExpiry, Tiers},
};

use super::{Label, SchemeId, Status};

/// What a command needs of a scheme.
#[derive(Debug, Clone)]
pub struct SchemeRef {
    pub id: SchemeId,
    pub reference: Arc<str>,
    pub status: Status,
    pub client_type: Option<Arc<str>>,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub lock_seconds: Option<i32>,
    /// `None`: never.
    pub points_expiry: Option<PointsExpiry>,
    /// Points come from here when they are given,
    pub issue: AccountId,
    /// go there when they are spent or taken back,
    pub redemption: AccountId,
    /// and there when they expire.
    pub expired: AccountId,
    pub tiers: BTreeMap<String, Tiers>,
}

impl SchemeRef {
    /// The banner's tiers, else the company's.
    pub fn tiers_of(&self, banner: Option<&str>, company: &str) -> Option<&Tiers> {
        banner.and_then(|banner| self.tiers.get(banner)).or_else(|| self.tiers.get(company))
    }
}

/// A scheme as it is shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Scheme {
    pub id: SchemeId,
    pub reference: String,
    pub version: i32,
    pub kind: Label,
    pub class: Label,
    pub status: Status,
    pub client_type: Option<String>,
    pub lock_seconds: Option<i32>,
    /// details, rates, services and rules, as they were sent.
    pub shown: Map<String, Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
