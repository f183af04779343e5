//! Names to ids, without locks: an identity's value, a reference and an account never change what they mean.

use std::collections::BTreeSet;

use ahash::HashMap;
use futures_util::join;
use tokio_postgres::{Error, Row, types::ToSql};
use uuid::Uuid;
use zerosum_domain::{AccountId, BrandKey, HoldId, TransactionId};
use zerosum_ledger::engine::{Db, Named, Rights};

use super::{
    Command,
    machine::{Machine, Prepared},
    names::{LAPSED_MAX, Names},
    rows::{Resolved, ResolvedAccount, ResolvedTransaction, Rows},
};
use crate::{
    model::{IdentityId, SchemeId, WalletId},
    store::decode,
};

/// How soon a lock runs out that a batch under locks reads: before it has decided.
const SOON_SECONDS: i64 = 60;
/// Any lock: a year is the longest.
const EVER_SECONDS: i64 = 10 * 366 * 24 * 60 * 60;

/// The names of a batch by brand.
pub(super) fn names<'a>(commands: &'a [Named<'a, Command>]) -> HashMap<BrandKey, Names<'a>> {
    let mut by_brand: HashMap<BrandKey, Names<'_>> = HashMap::default();
    for named in commands {
        by_brand.entry(named.brand.key()).or_default().add(&named.command.action);
    }
    by_brand
}

/// Pairs of a brand and one of its names, as two arrays.
pub(super) fn pairs<'a, T>(
    names: &HashMap<BrandKey, Names<'a>>,
    of: impl Fn(&Names<'a>) -> Vec<T>,
) -> (Vec<i64>, Vec<T>) {
    named_where(names, |_, names| of(names))
}

/// The same, of names that the brand decides on.
pub(super) fn named_where<'a, T>(
    names: &HashMap<BrandKey, Names<'a>>,
    of: impl Fn(BrandKey, &Names<'a>) -> Vec<T>,
) -> (Vec<i64>, Vec<T>) {
    let mut brands = Vec::new();
    let mut values = Vec::new();
    for (brand, names) in names {
        for value in of(*brand, names) {
            brands.push(brand.get());
            values.push(value);
        }
    }
    (brands, values)
}

pub(super) async fn resolve(
    machine: &Machine,
    db: Db<'_, Prepared>,
    commands: &[Named<'_, Command>],
    rows: &mut Rows,
    rights: Rights,
) -> Result<(), Error> {
    let names = names(commands);
    let (value_brands, values) = pairs(&names, |names| names.identities.clone());
    let (reference_brands, references) = pairs(&names, |names| names.references.clone());
    let (wallet_brands, wallets) = pairs(&names, |names| {
        let wallets: BTreeSet<i64> = names.wallets.iter().map(|wallet| wallet.get()).collect();
        wallets.into_iter().collect()
    });
    let (parent_brands, parents) = pairs(&names, |names| names.parents.clone());
    let (scheme_brands, schemes) =
        pairs(&names, |names| names.schemes.iter().map(|scheme| scheme.get()).collect());
    let (named_brands, scheme_references) = pairs(&names, |names| names.scheme_references.clone());
    let lapsed_max = i64::try_from(LAPSED_MAX).unwrap_or(i64::MAX);
    let moment = machine.set_moment();
    // What is to be remembered is read with all its locks.
    let until = if rights == Rights::Locked { SOON_SECONDS } else { EVER_SECONDS };
    let statements = db.prepared;
    let by_name: [&(dyn ToSql + Sync); 11] = [
        &value_brands,
        &values,
        &reference_brands,
        &references,
        &wallet_brands,
        &wallets,
        &moment,
        &lapsed_max,
        &parent_brands,
        &parents,
        &until,
    ];
    let by_scheme: [&(dyn ToSql + Sync); 4] = [&scheme_brands, &schemes, &named_brands, &scheme_references];
    // Everything is sent at the first poll; a batch that only makes things has less to ask.
    let ask = |wanted: bool, statement, params| async move {
        if wanted { db.query(statement, params).await } else { Ok(Vec::new()) }
    };
    let names_wallets = !values.is_empty() || !references.is_empty() || !wallets.is_empty();
    let names_schemes = !schemes.is_empty() || !scheme_references.is_empty();
    let (found, schemes) = join!(
        ask(names_wallets, &statements.resolve_names, &by_name[..]),
        ask(names_schemes, &statements.resolve_schemes, &by_scheme[..]),
    );
    let resolved = &mut rows.resolved;
    for row in &found? {
        let brand = BrandKey::new(row.try_get(at::BRAND)?);
        name(row, resolved.entry(brand).or_default())?;
    }
    for row in &schemes? {
        // These lead with the brand.
        let brand = BrandKey::new(row.try_get(0)?);
        if let Ok(id) = SchemeId::new(row.try_get(1)?) {
            resolved.entry(brand).or_default().schemes.insert(row.try_get(2)?, id);
        }
    }
    schemes_of(machine, db, resolved).await
}

/// The schemes that the names lead to: a scheme never changes, so one that the process knows is not read.
async fn schemes_of(
    machine: &Machine,
    db: Db<'_, Prepared>,
    resolved: &mut HashMap<BrandKey, Resolved>,
) -> Result<(), Error> {
    let mut unknown: (Vec<i64>, Vec<i64>) = Default::default();
    for (brand, resolved) in &mut *resolved {
        for id in resolved.scheme_ids() {
            match machine.schemes.by_id(*brand, id) {
                Some(scheme) => {
                    resolved.known_schemes.insert(id, scheme);
                }
                None => {
                    unknown.0.push(brand.get());
                    unknown.1.push(id.get());
                }
            }
        }
    }
    if unknown.0.is_empty() {
        return Ok(());
    }
    let params: [&(dyn ToSql + Sync); 2] = [&unknown.0, &unknown.1];
    let statements = db.prepared;
    let (schemes, tiers) =
        join!(db.query(&statements.read_schemes, &params), db.query(&statements.read_tiers, &params));
    for (brand, scheme) in decode::schemes(&schemes?, &tiers?)? {
        machine.schemes.learn(brand, &scheme);
        resolved.entry(brand).or_default().known_schemes.insert(scheme.id, scheme);
    }
    Ok(())
}

/// The columns of `resolve_names`.
mod at {
    pub const KIND: usize = 0;
    pub const BRAND: usize = 1;
    pub const NAME: usize = 2;
    pub const WALLET: usize = 3;
    pub const IDENTITY: usize = 4;
    pub const SCHEME: usize = 5;
    pub const LEDGER_ACCOUNT: usize = 6;
    pub const HOLD: usize = 7;
    pub const POSTING: usize = 8;
}

/// A row by its kind. References come before their children.
fn name(row: &Row, resolved: &mut Resolved) -> Result<(), Error> {
    let Ok(wallet) = WalletId::new(row.try_get(at::WALLET)?) else { return Ok(()) };
    let hold = row.try_get::<_, Option<Uuid>>(at::HOLD)?.map(HoldId::new);
    match row.try_get(at::KIND)? {
        "identity" => {
            if let Ok(id) = IdentityId::new(row.try_get(at::IDENTITY)?) {
                resolved.identities.insert(row.try_get::<_, &str>(at::NAME)?.into(), (id, wallet));
            }
            account(row, wallet, hold, resolved)?;
        }
        "reference" => {
            let spend_posting = row.try_get::<_, Option<Uuid>>(at::POSTING)?.map(TransactionId::new);
            let found = ResolvedTransaction { wallet, hold, spend_posting, child_holds: Vec::new() };
            resolved.references.insert(row.try_get::<_, &str>(at::NAME)?.into(), found);
        }
        "account" => account(row, wallet, hold, resolved)?,
        // "child"
        _ => {
            if let Some(parent) = resolved.references.get_mut(row.try_get::<_, &str>(at::NAME)?) {
                parent.child_holds.extend(hold);
            }
        }
    }
    Ok(())
}

/// An account, if the wallet has one, and a lock of it, if one was looked for and is there. Either may have been
/// found before, by another of its wallet's names.
fn account(row: &Row, wallet: WalletId, lock: Option<HoldId>, resolved: &mut Resolved) -> Result<(), Error> {
    let scheme = row.try_get::<_, Option<i64>>(at::SCHEME)?.and_then(|id| SchemeId::new(id).ok());
    let ledger = row.try_get::<_, Option<Uuid>>(at::LEDGER_ACCOUNT)?;
    let (Some(scheme), Some(ledger)) = (scheme, ledger) else { return Ok(()) };
    let ledger = AccountId::new(ledger);
    let accounts = resolved.accounts.entry(wallet).or_default();
    if !accounts.iter().any(|known| known.ledger == ledger) {
        accounts.push(ResolvedAccount { ledger, scheme });
    }
    if let Some(lock) = lock {
        resolved.locks.entry(wallet).or_default().insert(lock);
    }
    Ok(())
}
