//! ACCOUNT and account transaction objects.

use jiff::Timestamp;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Details, EmptyMap, MapShown, Seconds};
use crate::model::{
    AccountSnapshot, AccountTransaction, AccountTransactionId, Balances, Event, Label, SchemeId, Status,
    WalletAccountId, WalletId,
};

/// The last second of a signed 32-bit clock: what the published pages show for an account without an end.
const NO_END: Timestamp = Timestamp::constant(i32::MAX as i64, 0);

/// Where an account is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountShown {
    Read,
    /// Inside an account transaction of an answer.
    Answer,
    /// Inside an account transaction of an event, as it was before its points were locked.
    EventBefore,
    /// Inside an account transaction of an event, as it is after.
    EventAfter,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountView<'a> {
    account_id: WalletAccountId,
    wallet_id: WalletId,
    campaign_id: SchemeId,
    #[serde(rename = "type")]
    kind: &'static str,
    client_type: Option<&'a str>,
    status: Status,
    state: &'a Label,
    dates: Dates,
    meta: MapShown<'a>,
    date_created: Seconds,
    last_updated: Seconds,
    overrides: EmptyMap,
    balances: BalancesView,
    relationships: MapShown<'a>,
    mobile_wallet: &'a str,
}

#[derive(Debug, Serialize)]
struct Dates {
    start: Seconds,
    end: Seconds,
}

impl<'a> AccountView<'a> {
    pub fn of(shown: &'a AccountSnapshot, place: AccountShown) -> Self {
        let account = &shown.account;
        let (meta, relationships) = match place {
            AccountShown::Answer => (MapShown::or_null(account.meta.as_ref()), MapShown::Null),
            AccountShown::Read | AccountShown::EventBefore | AccountShown::EventAfter => {
                (MapShown::or_empty_list(account.meta.as_ref()), MapShown::EmptyList)
            }
        };
        Self {
            account_id: account.id,
            wallet_id: account.wallet,
            campaign_id: account.scheme,
            kind: "POINTS",
            client_type: account.client_type.as_deref(),
            status: account.status,
            state: &account.state,
            dates: Dates {
                start: Seconds(account.starts_at.unwrap_or(account.created_at)),
                end: Seconds(account.ends_at.unwrap_or(NO_END)),
            },
            meta,
            date_created: Seconds(account.created_at),
            last_updated: Seconds(account.updated_at),
            overrides: EmptyMap,
            balances: BalancesView { balances: shown.balances, place },
            relationships,
            mobile_wallet: &shown.mobile_wallet,
        }
    }
}

/// The figures of an account, in the order of their place.
#[derive(Debug)]
struct BalancesView {
    balances: Balances,
    place: AccountShown,
}

impl Serialize for BalancesView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of = &self.balances;
        let current = ("current", of.current);
        let usable = ("usable", of.usable);
        let locked = ("locked", of.locked);
        let lifetime = ("lifetime", of.lifetime);
        let spend = ("lifetimeSpend", of.lifetime_spend);
        let value = ("lifetimeSpendValue", of.lifetime_spend_value);
        // Points that are announced and not given yet: there are none here.
        let pending = ("pending", 0);
        let order = match self.place {
            AccountShown::Read => [current, usable, locked, lifetime, spend, value, pending],
            AccountShown::Answer | AccountShown::EventAfter => {
                [current, usable, locked, lifetime, pending, spend, value]
            }
            AccountShown::EventBefore => [current, usable, lifetime, pending, locked, spend, value],
        };
        let mut map = serializer.serialize_map(Some(order.len()))?;
        for (name, points) in order {
            map.serialize_entry(name, &points)?;
        }
        map.end()
    }
}

/// Where an account transaction is shown.
#[derive(Debug, Clone, Copy)]
pub enum AtxShown<'a> {
    /// Alone.
    Answer,
    /// With its account.
    AnswerWith(&'a AccountSnapshot),
    /// In an event, with its account as given; no parent is null there.
    Event(&'a AccountSnapshot, AccountShown),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AtxView<'a> {
    account_transaction_id: AccountTransactionId,
    parent_account_transaction_id: Parent,
    account_id: WalletAccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountView<'a>>,
    event: Event,
    value: i64,
    /// 1 is the API.
    source: u8,
    balances_before: AtxBalances,
    balances_after: AtxBalances,
    transaction_details: Details<'a>,
    properties: EmptyMap,
    date_created: Seconds,
    last_updated: Seconds,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Parent {
    Id(AccountTransactionId),
    Empty(&'static str),
    Null(Option<()>),
}

#[derive(Debug, Serialize)]
struct AtxBalances {
    current: i64,
    lifetime: i64,
}

impl<'a> AtxView<'a> {
    pub fn of(transaction: &'a AccountTransaction, shown: AtxShown<'a>) -> Self {
        let (account, no_parent) = match shown {
            AtxShown::Answer => (None, Parent::Empty("")),
            AtxShown::AnswerWith(account) => {
                (Some(AccountView::of(account, AccountShown::Answer)), Parent::Empty(""))
            }
            AtxShown::Event(account, place) => (Some(AccountView::of(account, place)), Parent::Null(None)),
        };
        Self {
            account_transaction_id: transaction.id,
            parent_account_transaction_id: transaction.parent.map_or(no_parent, Parent::Id),
            account_id: transaction.account,
            account,
            event: transaction.event,
            value: transaction.value,
            source: 1,
            balances_before: AtxBalances {
                current: transaction.current_before,
                lifetime: transaction.lifetime_before,
            },
            balances_after: AtxBalances {
                current: transaction.current_after,
                lifetime: transaction.lifetime_after,
            },
            transaction_details: Details(transaction.details.as_ref()),
            properties: EmptyMap,
            date_created: Seconds(transaction.at),
            last_updated: Seconds(transaction.at),
        }
    }
}
