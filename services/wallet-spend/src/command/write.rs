//! Writes what a batch changed: one statement per table and kind of change, arrays, in the round trip that commits.

mod columns;

use futures_util::{future::BoxFuture, future::try_join_all};
use tokio_postgres::{Error, Statement, types::ToSql};
use zerosum_ledger::engine::{Db, Part};

use super::{
    machine::Prepared,
    rows::{BrandRows, Fate, Rows},
};
use columns::{
    AccountColumns, AccountTransactionColumns, IdentityColumns, RuleColumns, SchemeColumns, Shown,
    TierColumns, TransactionColumns, WalletColumns,
};

type Params<'a> = Vec<&'a (dyn ToSql + Sync)>;

/// Confirms what the brands have set. Everything else of a wallet is confirmed by the balances of its accounts.
pub(super) async fn confirm(db: Db<'_, Prepared>, rows: &Rows) -> Result<(), Error> {
    let of_brands = by_brand(rows);
    let settings = of_brands.iter().filter_map(|(brand, of)| Some((*brand, of.settings.as_ref()?.version)));
    let (brands, versions): (Vec<i64>, Vec<i64>) = settings.unzip();
    if brands.is_empty() {
        return Ok(());
    }
    db.query(&db.prepared.confirm_settings, &[&brands, &versions]).await.map(drop)
}

/// In key order, as rows are locked.
fn by_brand(rows: &Rows) -> Vec<(i64, &BrandRows)> {
    let mut by_brand: Vec<_> = rows.brands.iter().map(|(brand, of)| (brand.get(), of)).collect();
    by_brand.sort_unstable_by_key(|(brand, _)| *brand);
    by_brand
}

pub(super) async fn write(db: Db<'_, Prepared>, rows: &Rows, part: Part) -> Result<(), Error> {
    match part {
        Part::New => insert(db, &by_brand(rows)).await,
        Part::Changed => change(db, &by_brand(rows)).await,
    }
}

async fn insert(db: Db<'_, Prepared>, by_brand: &[(i64, &BrandRows)]) -> Result<(), Error> {
    let mut schemes = SchemeColumns::default();
    let mut tiers = TierColumns::default();
    let mut wallets = WalletColumns::default();
    let mut identities = IdentityColumns::default();
    let mut accounts = AccountColumns::default();
    let mut transactions = TransactionColumns::default();
    let mut account_transactions = AccountTransactionColumns::default();
    let mut shown = Shown::default();
    for (brand, of) in by_brand.iter().copied() {
        for new in &of.new_schemes {
            schemes.push(brand, new);
            tiers.push(brand, &new.refs);
        }
        for wallet in of.wallets.of(Fate::New) {
            wallets.push(brand, wallet, of.consumers.get(&wallet.id));
        }
        for identity in of.identities.of(Fate::New) {
            identities.push(brand, identity);
        }
        for account in of.accounts.of(Fate::New) {
            accounts.push(brand, account);
        }
        for transaction in of.transactions.of(Fate::New) {
            transactions.push(brand, transaction);
            shown.push(transaction);
        }
        for transaction in &of.account_transactions {
            account_transactions.push(brand, transaction);
        }
    }
    let statements = db.prepared;
    let writes = vec![
        (&statements.insert_schemes, schemes.params()),
        (&statements.insert_tiers, tiers.params()),
        (&statements.insert_wallets, wallets.params()),
        (&statements.insert_identities, identities.params()),
        (&statements.insert_accounts, accounts.params()),
        (&statements.insert_transactions, [transactions.params(), shown.params()].concat()),
        (&statements.insert_account_transactions, account_transactions.params()),
    ];
    send(db, writes).await
}

async fn change(db: Db<'_, Prepared>, by_brand: &[(i64, &BrandRows)]) -> Result<(), Error> {
    let mut wallets = WalletColumns::default();
    let mut identities = IdentityColumns::default();
    let mut accounts = AccountColumns::default();
    let mut transactions = TransactionColumns::default();
    let mut shown = Shown::default();
    let mut permitting: Vec<i64> = Vec::new();
    let mut rules = RuleColumns::default();
    for (brand, of) in by_brand.iter().copied() {
        if of.permits {
            permitting.push(brand);
            for rule in &of.rules {
                rules.push(brand, rule);
            }
        }
        for wallet in of.wallets.of(Fate::Changed) {
            wallets.push(brand, wallet, None);
        }
        for identity in of.identities.of(Fate::Changed) {
            identities.push(brand, identity);
        }
        for account in of.accounts.of(Fate::Changed).into_iter().filter(|row| row.changed) {
            accounts.push(brand, account);
        }
        for transaction in of.transactions.of(Fate::Changed) {
            transactions.push(brand, transaction);
            shown.push(transaction);
        }
    }
    let statements = db.prepared;
    let replaced: Params<'_> = if permitting.is_empty() { Vec::new() } else { vec![&permitting] };
    let writes = vec![
        // A deleted open gives its reference free before another one takes it, which is new.
        (&statements.update_transactions, [transactions.update_params(), shown.params()].concat()),
        (&statements.update_wallets, wallets.update_params()),
        (&statements.update_identities, identities.update_params()),
        (&statements.update_accounts, accounts.update_params()),
        (&statements.lock_rules, replaced.clone()),
        (&statements.delete_rules, replaced),
        (&statements.insert_rules, rules.params()),
    ];
    send(db, writes).await
}

/// Sends those that have rows, all at the first poll.
async fn send(db: Db<'_, Prepared>, writes: Vec<(&Statement, Params<'_>)>) -> Result<(), Error> {
    let sent: Vec<BoxFuture<'_, Result<u64, Error>>> = writes
        .iter()
        .filter(|(_, params)| !params.is_empty())
        .map(|(statement, params)| -> BoxFuture<'_, Result<u64, Error>> {
            Box::pin(db.execute(statement, params))
        })
        .collect();
    try_join_all(sent).await?;
    Ok(())
}
