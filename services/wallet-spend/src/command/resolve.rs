//! Names to ids, without locks: an identity's value, a reference and an account never change what they mean.

use std::collections::HashMap;

use futures_util::join;
use tokio_postgres::{Error, Row, types::ToSql};
use uuid::Uuid;
use zerosum_domain::{AccountId, BrandId, HoldId, TransactionId};
use zerosum_ledger::engine::{Db, Named};

use super::{
    Command,
    machine::Prepared,
    names::{LAPSED_MAX, NEXT_MAX, Names},
    rows::{Resolved, ResolvedAccount, ResolvedTransaction, Rows, SchemeAccounts},
};
use crate::model::{SchemeId, WalletId};

/// The names of a batch by brand.
pub(super) fn names<'a>(commands: &'a [Named<'a, Command>]) -> HashMap<&'a BrandId, Names<'a>> {
    let mut by_brand: HashMap<&BrandId, Names<'_>> = HashMap::new();
    for named in commands {
        by_brand.entry(named.brand).or_default().add(&named.command.action);
    }
    by_brand
}

/// Pairs of a brand and one of its names, as two arrays.
pub(super) fn pairs<'a, T>(
    names: &HashMap<&'a BrandId, Names<'a>>,
    of: impl Fn(&Names<'a>) -> Vec<T>,
) -> (Vec<&'a str>, Vec<T>) {
    named_where(names, |_, names| of(names))
}

/// The same, of names that the brand decides on.
pub(super) fn named_where<'a, T>(
    names: &HashMap<&'a BrandId, Names<'a>>,
    of: impl Fn(&'a BrandId, &Names<'a>) -> Vec<T>,
) -> (Vec<&'a str>, Vec<T>) {
    let mut brands = Vec::new();
    let mut values = Vec::new();
    for (brand, names) in names {
        for value in of(brand, names) {
            brands.push(brand.as_str());
            values.push(value);
        }
    }
    (brands, values)
}

pub(super) async fn resolve(
    db: Db<'_, Prepared>,
    commands: &[Named<'_, Command>],
    rows: &mut Rows,
) -> Result<(), Error> {
    let names = names(commands);
    let (value_brands, values) = pairs(&names, |names| names.identities.clone());
    let (reference_brands, references) = pairs(&names, |names| names.references.clone());
    let (wallet_brands, wallets) =
        pairs(&names, |names| names.wallets.iter().map(|wallet| wallet.get()).collect());
    let (parent_brands, parents) = pairs(&names, |names| names.parents.clone());
    let (scheme_brands, schemes) =
        pairs(&names, |names| names.schemes.iter().map(|scheme| scheme.get()).collect());
    let (named_brands, scheme_references) = pairs(&names, |names| names.scheme_references.clone());
    let [lapsed_max, next_max] = [LAPSED_MAX, NEXT_MAX].map(|most| i64::try_from(most).unwrap_or(i64::MAX));
    let statements = db.prepared;
    let by_name: [&(dyn ToSql + Sync); 10] = [
        &value_brands,
        &values,
        &reference_brands,
        &references,
        &wallet_brands,
        &wallets,
        &lapsed_max,
        &next_max,
        &parent_brands,
        &parents,
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
    let mut take = |row: &Row, put: &dyn Fn(&mut Resolved) -> Result<(), Error>| -> Result<(), Error> {
        let Ok(brand) = BrandId::parse(row.try_get(at::BRAND)?) else { return Ok(()) };
        put(rows.resolved.entry(brand).or_default())
    };
    for row in &found? {
        take(row, &|resolved| name(row, resolved))?;
    }
    for row in &schemes? {
        // These lead with the brand.
        let Ok(brand) = BrandId::parse(row.try_get(0)?) else { continue };
        if let Ok(id) = SchemeId::new(row.try_get(1)?) {
            rows.resolved.entry(brand).or_default().schemes.insert(row.try_get(2)?, id);
        }
    }
    Ok(())
}

/// The columns of `resolve_names`.
mod at {
    pub const KIND: usize = 0;
    pub const BRAND: usize = 1;
    pub const NAME: usize = 2;
    pub const WALLET: usize = 3;
    pub const SCHEME: usize = 4;
    /// The hold; of an account, its ledger account.
    pub const FIRST_ID: usize = 5;
    pub const POSTING: usize = 6;
    pub const ISSUE: usize = 6;
    pub const REDEMPTION: usize = 7;
    pub const EXPIRED: usize = 8;
}

/// A row by its kind. References come before their children.
fn name(row: &Row, resolved: &mut Resolved) -> Result<(), Error> {
    let Ok(wallet) = WalletId::new(row.try_get(at::WALLET)?) else { return Ok(()) };
    let hold = || Ok::<_, Error>(row.try_get::<_, Option<Uuid>>(at::FIRST_ID)?.map(HoldId::new));
    match row.try_get(at::KIND)? {
        "identity" => {
            resolved.identities.insert(row.try_get(at::NAME)?, wallet);
        }
        "reference" => {
            let spend_posting = row.try_get::<_, Option<Uuid>>(at::POSTING)?.map(TransactionId::new);
            let found = ResolvedTransaction { wallet, hold: hold()?, spend_posting, child_holds: Vec::new() };
            resolved.references.insert(row.try_get(at::NAME)?, found);
        }
        "account" => account(row, wallet, resolved)?,
        "lock" => resolved.locks.entry(wallet).or_default().extend(hold()?),
        // "child"
        _ => {
            if let Some(parent) = resolved.references.get_mut(row.try_get::<_, &str>(at::NAME)?) {
                parent.child_holds.extend(hold()?);
            }
        }
    }
    Ok(())
}

fn account(row: &Row, wallet: WalletId, resolved: &mut Resolved) -> Result<(), Error> {
    let Ok(scheme) = SchemeId::new(row.try_get(at::SCHEME)?) else { return Ok(()) };
    let ledger = AccountId::new(row.try_get(at::FIRST_ID)?);
    resolved.accounts.entry(wallet).or_default().push(ResolvedAccount { ledger, scheme });
    let accounts = SchemeAccounts {
        issue: AccountId::new(row.try_get(at::ISSUE)?),
        redemption: AccountId::new(row.try_get(at::REDEMPTION)?),
        expired: AccountId::new(row.try_get(at::EXPIRED)?),
    };
    resolved.known_schemes.insert(scheme, accounts);
    Ok(())
}
