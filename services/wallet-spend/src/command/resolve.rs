//! Names to ids, without locks: an identity's value, a reference and an account never change what they mean.

use std::collections::HashMap;

use futures_util::join;
use tokio_postgres::{Error, Row};
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
    let mut brands = Vec::new();
    let mut values = Vec::new();
    for (brand, names) in names {
        for value in of(names) {
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
    let (identity_brands, identities) = pairs(&names, |names| names.identities.clone());
    let (reference_brands, references) = pairs(&names, |names| names.references.clone());
    let (wallet_brands, wallets) =
        pairs(&names, |names| names.wallets.iter().map(|wallet| wallet.get()).collect());
    let (scheme_brands, schemes) =
        pairs(&names, |names| names.schemes.iter().map(|scheme| scheme.get()).collect());
    let (named_brands, scheme_references) = pairs(&names, |names| names.scheme_references.clone());
    let [lapsed_max, next_max] = [LAPSED_MAX, NEXT_MAX].map(|most| i64::try_from(most).unwrap_or(i64::MAX));
    let statements = db.prepared;
    let by_identity: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&identity_brands, &identities];
    let by_reference: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&reference_brands, &references];
    let by_all: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&identity_brands, &identities, &reference_brands, &references, &wallet_brands, &wallets];
    let by_all_locks: [&(dyn tokio_postgres::types::ToSql + Sync); 8] = [
        &identity_brands,
        &identities,
        &reference_brands,
        &references,
        &wallet_brands,
        &wallets,
        &lapsed_max,
        &next_max,
    ];
    let by_scheme: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
        [&scheme_brands, &schemes, &named_brands, &scheme_references];
    // Everything is sent at the first poll; a batch that only makes things has less to ask.
    let ask = |wanted: bool, statement, params| async move {
        if wanted { db.query(statement, params).await } else { Ok(Vec::new()) }
    };
    let names_wallets = !identities.is_empty() || !references.is_empty() || !wallets.is_empty();
    let names_schemes = !schemes.is_empty() || !scheme_references.is_empty();
    let (identities, references, accounts, locks, schemes) = join!(
        ask(!identity_brands.is_empty(), &statements.resolve_identities, &by_identity[..]),
        ask(!reference_brands.is_empty(), &statements.resolve_references, &by_reference[..]),
        ask(names_wallets, &statements.resolve_accounts, &by_all[..]),
        ask(names_wallets, &statements.resolve_locks, &by_all_locks[..]),
        ask(names_schemes, &statements.resolve_schemes, &by_scheme[..]),
    );
    let mut take = |row: &Row, put: &dyn Fn(&mut Resolved) -> Result<(), Error>| -> Result<(), Error> {
        let Ok(brand) = BrandId::parse(row.try_get(0)?) else { return Ok(()) };
        put(rows.resolved.entry(brand).or_default())
    };
    for row in &identities? {
        take(row, &|resolved| {
            if let Ok(wallet) = WalletId::new(row.try_get(2)?) {
                resolved.identities.insert(row.try_get(1)?, wallet);
            }
            Ok(())
        })?;
    }
    for row in &references? {
        take(row, &|resolved| reference(row, resolved))?;
    }
    for row in &accounts? {
        take(row, &|resolved| account(row, resolved))?;
    }
    for row in &locks? {
        take(row, &|resolved| {
            if let Ok(wallet) = WalletId::new(row.try_get(1)?) {
                resolved.locks.entry(wallet).or_default().push(HoldId::new(row.try_get(2)?));
            }
            Ok(())
        })?;
    }
    for row in &schemes? {
        take(row, &|resolved| {
            if let Ok(id) = SchemeId::new(row.try_get(1)?) {
                resolved.schemes.insert(row.try_get(2)?, id);
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn reference(row: &Row, resolved: &mut Resolved) -> Result<(), Error> {
    let Ok(wallet) = WalletId::new(row.try_get(2)?) else { return Ok(()) };
    let children: Vec<uuid::Uuid> = row.try_get(5)?;
    let found = ResolvedTransaction {
        wallet,
        hold: row.try_get::<_, Option<uuid::Uuid>>(3)?.map(HoldId::new),
        spend_posting: row.try_get::<_, Option<uuid::Uuid>>(4)?.map(TransactionId::new),
        child_holds: children.into_iter().map(HoldId::new).collect(),
    };
    resolved.references.insert(row.try_get(1)?, found);
    Ok(())
}

fn account(row: &Row, resolved: &mut Resolved) -> Result<(), Error> {
    let (Ok(wallet), Ok(scheme)) = (WalletId::new(row.try_get(1)?), SchemeId::new(row.try_get(3)?)) else {
        return Ok(());
    };
    let ledger = AccountId::new(row.try_get(2)?);
    resolved.accounts.entry(wallet).or_default().push(ResolvedAccount { ledger, scheme });
    let accounts = SchemeAccounts {
        issue: AccountId::new(row.try_get(4)?),
        redemption: AccountId::new(row.try_get(5)?),
        expired: AccountId::new(row.try_get(6)?),
    };
    resolved.known_schemes.insert(scheme, accounts);
    Ok(())
}
