//! What calculate reads: a wallet by an identity, its account in a scheme, and what rules them.
//!
//! One statement, and so one moment. The scheme and its tiers are read when the process meets them, and never change;
//! everything that can change is in the statement.

use std::sync::Arc;

use tokio_postgres::Row;
use zerosum_domain::{
    BrandId,
    spend::{Adjudication, Ask, PointCount},
};
use zerosum_ledger::reads::Query;

use super::{
    IDENTITY_BY_VALUE, Param, ReadFailed, Store, columns,
    decode::{self, Columns, Part},
    from, settings,
};
use crate::{
    command::Refused,
    model::{AccountSnapshot, Identity, PermissionRule, SchemeId, SchemeRef, Wallet, permission},
};

/// What is asked.
#[derive(Debug)]
pub(crate) struct Calculation<'a> {
    pub identity: &'a str,
    /// None: that of the wallet's only account.
    pub scheme: Option<&'a str>,
    pub banner: Option<&'a str>,
    pub ask: Ask,
}

/// What can be spent of it, and on whose account.
#[derive(Debug)]
pub(crate) struct Calculated {
    pub wallet: Wallet,
    pub identity: Identity,
    pub account: AccountSnapshot,
    pub scheme: SchemeId,
    pub adjudication: Adjudication,
    pub at: jiff::Timestamp,
}

/// Settings, identity, wallet, account and rules in one row; nulls for what is not there. `$account` says which accounts.
macro_rules! what_there_is {
    ($account:literal) => {
        concat!(
            "select ",
            columns!(settings),
            ", ",
            columns!(identity),
            ", ",
            columns!(wallet),
            ", ",
            columns!(account),
            ", r.subjects, r.statuses, r.states, r.earn, r.spend",
            from!(settings),
            " left join lateral (select * from wallet.identities i",
            " where i.brand_key = $1::bigint and i.value = $2::text offset 0) i on true",
            " left join lateral (select * from wallet.wallets w",
            " where w.brand_key = i.brand_key and w.wallet_id = i.wallet_id offset 0) w on true",
            " left join lateral (select * from wallet.accounts a",
            " where a.brand_key = i.brand_key and a.wallet_id = i.wallet_id",
            $account,
            ") a on true",
            " left join lateral wallet.balances_of(a.brand_key, a.ledger_account) b on true",
            " left join lateral (select array_agg(r.subject) as subjects, array_agg(r.status) as statuses,",
            " array_agg(r.state) as states, array_agg(r.may_earn) as earn, array_agg(r.may_spend) as spend",
            " from wallet.permission_rules r where r.brand_key = $1::bigint) r on true"
        )
    };
}

/// The places where they begin.
mod at {
    pub const IDENTITY: usize = 8;
    pub const WALLET: usize = 22;
    pub const ACCOUNT: usize = 31;
    pub const RULES: usize = 46;
}

const IN_SCHEME: &str = what_there_is!(" and a.scheme_id = $3::bigint offset 0");
/// Where no scheme is named: two accounts are one too many.
const ONLY_ONE: &str = what_there_is!(" limit 2");

const SCHEME_BY_REFERENCE: &str = concat!(
    "select ",
    columns!(scheme_ref),
    " from wallet.schemes s where s.brand_key = $1::bigint and s.reference = $2::text"
);
const TIERS_BY_REFERENCE: &str = concat!(
    "select ",
    columns!(tier),
    " from (select * from wallet.schemes s where s.brand_key = $1::bigint and s.reference = $2::text offset 0) s",
    from!(tiers_of "s")
);
const SCHEME_BY_ID: &str = concat!(
    "select ",
    columns!(scheme_ref),
    " from wallet.schemes s where s.brand_key = $1::bigint and s.scheme_id = $2::bigint"
);
const TIERS_BY_ID: &str = concat!(
    "select ",
    columns!(tier),
    " from wallet.scheme_tiers t where t.brand_key = $1::bigint and t.scheme_id = $2::bigint"
);

impl Store {
    /// Changes nothing.
    pub async fn calculate(
        &self,
        brand: &BrandId,
        wanted: &Calculation<'_>,
    ) -> Result<Calculated, ReadFailed> {
        let (key, identity) = (brand.key().get(), wanted.identity);
        let named = match wanted.scheme {
            Some(reference) => Some(self.scheme_named(brand, reference, identity).await?),
            None => None,
        };
        let rows = match &named {
            Some(scheme) => {
                let params: [Param<'_>; 3] = [&key, &identity, &scheme.id.get()];
                self.reads.query(brand, Query { sql: IN_SCHEME, params: &params }).await?
            }
            None => {
                let params: [Param<'_>; 2] = [&key, &identity];
                self.reads.query(brand, Query { sql: ONLY_ONE, params: &params }).await?
            }
        };
        let Some(row) = rows.first() else { unreachable!("what is not there are nulls") };
        let is_there = |from: usize| Ok::<_, ReadFailed>(row.try_get::<_, Option<i64>>(from)?.is_some());
        let settings = settings(row, brand)?;
        if !is_there(at::IDENTITY)? {
            return Err(Refused::IdentityNotFound.into());
        }
        let found = decode::identity(&Part(row, at::IDENTITY), &settings)?;
        let identity = found.ok_or(Refused::IdentityNotFound)?;
        if !is_there(at::WALLET)? {
            return Err(Refused::WalletNotFound.into());
        }
        let wallet = decode::wallet(&Part(row, at::WALLET))?.ok_or(Refused::WalletNotFound)?;
        if rows.len() > 1 {
            let rule = "/scheme/reference: is required, the wallet has accounts of several schemes";
            return Err(Refused::NotPossible { rule: rule.to_owned() }.into());
        }
        if !is_there(at::ACCOUNT)? {
            return Err(Refused::AccountNotFound.into());
        }
        let account =
            decode::snapshot(&Part(row, at::ACCOUNT), &settings)?.ok_or(Refused::AccountNotFound)?;
        let scheme = match named {
            Some(scheme) => scheme,
            None => self.scheme_of(brand, account.account.scheme).await?,
        };
        let granted = permission(
            &rules(row)?,
            [
                ("wallet", wallet.status, &wallet.state),
                ("identity", identity.status, &identity.state),
                ("account", account.account.status, &account.account.state),
            ],
        );
        let denied = |reason: &str| Refused::SpendNotPermitted { reason: reason.to_owned() };
        if !granted.spend {
            return Err(denied(
                "the wallet, the identity or the account may not spend in its status and state",
            )
            .into());
        }
        let tiers = scheme
            .tiers_of(wanted.banner, &settings.unit_id)
            .ok_or_else(|| denied("the scheme has no redemption rate for this unit"))?;
        let usable = PointCount::new(account.balances.usable).unwrap_or(PointCount::ZERO);
        let adjudication = tiers
            .adjudicate(wanted.ask, usable)
            .map_err(|invalid| Refused::NotPossible { rule: format!("/monetaryValue: {invalid}") })?;
        Ok(Calculated { wallet, identity, account, scheme: scheme.id, adjudication, at: row.try_get(0)? })
    }

    /// A scheme by its reference. Where there is none, an identity that is not there is said first.
    async fn scheme_named(
        &self,
        brand: &BrandId,
        reference: &str,
        identity: &str,
    ) -> Result<Arc<SchemeRef>, ReadFailed> {
        if let Some(known) = self.schemes.by_reference(brand.key(), reference) {
            return Ok(known);
        }
        let key = brand.key().get();
        let by_reference: [Param<'_>; 2] = [&key, &reference];
        let answers = self
            .read(
                brand,
                &[
                    (SCHEME_BY_REFERENCE, &by_reference),
                    (TIERS_BY_REFERENCE, &by_reference),
                    (IDENTITY_BY_VALUE, &[&key, &identity]),
                ],
            )
            .await?;
        let missing =
            if answers.of(2).is_empty() { Refused::IdentityNotFound } else { Refused::SchemeNotFound };
        self.learn(answers.of(0), answers.of(1))?.ok_or_else(|| missing.into())
    }

    /// The scheme of an account.
    async fn scheme_of(&self, brand: &BrandId, id: SchemeId) -> Result<Arc<SchemeRef>, ReadFailed> {
        if let Some(known) = self.schemes.by_id(brand.key(), id) {
            return Ok(known);
        }
        let by_id: [Param<'_>; 2] = [&brand.key().get(), &id.get()];
        let answers = self.read(brand, &[(SCHEME_BY_ID, &by_id), (TIERS_BY_ID, &by_id)]).await?;
        self.learn(answers.of(0), answers.of(1))?.ok_or_else(|| Refused::SchemeNotFound.into())
    }

    fn learn(&self, schemes: &[Row], tiers: &[Row]) -> Result<Option<Arc<SchemeRef>>, ReadFailed> {
        let read = decode::schemes(schemes, tiers)?.pop();
        Ok(read.map(|(brand, scheme)| {
            self.schemes.learn(brand, &scheme);
            scheme
        }))
    }
}

/// The brand's rules, a column an array; nulls when there are none.
fn rules(row: &Row) -> Result<Vec<PermissionRule>, ReadFailed> {
    let part = Part(row, at::RULES);
    let Some(subjects) = part.try_get::<Option<Vec<&str>>>(0)? else { return Ok(Vec::new()) };
    let (statuses, states): (Vec<Option<&str>>, Vec<Option<&str>>) = (part.try_get(1)?, part.try_get(2)?);
    let (earn, spend): (Vec<bool>, Vec<bool>) = (part.try_get(3)?, part.try_get(4)?);
    let limits = statuses.into_iter().zip(states);
    let grants = earn.into_iter().zip(spend);
    let read = subjects
        .into_iter()
        .zip(limits)
        .zip(grants)
        .map(|((subject, (status, state)), grant)| decode::rule_of(subject, status, state, grant));
    Ok(read.flatten().collect())
}
