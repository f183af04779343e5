//! Locks the wallets of a batch in key order, then the balances of their accounts, then reads their rows: separate
//! statements in one pipeline, because a lock wait inside a statement does not refresh what the statement sees. Without
//! locks, the balances come first too: whatever changes of a wallet moves them on.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::join;
use tokio_postgres::{Error, Row, types::ToSql};
use zerosum_domain::BrandKey;
use zerosum_ledger::engine::{Db, Loaded, Named, Rights};

use super::{
    Action, Command,
    ids::{Demand, SEQUENCES},
    machine::{Machine, Prepared},
    names::{LAPSED_MAX, Names, demand},
    resolve::{named_where, names, pairs},
    rows::{AccountRow, BrandRows, Rows, Settings},
};
use crate::{
    model::Brand,
    store::decode::{self, Columns},
};

type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

pub(super) async fn load<L: Future>(
    machine: &Machine,
    db: Db<'_, Prepared>,
    commands: &[Named<'_, Command>],
    rows: &mut Rows,
    rights: Rights,
    ledger: L,
) -> Loaded<L::Output> {
    let wanted = wanted(commands, rows);
    let (ids, missing) = match rights {
        Rights::Locked => machine.stock.take(wanted),
        Rights::Looked => machine.stock.lack(wanted),
    };
    rows.ids = ids;
    let mut sequences = Vec::new();
    let mut places: Vec<i32> = Vec::new();
    let mut blocks: Vec<i64> = Vec::new();
    for (place, count) in missing.into_iter().enumerate().filter(|(_, count)| *count > 0) {
        sequences.push(SEQUENCES[place]);
        places.push(i32::try_from(place).unwrap_or(i32::MAX));
        blocks.push(count);
    }

    let names = names(commands);
    let mut wallet_brands = Vec::new();
    let mut wallets = Vec::new();
    for (brand, names) in &names {
        let of_brand: BTreeSet<i64> = Rows::named_wallets(rows.resolved.get(brand), names)
            .into_iter()
            .map(|wallet| wallet.get())
            .collect();
        wallet_brands.extend(std::iter::repeat_n(brand.get(), of_brand.len()));
        wallets.extend(of_brand);
    }
    // What was there stays under its name, with its wallet; what was not there is looked for again where a batch might
    // make it. A reference that somebody else takes meanwhile is found by its constraint, and the batch runs again.
    let resolved = &rows.resolved;
    let known = |brand: BrandKey| resolved.get(&brand);
    let (value_brands, values) = pairs(&names, |names| names.whole_identities.clone());
    let (shown_brands, shown) = named_where(&names, |brand, names| {
        let purchase = |name: &&str| Some(known(brand)?.references.get(*name)?.wallet);
        let purchases = names.purchases.iter().filter_map(purchase);
        let of: BTreeSet<i64> =
            names.of_identities.iter().copied().chain(purchases).map(|wallet| wallet.get()).collect();
        of.into_iter().collect()
    });
    let (reference_brands, references) = named_where(&names, |brand, names| {
        let was_there = |name: &&str| known(brand).is_some_and(|known| known.references.contains_key(*name));
        names.references.iter().copied().filter(was_there).collect()
    });
    let (lock_brands, locks) = named_where(&names, |brand, _| {
        let locks = known(brand).into_iter().flat_map(|known| known.locks.values().flatten());
        locks.map(|hold| hold.uuid()).collect()
    });
    let (parent_brands, parents) = pairs(&names, |names| names.parents.clone());
    let (retold_brands, retold) = pairs(&names, |names| names.retold.clone());
    let brands: Vec<i64> = names.keys().map(|brand| brand.get()).collect();
    let asking: BTreeSet<i64> = commands
        .iter()
        .filter(|named| matches!(*named.command.action, Action::Open(_)))
        .map(|named| named.brand.key().get())
        .collect();
    let asking: Vec<i64> = asking.into_iter().collect();

    let of_wallets: Params<'_> = &[&wallet_brands, &wallets];
    let of_identities: Params<'_> = &[&shown_brands, &shown, &value_brands, &values];
    let of_transactions: Params<'_> =
        &[&reference_brands, &references, &parent_brands, &parents, &lock_brands, &locks];
    let of_retold: Params<'_> = &[&retold_brands, &retold];
    let of_ids: Params<'_> = &[&sequences, &places, &blocks];
    let of_brands: Params<'_> = &[&brands];
    let of_asking: Params<'_> = &[&asking];
    let statements = db.prepared;
    let ask = |wanted: bool, statement, params| async move {
        if wanted { db.query(statement, params).await } else { Ok(Vec::new()) }
    };
    let some = !wallets.is_empty();
    let is_locked = rights == Rights::Locked;
    // The order here is the order in which the server runs them: the locks before everything they protect, and the
    // balances before everything they tell of.
    let answers = join!(
        ask(some && is_locked, &statements.lock_wallets, of_wallets),
        ledger,
        ask(some && !is_locked, &statements.look_wallets, of_wallets),
        ask(some, &statements.read_accounts, of_wallets),
        ask(!shown.is_empty() || !values.is_empty(), &statements.read_identities, of_identities),
        ask(!references.is_empty() || !locks.is_empty(), &statements.read_transactions, of_transactions),
        ask(!retold.is_empty(), &statements.read_account_transactions, of_retold),
        ask(true, &statements.read_settings, of_brands),
        ask(!asking.is_empty(), &statements.read_rules, of_asking),
        ask(!sequences.is_empty(), &statements.take_ids, of_ids),
    );
    let (locked, ledger, looked, accounts, identities, transactions, retold, settings, rules, blocks) =
        answers;
    let (wallets, locked) = match if is_locked { locked } else { looked } {
        Ok(wallets) => (wallets, Ok(())),
        Err(failed) => (Vec::new(), Err(failed)),
    };
    let read = (accounts, identities, transactions, retold, settings, rules, blocks);
    Loaded { locked, ledger, read: take_in(commands, rows, &wallets, read) }
}

type Answer = Result<Vec<Row>, Error>;

/// Puts what was read into the batch's rows.
fn take_in(
    commands: &[Named<'_, Command>],
    rows: &mut Rows,
    wallets: &[Row],
    (accounts, identities, transactions, retold, settings, rules, blocks): (
        Answer,
        Answer,
        Answer,
        Answer,
        Answer,
        Answer,
        Answer,
    ),
) -> Result<(), Error> {
    // In the order in which they ran: after the first error the server only says that there was one, and what that was
    // tells whether the batch can run again.
    let (accounts, identities, transactions, retold) = (accounts?, identities?, transactions?, retold?);
    let (settings, rules, blocks) = (settings?, rules?, blocks?);
    for row in &blocks {
        let place: i32 = row.try_get(0)?;
        rows.ids.add(usize::try_from(place).unwrap_or(usize::MAX), row.try_get(1)?);
    }
    put(rows, &settings, |of, row| {
        of.settings = Some(Settings { brand: Arc::new(settings_of(row)?), version: row.try_get(8)? });
        Ok(())
    })?;
    for Named { brand, .. } in commands {
        let of = rows.brands.entry(brand.key()).or_default();
        of.settings.get_or_insert_with(|| Settings::default_for(brand.as_str()));
    }
    put(rows, wallets, |of, row| {
        if let Some(wallet) = decode::wallet(row)? {
            of.wallets.load(wallet.id, Arc::new(wallet));
        }
        Ok(())
    })?;
    put(rows, &identities, |of, row| {
        // Every brand of the batch has some by now.
        let Some(settings) = of.settings.clone() else { return Ok(()) };
        if let Some(identity) = decode::identity(row, &settings.brand)? {
            of.load_identity(Arc::new(identity));
        }
        Ok(())
    })?;
    put(rows, &accounts, |of, row| {
        if let Some((account, ledger)) = decode::account(row)? {
            of.accounts.load(account.id, AccountRow::read(account, ledger));
        }
        Ok(())
    })?;
    put(rows, &transactions, |of, row| {
        if let Some(transaction) = decode::transaction(row)? {
            of.load_transaction(Arc::new(transaction));
        }
        Ok(())
    })?;
    put(rows, &retold, |of, row| {
        of.known_account_transactions.extend(decode::account_transaction(row)?);
        Ok(())
    })?;
    put(rows, &rules, |of, row| {
        of.rules.extend(decode::rule(row)?);
        Ok(())
    })?;
    take_resolved(rows);
    Ok(())
}

/// The ids that the commands can need at most.
pub(super) fn wanted(commands: &[Named<'_, Command>], rows: &Rows) -> Demand {
    let mut wanted = Demand::default();
    for named in commands {
        let mut of_command = Names::default();
        of_command.add(&named.command.action);
        let resolved = rows.resolved.get(&named.brand.key());
        let wallets = Rows::named_wallets(resolved, &of_command);
        let locks = resolved.map_or(0, |resolved| {
            wallets.iter().filter_map(|wallet| resolved.locks.get(wallet)).map(BTreeSet::len).sum()
        });
        demand(&named.command.action, locks, &mut wanted);
    }
    wanted
}

/// Settings of a brand; the row leads with the brand.
pub(crate) fn settings_of(row: &impl Columns) -> Result<Brand, Error> {
    Ok(Brand {
        unit_id: row.try_get(1)?,
        unit_name: row.try_get(2)?,
        environment_type: row.try_get(3)?,
        subsystem_id: row.try_get(4)?,
        mobile_wallet_url: row.try_get(5)?,
        lock_seconds: row.try_get(6)?,
        refund_grace_days: row.try_get(7)?,
    })
}

fn put(
    rows: &mut Rows,
    read: &[Row],
    mut into: impl FnMut(&mut BrandRows, &Row) -> Result<(), Error>,
) -> Result<(), Error> {
    for row in read {
        into(rows.brands.entry(BrandKey::new(row.try_get(0)?)).or_default(), row)?;
    }
    Ok(())
}

/// What deciding needs of what resolving found.
fn take_resolved(rows: &mut Rows) {
    let Rows { brands, resolved, .. } = rows;
    for (brand, resolved) in resolved {
        let of_brand = brands.entry(*brand).or_default();
        of_brand.known_identities = std::mem::take(&mut resolved.identities);
        of_brand.schemes.extend(resolved.known_schemes.iter().map(|(id, scheme)| (*id, scheme.clone())));
        let many = resolved.locks.iter().filter(|(_, found)| found.len() >= LAPSED_MAX);
        of_brand.many_locks.extend(many.map(|(wallet, found)| (*wallet, found.iter().copied().collect())));
        of_brand
            .scheme_references
            .extend(resolved.schemes.iter().map(|(reference, id)| (reference.clone(), *id)));
    }
}
