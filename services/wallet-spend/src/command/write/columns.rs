//! Columns of rows, for statements that take arrays.
//!
//! A row's own arrays are slices of one array of all rows ([`Shown`]), because an array of arrays of different lengths does
//! not exist, and the server would have to read each from a text.

use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use uuid::Uuid;
use zerosum_domain::{HoldId, TransactionId};
use zerosum_ledger::engine::place;

use crate::{
    command::rows::{AccountRow, NewScheme},
    model::{AccountTransaction, Identity, Json, PermissionRule, SchemeRef, Wallet, WalletTransaction},
};

type Params<'a> = Vec<&'a (dyn ToSql + Sync)>;

/// `columns!` makes a table of columns: one vector each, filled row by row. `update` lists those that change.
macro_rules! columns {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),+) { $($column:ident: $type:ty = $value:expr),+ $(,)? }
     update { $($changed:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(super) struct $name<'a> {
            brands: Vec<i64>,
            $($column: Vec<$type>),+
        }

        impl<'a> $name<'a> {
            pub fn push(&mut self, brand: i64, $($arg: $kind),+) {
                self.brands.push(brand);
                $(self.$column.push($value);)+
            }

            /// All columns after the brand; nothing when there is no row.
            pub fn params(&self) -> Params<'_> {
                if self.brands.is_empty() { Vec::new() } else { vec![&self.brands, $(&self.$column),+] }
            }

        }

        columns!(@update $name $($changed),*);
    };
    (@update $name:ident) => {};
    (@update $name:ident $($changed:ident),+) => {
        impl $name<'_> {
            /// The columns that change, after brand and id.
            pub fn update_params(&self) -> Params<'_> {
                if self.brands.is_empty() { Vec::new() } else { vec![&self.brands, $(&self.$changed),+] }
            }
        }
    };
}

fn text(json: Option<&Json>) -> Option<&str> {
    json.map(|json| json.get())
}

columns! {
    /// Wallets.
    WalletColumns(wallet: &'a Wallet, consumer: Option<&'a Json>) {
        id: i64 = wallet.id.get(),
        kind: &'a str = wallet.kind.as_str(),
        status: &'static str = wallet.status.as_str(),
        state: &'a str = wallet.state.as_str(),
        friendly_name: Option<&'a str> = wallet.friendly_name.as_deref(),
        meta: Option<&'a str> = text(wallet.meta.as_ref()),
        consumer: Option<&'a str> = text(consumer),
        created_at: Timestamp = wallet.created_at,
        updated_at: Timestamp = wallet.updated_at,
    } update { id, status, state, updated_at }
}

columns! {
    /// Identities.
    IdentityColumns(identity: &'a Identity) {
        id: i64 = identity.id.get(),
        wallet: i64 = identity.wallet.get(),
        kind: &'a str = identity.kind.as_str(),
        value: &'a str = &identity.value,
        friendly_name: Option<&'a str> = identity.friendly_name.as_deref(),
        safe_value: Option<&'a str> = identity.safe_value.as_deref(),
        status: &'static str = identity.status.as_str(),
        state: &'a str = identity.state.as_str(),
        meta: Option<&'a str> = text(identity.meta.as_ref()),
        starts_at: Option<Timestamp> = identity.starts_at,
        ends_at: Option<Timestamp> = identity.ends_at,
        created_at: Timestamp = identity.created_at,
        updated_at: Timestamp = identity.updated_at,
    } update { id, status, state, updated_at }
}

columns! {
    /// Points accounts.
    AccountColumns(row: &'a AccountRow) {
        id: i64 = row.account.id.get(),
        wallet: i64 = row.account.wallet.get(),
        scheme: i64 = row.account.scheme.get(),
        ledger: Uuid = row.ledger.uuid(),
        client_type: Option<&'a str> = row.account.client_type.as_deref(),
        status: &'static str = row.account.status.as_str(),
        state: &'a str = row.account.state.as_str(),
        starts_at: Option<Timestamp> = row.account.starts_at,
        ends_at: Option<Timestamp> = row.account.ends_at,
        meta: Option<&'a str> = text(row.account.meta.as_ref()),
        created_at: Timestamp = row.account.created_at,
    } update { id, status, state }
}

columns! {
    /// Wallet transactions.
    TransactionColumns(of: &'a WalletTransaction) {
        id: i64 = of.id.get(),
        parent: i64 = of.parent.map_or(0, |id| id.get()),
        wallet: i64 = of.wallet.get(),
        identity: Option<i64> = of.identity.map(|id| id.get()),
        reference: &'a str = of.reference.as_str(),
        kind: &'static str = of.kind.as_str(),
        status: &'static str = of.status.as_str(),
        meta: Option<&'a str> = text(of.meta.as_ref()),
        basket: Option<String> = of.basket.as_ref().and_then(|basket| serde_json::to_string(basket).ok()),
        adjudication: Option<&'a str> = text(of.adjudication.as_ref()),
        store: Option<&'a str> = of.location.store.as_deref(),
        store_parent: Option<&'a str> = of.location.store_parent.as_deref(),
        account: Option<i64> = of.account.map(|id| id.get()),
        points: i64 = of.points,
        money: i64 = of.money,
        points_back: i64 = of.points_back,
        settled_points: i64 = of.settled_points,
        settled_money: i64 = of.settled_money,
        refunded_points: i64 = of.refunded_points,
        refunded_money: i64 = of.refunded_money,
        details: Option<&'a str> = text(of.details.as_ref()),
        hold: Option<Uuid> = of.hold.map(HoldId::uuid),
        lock_expires_at: Option<Timestamp> = of.lock_expires_at,
        lock_transaction: Option<i64> = of.lock_transaction.map(|id| id.get()),
        closing_transaction: Option<i64> = of.closing_transaction.map(|id| id.get()),
        spend_posting: Option<Uuid> = of.spend_posting.map(TransactionId::uuid),
        original: Option<i64> = of.original.map(|id| id.get()),
        created_at: Timestamp = of.created_at,
        updated_at: Timestamp = of.updated_at,
    } update { id, parent, wallet, identity, reference, status, meta, basket, store, store_parent, points, settled_points, settled_money, refunded_points, refunded_money, closing_transaction, spend_posting, updated_at }
}

/// The arrays of wallet transactions: what they show of accounts, and their results. A row's part is from one place to
/// another, counted from 1; results are six, and a row without any has no place.
#[derive(Debug, Default)]
pub(super) struct Shown {
    accounts: Vec<i64>,
    account_transactions: Vec<i64>,
    results: Vec<i64>,
    from: Vec<i32>,
    to: Vec<i32>,
    results_from: Vec<Option<i32>>,
}

impl Shown {
    pub fn push(&mut self, of: &WalletTransaction) {
        self.from.push(place(self.accounts.len() + 1));
        for (account, last) in &of.accounts {
            self.accounts.push(account.get());
            self.account_transactions.push(last.map_or(0, |id| id.get()));
        }
        self.to.push(place(self.accounts.len()));
        self.results_from.push(of.results.map(|_| place(self.results.len() + 1)));
        self.results.extend(of.results.iter().flat_map(|results| results.to_array()));
    }

    /// Behind the columns of the same rows; nothing when there are none.
    pub fn params(&self) -> Params<'_> {
        if self.from.is_empty() {
            return Vec::new();
        }
        vec![
            &self.from,
            &self.to,
            &self.results_from,
            &self.accounts,
            &self.account_transactions,
            &self.results,
        ]
    }
}

columns! {
    /// Account transactions.
    AccountTransactionColumns(of: &'a AccountTransaction) {
        id: i64 = of.id.get(),
        parent: i64 = of.parent.map_or(0, |id| id.get()),
        wallet: i64 = of.wallet.get(),
        account: i64 = of.account.get(),
        wallet_transaction: i64 = of.wallet_transaction.map_or(0, |id| id.get()),
        event: &'static str = of.event.as_str(),
        value: i64 = of.value,
        current_before: i64 = of.current_before,
        current_after: i64 = of.current_after,
        lifetime_before: i64 = of.lifetime_before,
        lifetime_after: i64 = of.lifetime_after,
        details: Option<&'a str> = text(of.details.as_ref()),
        posting: Option<Uuid> = of.posting.map(TransactionId::uuid),
        at: Timestamp = of.at,
    } update {  }
}

columns! {
    /// Permission rules.
    RuleColumns(of: &'a PermissionRule) {
        subject: &'a str = &of.subject,
        status: Option<&'static str> = of.status.map(|status| status.as_str()),
        state: Option<&'a str> = of.state.as_ref().map(|state| state.as_str()),
        may_earn: bool = of.may_earn,
        may_spend: bool = of.may_spend,
    } update {  }
}

columns! {
    /// Schemes.
    SchemeColumns(new: &'a NewScheme) {
        id: i64 = new.scheme.id.get(),
        reference: &'a str = &new.scheme.reference,
        version: i32 = new.scheme.version,
        kind: &'a str = new.scheme.kind.as_str(),
        class: &'a str = new.scheme.class.as_str(),
        status: &'static str = new.scheme.status.as_str(),
        client_type: Option<&'a str> = new.scheme.client_type.as_deref(),
        name: &'a str = &new.name,
        starts_at: Option<Timestamp> = new.refs.starts_at,
        ends_at: Option<Timestamp> = new.refs.ends_at,
        lock_seconds: Option<i32> = new.refs.lock_seconds,
        points_expiry: Option<String> = new.refs.points_expiry.map(|expiry| expiry.to_string()),
        shown: String = serde_json::Value::Object(new.scheme.shown.clone()).to_string(),
        issue: Uuid = new.refs.issue.uuid(),
        redemption: Uuid = new.refs.redemption.uuid(),
        expired: Uuid = new.refs.expired.uuid(),
        created_at: Timestamp = new.scheme.created_at,
        updated_at: Timestamp = new.scheme.updated_at,
    } update {  }
}

/// Tiers of new schemes: several rows a scheme.
#[derive(Debug, Default)]
pub(super) struct TierColumns<'a> {
    brands: Vec<i64>,
    schemes: Vec<i64>,
    units: Vec<&'a str>,
    floors: Vec<i64>,
    ceilings: Vec<i64>,
    steps: Vec<i64>,
    rates: Vec<i64>,
    bonuses: Vec<i64>,
    points_back: Vec<i64>,
}

impl<'a> TierColumns<'a> {
    pub fn push(&mut self, brand: i64, scheme: &'a SchemeRef) {
        for (unit, tiers) in &scheme.tiers {
            for tier in tiers.as_slice() {
                let terms = tier.terms();
                self.brands.push(brand);
                self.schemes.push(scheme.id.get());
                self.units.push(unit);
                self.floors.push(terms.floor.get());
                self.ceilings.push(terms.ceiling.get());
                self.steps.push(terms.step.get());
                self.rates.push(terms.rate.billionths());
                self.bonuses.push(terms.bonus.get());
                self.points_back.push(terms.points_back.get());
            }
        }
    }

    pub fn params(&self) -> Params<'_> {
        if self.brands.is_empty() {
            return Vec::new();
        }
        vec![
            &self.brands,
            &self.schemes,
            &self.units,
            &self.floors,
            &self.ceilings,
            &self.steps,
            &self.rates,
            &self.bonuses,
            &self.points_back,
        ]
    }
}
