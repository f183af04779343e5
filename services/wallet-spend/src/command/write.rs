//! Writes what a batch changed: one statement per table and kind of change, arrays, in the round trip that commits.

mod columns;

use futures_util::{future::BoxFuture, future::try_join_all};
use tokio_postgres::{Error, Statement, types::ToSql};
use zerosum_ledger::engine::Db;

use super::{
    machine::Prepared,
    rows::{Fate, Rows},
};
use columns::{
    AccountColumns, AccountTransactionColumns, IdentityColumns, RuleColumns, SchemeColumns, Shown,
    TierColumns, TransactionColumns, WalletColumns,
};

type Params<'a> = Vec<&'a (dyn ToSql + Sync)>;

pub(super) async fn write(db: Db<'_, Prepared>, rows: &Rows) -> Result<(), Error> {
    let mut schemes = SchemeColumns::default();
    let mut tiers = TierColumns::default();
    let mut wallets = WalletColumns::default();
    let mut identities = IdentityColumns::default();
    let mut accounts = AccountColumns::default();
    let mut transactions = TransactionColumns::default();
    let mut account_transactions = AccountTransactionColumns::default();
    let mut shown = Shown::default();
    let mut changed_shown = Shown::default();
    let mut changed_wallets = WalletColumns::default();
    let mut changed_identities = IdentityColumns::default();
    let mut changed_accounts = AccountColumns::default();
    let mut changed_transactions = TransactionColumns::default();
    let mut permitting: Vec<i64> = Vec::new();
    let mut rules = RuleColumns::default();
    let mut by_brand: Vec<_> = rows.brands.iter().collect();
    // Rows are written in key order, like they are locked.
    by_brand.sort_unstable_by_key(|(brand, _)| *brand);
    for (brand, of) in by_brand {
        let brand = brand.get();
        if of.permits {
            permitting.push(brand);
            for rule in &of.rules {
                rules.push(brand, rule);
            }
        }
        for new in &of.new_schemes {
            schemes.push(brand, new);
            tiers.push(brand, &new.refs);
        }
        for wallet in of.wallets.of(Fate::New) {
            wallets.push(brand, wallet, of.consumers.get(&wallet.id));
        }
        for wallet in of.wallets.of(Fate::Changed) {
            changed_wallets.push(brand, wallet, None);
        }
        for identity in of.identities.of(Fate::New) {
            identities.push(brand, identity);
        }
        for identity in of.identities.of(Fate::Changed) {
            changed_identities.push(brand, identity);
        }
        for account in of.accounts.of(Fate::New) {
            accounts.push(brand, account);
        }
        for account in of.accounts.of(Fate::Changed) {
            changed_accounts.push(brand, account);
        }
        for transaction in of.transactions.of(Fate::New) {
            transactions.push(brand, transaction);
            shown.push(transaction);
        }
        for transaction in of.transactions.of(Fate::Changed) {
            changed_transactions.push(brand, transaction);
            changed_shown.push(transaction);
        }
        for transaction in &of.account_transactions {
            account_transactions.push(brand, transaction);
        }
    }
    let statements = db.prepared;
    let replaced: Params<'_> = if permitting.is_empty() { Vec::new() } else { vec![&permitting] };
    let writes: Vec<(&Statement, Params<'_>)> = vec![
        (&statements.insert_schemes, schemes.params()),
        (&statements.insert_tiers, tiers.params()),
        (&statements.insert_wallets, wallets.params()),
        (&statements.insert_identities, identities.params()),
        (&statements.insert_accounts, accounts.params()),
        // A deleted open gives its reference free before another one takes it.
        (
            &statements.update_transactions,
            [changed_transactions.update_params(), changed_shown.params()].concat(),
        ),
        (&statements.insert_transactions, [transactions.params(), shown.params()].concat()),
        (&statements.insert_account_transactions, account_transactions.params()),
        (&statements.update_wallets, changed_wallets.update_params()),
        (&statements.update_identities, changed_identities.update_params()),
        (&statements.update_accounts, changed_accounts.update_params()),
        (&statements.lock_rules, replaced.clone()),
        (&statements.delete_rules, replaced),
        (&statements.insert_rules, rules.params()),
    ];
    // Everything is sent at the first poll.
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
