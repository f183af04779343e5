//! One row, one value; every row leads with its brand.
//!
//! `None` is a row that our own rules could not have written: it is logged and left out, so that one bad row
//! does not take a batch with it.

use std::{collections::BTreeMap, sync::Arc};

use tokio_postgres::{Error, Row, types::FromSql};
use uuid::Uuid;
use zerosum_domain::{
    AccountId, BrandKey, HoldId, Invalid, TransactionId,
    spend::{Money, PointCount, Rate, Tier, TierTerms, Tiers},
};

use crate::{
    model::{
        Account, AccountSnapshot, AccountTransaction, Balances, Brand, Event, Identity, IdentityId, Json,
        Label, Location, PermissionRule, PointsResults, Reference, Scheme, SchemeId, SchemeRef, Status,
        TransactionStatus, TransactionType, Wallet, WalletAccountId, WalletId, WalletTransaction,
        WalletTransactionId, json,
    },
    view,
};

/// The columns of a value: a row, or a part of one.
pub(crate) trait Columns {
    fn try_get<'a, T: FromSql<'a>>(&'a self, at: usize) -> Result<T, Error>;
}

impl Columns for Row {
    fn try_get<'a, T: FromSql<'a>>(&'a self, at: usize) -> Result<T, Error> {
        Self::try_get(self, at)
    }
}

/// The columns of a row from this one on.
#[derive(Debug)]
pub(crate) struct Part<'r>(pub &'r Row, pub usize);

impl Columns for Part<'_> {
    fn try_get<'a, T: FromSql<'a>>(&'a self, at: usize) -> Result<T, Error> {
        self.0.try_get(self.1 + at)
    }
}

/// A bad text or id in a row of our own.
fn sound<T>(what: &'static str, value: Result<T, Invalid>) -> Option<T> {
    value
        .inspect_err(|invalid| tracing::error!(what, rule = invalid.rule(), "a stored row breaks a rule"))
        .ok()
}

fn known<T>(what: &'static str, value: Option<T>) -> Option<T> {
    if value.is_none() {
        tracing::error!(what, "a stored row has an unknown word");
    }
    value
}

fn optional_json(row: &impl Columns, at: usize) -> Result<Option<Json>, Error> {
    let text: Option<String> = row.try_get(at)?;
    Ok(text.and_then(json))
}

/// 0 stands for none.
fn optional_id<T>(id: Option<i64>, new: impl Fn(i64) -> Result<T, Invalid>) -> Option<T> {
    id.filter(|id| *id != 0).and_then(|id| new(id).ok())
}

macro_rules! some {
    ($value:expr) => {
        match $value {
            Some(value) => value,
            None => return Ok(None),
        }
    };
}

pub(crate) fn wallet(row: &impl Columns) -> Result<Option<Wallet>, Error> {
    Ok(Some(Wallet {
        id: some!(sound("wallet id", WalletId::new(row.try_get(1)?))),
        kind: some!(sound("wallet type", Label::parse(row.try_get(2)?))),
        status: some!(sound("wallet status", Status::parse(row.try_get(3)?))),
        state: some!(sound("wallet state", Label::parse(row.try_get(4)?))),
        friendly_name: row.try_get(5)?,
        meta: optional_json(row, 6)?,
        created_at: row.try_get(7)?,
        updated_at: row.try_get(8)?,
    }))
}

pub(crate) fn identity(row: &impl Columns, brand: &Brand) -> Result<Option<Identity>, Error> {
    let id = some!(sound("identity id", IdentityId::new(row.try_get(1)?)));
    let wallet = some!(sound("wallet id", WalletId::new(row.try_get(2)?)));
    let mobile_wallet = view::identity_link(brand, wallet, id);
    Ok(Some(Identity {
        id,
        wallet,
        kind: some!(sound("identity type", Label::parse(row.try_get(3)?))),
        value: row.try_get::<&str>(4)?.into(),
        friendly_name: row.try_get(5)?,
        safe_value: row.try_get(6)?,
        status: some!(sound("identity status", Status::parse(row.try_get(7)?))),
        state: some!(sound("identity state", Label::parse(row.try_get(8)?))),
        meta: optional_json(row, 9)?,
        starts_at: row.try_get(10)?,
        ends_at: row.try_get(11)?,
        created_at: row.try_get(12)?,
        updated_at: row.try_get(13)?,
        mobile_wallet,
    }))
}

/// Without its figures, which are kept with its balance.
pub(crate) fn account(row: &impl Columns) -> Result<Option<(Account, AccountId)>, Error> {
    let account = Account {
        id: some!(sound("account id", WalletAccountId::new(row.try_get(1)?))),
        wallet: some!(sound("wallet id", WalletId::new(row.try_get(2)?))),
        scheme: some!(sound("scheme id", SchemeId::new(row.try_get(3)?))),
        client_type: row.try_get(5)?,
        status: some!(sound("account status", Status::parse(row.try_get(6)?))),
        state: some!(sound("account state", Label::parse(row.try_get(7)?))),
        starts_at: row.try_get(8)?,
        ends_at: row.try_get(9)?,
        meta: optional_json(row, 10)?,
        lifetime: 0,
        lifetime_spend: 0,
        lifetime_spend_value: 0,
        created_at: row.try_get(11)?,
        updated_at: row.try_get(11)?,
    };
    Ok(Some((account, AccountId::new(row.try_get(4)?))))
}

pub(crate) fn transaction(row: &Row) -> Result<Option<WalletTransaction>, Error> {
    let shown: Vec<i64> = row.try_get(9)?;
    let last: Vec<i64> = row.try_get(10)?;
    let accounts = shown.into_iter().zip(last).filter_map(|(account, last)| {
        Some((
            WalletAccountId::new(account).ok()?,
            optional_id(Some(last), crate::model::AccountTransactionId::new),
        ))
    });
    let results: Option<Vec<i64>> = row.try_get(13)?;
    let basket: Option<String> = row.try_get(11)?;
    Ok(Some(WalletTransaction {
        id: some!(sound("transaction id", WalletTransactionId::new(row.try_get(1)?))),
        parent: optional_id(row.try_get(2)?, WalletTransactionId::new),
        wallet: some!(sound("wallet id", WalletId::new(row.try_get(3)?))),
        identity: optional_id(row.try_get(4)?, IdentityId::new),
        reference: some!(sound("reference", Reference::try_from(row.try_get::<_, String>(5)?))),
        kind: some!(known("transaction type", TransactionType::parse(row.try_get(6)?))),
        status: some!(known("transaction status", TransactionStatus::parse(row.try_get(7)?))),
        meta: optional_json(row, 8)?,
        accounts: accounts.collect(),
        basket: basket.and_then(|basket| serde_json::from_str(&basket).ok()),
        adjudication: optional_json(row, 12)?,
        results: results.and_then(|figures| PointsResults::from_array(&figures)),
        location: Location { store: row.try_get(14)?, store_parent: row.try_get(15)? },
        account: optional_id(row.try_get(16)?, WalletAccountId::new),
        points: row.try_get(17)?,
        money: row.try_get(18)?,
        points_back: row.try_get(19)?,
        settled_points: row.try_get(20)?,
        settled_money: row.try_get(21)?,
        refunded_points: row.try_get(22)?,
        refunded_money: row.try_get(23)?,
        details: optional_json(row, 24)?,
        hold: row.try_get::<_, Option<Uuid>>(25)?.map(HoldId::new),
        lock_expires_at: row.try_get(26)?,
        lock_transaction: optional_id(row.try_get(27)?, crate::model::AccountTransactionId::new),
        closing_transaction: optional_id(row.try_get(28)?, crate::model::AccountTransactionId::new),
        spend_posting: row.try_get::<_, Option<Uuid>>(29)?.map(TransactionId::new),
        original: optional_id(row.try_get(30)?, WalletTransactionId::new),
        created_at: row.try_get(31)?,
        updated_at: row.try_get(32)?,
    }))
}

pub(crate) fn account_transaction(row: &Row) -> Result<Option<AccountTransaction>, Error> {
    Ok(Some(AccountTransaction {
        id: some!(sound("account transaction id", crate::model::AccountTransactionId::new(row.try_get(1)?))),
        parent: optional_id(row.try_get(2)?, crate::model::AccountTransactionId::new),
        wallet: some!(sound("wallet id", WalletId::new(row.try_get(3)?))),
        account: some!(sound("account id", WalletAccountId::new(row.try_get(4)?))),
        wallet_transaction: optional_id(row.try_get(5)?, WalletTransactionId::new),
        event: some!(known("event", Event::parse(row.try_get(6)?))),
        value: row.try_get(7)?,
        current_before: row.try_get(8)?,
        current_after: row.try_get(9)?,
        lifetime_before: row.try_get(10)?,
        lifetime_after: row.try_get(11)?,
        details: optional_json(row, 12)?,
        posting: row.try_get::<_, Option<Uuid>>(13)?.map(TransactionId::new),
        at: row.try_get(14)?,
    }))
}

pub(crate) fn rule(row: &Row) -> Result<Option<PermissionRule>, Error> {
    let (may_earn, may_spend) = (row.try_get(4)?, row.try_get(5)?);
    Ok(rule_of(row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, (may_earn, may_spend)))
}

/// A rule from its columns; what it grants is to earn and to spend.
pub(crate) fn rule_of(
    subject: &str,
    status: Option<&str>,
    state: Option<&str>,
    (may_earn, may_spend): (bool, bool),
) -> Option<PermissionRule> {
    let status = match status {
        Some(status) => Some(sound("rule status", Status::parse(status))?),
        None => None,
    };
    let state = match state {
        Some(state) => Some(sound("rule state", Label::parse(state))?),
        None => None,
    };
    Some(PermissionRule { subject: subject.to_owned(), status, state, may_earn, may_spend })
}

/// An account with its figures: current, locked and what is kept with them stand behind the account's own columns.
pub(crate) fn snapshot(row: &impl Columns, brand: &Brand) -> Result<Option<AccountSnapshot>, Error> {
    let (mut account, _) = some!(account(row)?);
    let (current, locked): (i64, i64) = (row.try_get(12)?, row.try_get(13)?);
    let kept: Option<Vec<i64>> = row.try_get(14)?;
    let kept = kept.and_then(|kept| kept.try_into().ok()).filter(|kept| account.take_figures(*kept));
    some!(known("account figures", kept));
    Ok(Some(AccountSnapshot {
        balances: Balances {
            current,
            usable: current - locked,
            locked,
            lifetime: account.lifetime,
            lifetime_spend: account.lifetime_spend,
            lifetime_spend_value: account.lifetime_spend_value,
        },
        mobile_wallet: view::account_link(brand, account.id),
        account: Arc::new(account),
    }))
}

/// A scheme as it is shown.
pub(crate) fn shown_scheme(row: &Row) -> Result<Option<Scheme>, Error> {
    let shown: &str = row.try_get(9)?;
    Ok(Some(Scheme {
        id: some!(sound("scheme id", SchemeId::new(row.try_get(1)?))),
        reference: row.try_get(2)?,
        version: row.try_get(3)?,
        kind: some!(sound("scheme type", Label::parse(row.try_get(4)?))),
        class: some!(sound("scheme class", Label::parse(row.try_get(5)?))),
        status: some!(sound("scheme status", Status::parse(row.try_get(6)?))),
        client_type: row.try_get(7)?,
        lock_seconds: row.try_get(8)?,
        shown: some!(known("scheme", serde_json::from_str(shown).ok())),
        created_at: row.try_get(10)?,
        updated_at: row.try_get(11)?,
    }))
}

/// Schemes with their tiers, from two reads.
pub(crate) fn schemes(schemes: &[Row], tiers: &[Row]) -> Result<Vec<(BrandKey, Arc<SchemeRef>)>, Error> {
    let mut by_unit: BTreeMap<(BrandKey, i64), BTreeMap<String, Vec<Tier>>> = BTreeMap::new();
    for row in tiers {
        let (brand, scheme) = (BrandKey::new(row.try_get(0)?), row.try_get(1)?);
        if let Some(tier) = tier(row)? {
            by_unit.entry((brand, scheme)).or_default().entry(row.try_get(2)?).or_default().push(tier);
        }
    }
    let mut found = Vec::with_capacity(schemes.len());
    for row in schemes {
        let brand = BrandKey::new(row.try_get(0)?);
        let units = by_unit.remove(&(brand, row.try_get(1)?)).unwrap_or_default();
        if let Some(scheme) = scheme(row, units)? {
            found.push((brand, Arc::new(scheme)));
        }
    }
    Ok(found)
}

fn scheme(row: &Row, units: BTreeMap<String, Vec<Tier>>) -> Result<Option<SchemeRef>, Error> {
    let tiers =
        units.into_iter().filter_map(|(unit, tiers)| Some((unit, sound("tiers", Tiers::new(tiers))?)));
    Ok(Some(SchemeRef {
        id: some!(sound("scheme id", SchemeId::new(row.try_get(1)?))),
        reference: row.try_get::<_, &str>(2)?.into(),
        status: some!(sound("scheme status", Status::parse(row.try_get(3)?))),
        client_type: row.try_get::<_, Option<&str>>(4)?.map(Into::into),
        starts_at: row.try_get(5)?,
        ends_at: row.try_get(6)?,
        lock_seconds: row.try_get(7)?,
        points_expiry: match row.try_get::<_, Option<&str>>(8)? {
            Some(expiry) => Some(some!(sound("points expiry", expiry.parse()))),
            None => None,
        },
        issue: AccountId::new(row.try_get(9)?),
        redemption: AccountId::new(row.try_get(10)?),
        expired: AccountId::new(row.try_get(11)?),
        tiers: tiers.collect(),
    }))
}

/// The terms stand from the fourth column on.
fn tier(row: &Row) -> Result<Option<Tier>, Error> {
    let points = |at: usize| -> Result<Option<PointCount>, Error> {
        Ok(sound("tier points", PointCount::new(row.try_get(at)?)))
    };
    let terms = TierTerms {
        floor: some!(points(3)?),
        ceiling: some!(points(4)?),
        step: some!(points(5)?),
        rate: some!(sound("rate", Rate::from_billionths(row.try_get(6)?))),
        bonus: some!(sound("bonus", Money::new(row.try_get(7)?))),
        points_back: some!(points(8)?),
    };
    Ok(sound("tier", Tier::new(terms)))
}
