//! Rendering: values of [`crate::model`] as the published JSON, field by field and in its key order.
//!
//! Pure functions. An answer, its replay and the event that tells of it are all made here, so they cannot differ
//! but where the published pages differ: an empty map is `[]` here and `null` there, and the figures of an
//! account come in several orders. Each of those is a variant with its name, not an accident.

mod account;
mod adjudicated;
mod adjudication;
mod details;
mod link;
mod list;
mod permission;
mod scheme;
mod time;
mod transaction;
mod wallet;

pub use account::{AccountShown, AccountView, AtxShown, AtxView};
pub use adjudicated::{Adjudicated, keep as keep_adjudication};
pub use adjudication::{AdjudicationShown, AppliedTierShown, BalanceAfterShown, OperationShown, RateShown};
pub use details::{Details, keep as keep_details};
pub use link::{account_link, identity_link};
pub use list::{Order, Page};
pub use permission::PermissionsView;
pub use scheme::SchemeView;
pub use time::{Seconds, micros};
pub use transaction::{LocationShown, WtxView};
pub use wallet::{IdentityView, WalletView};

use serde::{Serialize, Serializer};

use crate::model::Json;

/// An empty list: what the published pages show for an empty map.
#[derive(Debug, Clone, Copy)]
pub struct EmptyMap;

impl Serialize for EmptyMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(std::iter::empty::<()>())
    }
}

/// How a map is shown when there is nothing in it.
#[derive(Debug, Clone, Copy)]
pub enum MapShown<'a> {
    Map(&'a Json),
    EmptyList,
    Null,
}

impl<'a> MapShown<'a> {
    pub fn or_empty_list(map: Option<&'a Json>) -> Self {
        map.filter(|map| map.get() != "{}").map_or(Self::EmptyList, Self::Map)
    }

    pub fn or_null(map: Option<&'a Json>) -> Self {
        map.filter(|map| map.get() != "{}").map_or(Self::Null, Self::Map)
    }
}

impl Serialize for MapShown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Map(map) => map.serialize(serializer),
            Self::EmptyList => EmptyMap.serialize(serializer),
            Self::Null => serializer.serialize_none(),
        }
    }
}
