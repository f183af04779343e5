//! Rows of the `wallet` schema as values, and the reads that answer GETs, calculate and an open that only looks.
//!
//! Every read is one round trip: its statements share one snapshot and one moment, the database's.
//! A lock or a lot that has run out counts as gone at that moment, whether or not a job has posted it.

mod accounts;
mod calculate;
pub(crate) mod decode;
mod jobs;
mod nonces;
mod open;
mod permissions;
mod schemes;
mod transactions;
mod wallets;

use jiff::Timestamp;
use tokio_postgres::{Row, types::ToSql};
use zerosum_domain::BrandId;
use zerosum_ledger::reads::{Query, ReadError, Reads};

pub(crate) use calculate::{Calculated, Calculation};
pub(crate) use jobs::LapsedReader;
pub(crate) use nonces::Nonces;

use crate::{command::Refused, model::Brand, schemes::Schemes};

/// The select lists that [`decode`] reads, with the alias that each is selected from.
macro_rules! columns {
    (wallet) => {
        "w.brand_key, w.wallet_id, w.type, w.status, w.state, w.friendly_name, w.meta::text, w.created_at, w.updated_at"
    };
    (identity) => {
        "i.brand_key, i.identity_id, i.wallet_id, i.type, i.value, i.friendly_name, i.safe_value, i.status, i.state, \
         i.meta::text, i.starts_at, i.ends_at, i.created_at, i.updated_at"
    };
    (account) => {
        "a.brand_key, a.account_id, a.wallet_id, a.scheme_id, a.ledger_account, a.client_type, a.status, a.state, \
         a.starts_at, a.ends_at, a.meta::text, a.created_at, b.current, b.locked, b.figures"
    };
    (scheme_ref) => {
        "s.brand_key, s.scheme_id, s.reference, s.status, s.client_type, s.starts_at, s.ends_at, s.lock_seconds, \
         s.points_expiry, s.issue_account, s.redemption_account, s.expired_account"
    };
    (scheme) => {
        "s.brand_key, s.scheme_id, s.reference, s.version, s.type, s.class, s.status, s.client_type, s.lock_seconds, \
         s.shown::text, s.created_at, s.updated_at"
    };
    (tier) => {
        "t.brand_key, t.scheme_id, t.unit_identifier, t.floor, t.ceiling, t.step, t.rate_billionths, t.bonus, \
         t.points_back"
    };
    (transaction) => {
        "t.brand_key, t.wallet_transaction_id, t.parent_id, t.wallet_id, t.identity_id, t.reference, t.type, t.status, \
         t.meta, t.shown_accounts, t.shown_account_transactions, t.basket, t.adjudication, \
         t.results, t.store_id, t.store_parent_id, t.account_id, t.points, t.money, t.points_back, t.settled_points, \
         t.settled_money, t.refunded_points, t.refunded_money, t.details, t.hold_id, t.lock_expires_at, \
         t.lock_transaction, t.closing_transaction, t.spend_posting, t.original_id, t.created_at, t.updated_at"
    };
    (account_transaction) => {
        "a.brand_key, a.account_transaction_id, a.parent_id, a.wallet_id, a.account_id, a.wallet_transaction_id, \
         a.event, a.value, a.current_before, a.current_after, a.lifetime_before, a.lifetime_after, a.details, \
         a.posting, a.created_at"
    };
    // Led by the moment.
    (settings) => {
        "now(), c.unit_id, c.unit_name, c.environment_type, c.subsystem_id, c.mobile_wallet_url, c.lock_seconds, \
         c.refund_grace_days"
    };
    (rule) => {
        "r.brand_key, r.subject, r.status, r.state, r.may_earn, r.may_spend"
    };
}
use columns;

/// What the select lists are selected from, step by step: why these are no joins says `ledger.named_accounts` in the
/// ledger's migration.
macro_rules! from {
    // $1 is the brand and $2 the value, as in everything that begins with it.
    (identity_by_value) => {
        " from (select * from wallet.identities i where i.brand_key = $1::bigint and i.value = $2::text offset 0) i"
    };
    (accounts_of_identity) => {
        concat!(
            from!(identity_by_value),
            " cross join lateral (select * from wallet.accounts a",
            " where a.brand_key = i.brand_key and a.wallet_id = i.wallet_id offset 0) a"
        )
    };
    // One row, of nulls where the brand has none.
    (settings) => {
        " from (select 1) one left join wallet.brand_settings c on c.brand_key = $1::bigint"
    };
    // What the account that was found holds.
    (balances) => {
        " cross join lateral wallet.balances_of(a.brand_key, a.ledger_account) b"
    };
    // The tiers of the scheme that was found, which is called so.
    (tiers_of $scheme:literal) => {
        concat!(
            " cross join lateral (select * from wallet.scheme_tiers t",
            " where t.brand_key = ", $scheme, ".brand_key and t.scheme_id = ", $scheme, ".scheme_id offset 0) t",
        )
    };
}
use from;

/// Where a list begins and how long it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub limit: i64,
    pub offset: i64,
}

/// A part of a list, and how long the whole of it is.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub total: i64,
    pub results: Vec<T>,
}

/// See the module's documentation. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    reads: Reads,
    schemes: Schemes,
}

/// Why a read has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadFailed {
    /// What was asked for is not there.
    #[error("{0}")]
    NotThere(Refused),
    #[error("the database cannot answer now")]
    Unavailable(#[source] ReadError),
    #[error("the database failed to answer")]
    Broken(#[source] ReadError),
}

impl From<ReadError> for ReadFailed {
    fn from(error: ReadError) -> Self {
        match error {
            unavailable @ ReadError::Unavailable(_) => Self::Unavailable(unavailable),
            failed @ ReadError::Failed(_) => Self::Broken(failed),
        }
    }
}

impl From<tokio_postgres::Error> for ReadFailed {
    fn from(error: tokio_postgres::Error) -> Self {
        ReadError::from(error).into()
    }
}

impl From<Refused> for ReadFailed {
    fn from(refused: Refused) -> Self {
        Self::NotThere(refused)
    }
}

/// Whether there is such a wallet.
const WALLET_EXISTS: &str =
    "select 1 from wallet.wallets w where w.brand_key = $1::bigint and w.wallet_id = $2::bigint";
const IDENTITY_BY_VALUE: &str = concat!(
    "select ",
    columns!(identity),
    " from wallet.identities i where i.brand_key = $1::bigint and i.value = $2::text"
);
const WALLET_BY_IDENTITY: &str = concat!(
    "select ",
    columns!(wallet),
    from!(identity_by_value),
    " cross join lateral (select * from wallet.wallets w",
    " where w.brand_key = i.brand_key and w.wallet_id = i.wallet_id offset 0) w"
);
const RULES: &str = concat!(
    "select ",
    columns!(rule),
    " from wallet.permission_rules r where r.brand_key = $1::bigint",
    " order by r.subject, r.status nulls first, r.state nulls first"
);

/// The moment of a read, and the settings of its brand.
const SETTINGS: &str = concat!("select ", columns!(settings), from!(settings));

type Param<'a> = &'a (dyn ToSql + Sync);

impl Store {
    pub fn new(reads: Reads, schemes: Schemes) -> Self {
        Self { reads, schemes }
    }

    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Runs the queries with the settings before them.
    async fn read(
        &self,
        brand: &BrandId,
        queries: &[(&'static str, &[Param<'_>])],
    ) -> Result<Answers, ReadFailed> {
        let key = brand.key().get();
        let of_brand: [Param<'_>; 1] = [&key];
        let mut all = vec![Query { sql: SETTINGS, params: &of_brand }];
        all.extend(queries.iter().map(|(sql, params)| Query { sql, params }));
        let mut answers = self.reads.queries(brand, &all).await?.into_iter();
        let first = answers.next().unwrap_or_default();
        let Some(row) = first.first() else { unreachable!("settings are one row, or nulls") };
        Ok(Answers { now: row.try_get(0)?, brand: settings(row, brand)?, rows: answers.collect() })
    }
}

/// The settings at the beginning of a row, behind the moment.
fn settings(row: &Row, brand: &BrandId) -> Result<Brand, tokio_postgres::Error> {
    match row.try_get::<_, Option<&str>>(1)? {
        Some(_) => crate::command::settings_of(row),
        None => Ok(Brand::default_for(brand.as_str())),
    }
}

/// What a read found, statement by statement.
#[derive(Debug)]
struct Answers {
    now: Timestamp,
    brand: Brand,
    rows: Vec<Vec<Row>>,
}

impl Answers {
    fn of(&self, statement: usize) -> &[Row] {
        self.rows.get(statement).map_or(&[], Vec::as_slice)
    }

    fn first(&self, statement: usize) -> Option<&Row> {
        self.of(statement).first()
    }

    /// All rows of a statement as values; what cannot be read is left out.
    fn all<T>(
        &self,
        statement: usize,
        decode: impl Fn(&Row) -> Result<Option<T>, tokio_postgres::Error>,
    ) -> Result<Vec<T>, ReadFailed> {
        let mut found = Vec::with_capacity(self.of(statement).len());
        for row in self.of(statement) {
            found.extend(decode(row)?);
        }
        Ok(found)
    }

    /// A list: the count that one statement made, and the rows of another.
    fn listed<T>(
        &self,
        count: usize,
        rows: usize,
        decode: impl Fn(&Row) -> Result<Option<T>, tokio_postgres::Error>,
    ) -> Result<Listed<T>, ReadFailed> {
        let total = self.first(count).map(|row| row.try_get(0)).transpose()?.unwrap_or(0);
        Ok(Listed { total, results: self.all(rows, decode)? })
    }
}
