//! The wallet's rows as one batch has locked and read them, and what its commands changed.
//!
//! Every value is as of after the commands decided so far, so a batch may make something and use it.
//! A row is changed by saving it whole; the first save marks it for writing. Rows are shared: a batch and the lane's memory
//! hold the same ones, and seldom change one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ahash::{HashMap, HashSet};
use jiff::Timestamp;
use zerosum_domain::{AccountId, BrandId, BrandKey, HoldId};
use zerosum_ledger::book::{Balance, Book};

use super::{ids::Ids, names::LAPSED_MAX};
use crate::model::{
    Account, AccountTransaction, Brand, Identity, IdentityId, PermissionRule, Reference, Scheme, SchemeId,
    SchemeRef, TransactionStatus, Wallet, WalletAccountId, WalletId, WalletTransaction, WalletTransactionId,
};

/// A points account and the ledger account behind it.
#[derive(Debug, Clone)]
pub(super) struct AccountRow {
    pub account: Arc<Account>,
    pub ledger: AccountId,
    /// The balance that it is remembered with. None: its figures are in the ledger's book.
    pub known_with: Option<Balance>,
    /// Whether more of it has changed than its figures, which are kept with its balance.
    pub changed: bool,
}

impl AccountRow {
    /// As it is read: without its figures.
    pub fn read(account: Account, ledger: AccountId) -> Self {
        Self { account: Arc::new(account), ledger, known_with: None, changed: false }
    }
}

/// A scheme that was made in this batch: how it is shown, and what commands need of it.
#[derive(Debug)]
pub(super) struct NewScheme {
    pub scheme: Scheme,
    pub name: String,
    pub refs: Arc<SchemeRef>,
}

/// What must be written of the rows that a command saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Read,
    New,
    Changed,
}

/// Rows of one kind by their id, each with its fate.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    rows: HashMap<K, (V, Fate)>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: HashMap::default() }
    }
}

impl<K: Copy + Eq + std::hash::Hash + Ord, V> Table<K, V> {
    pub fn get(&self, id: K) -> Option<&V> {
        self.rows.get(&id).map(|(row, _)| row)
    }

    pub fn load(&mut self, id: K, row: V) {
        self.rows.insert(id, (row, Fate::Read));
    }

    pub fn save(&mut self, id: K, row: V) {
        let fate = match self.rows.get(&id) {
            None | Some((_, Fate::New)) => Fate::New,
            Some((_, Fate::Read | Fate::Changed)) => Fate::Changed,
        };
        self.rows.insert(id, (row, fate));
    }

    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.values().map(|(row, _)| row)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.rows.values_mut().map(|(row, _)| row)
    }

    /// Every row with what becomes of it, in no order.
    pub fn fates(&self) -> impl Iterator<Item = &(V, Fate)> {
        self.rows.values()
    }

    /// The rows of this fate, in the order of their ids.
    pub fn of(&self, fate: Fate) -> Vec<&V> {
        let mut found: Vec<(&K, &V)> =
            self.rows.iter().filter(|(_, (_, is))| *is == fate).map(|(id, (row, _))| (id, row)).collect();
        found.sort_unstable_by_key(|(id, _)| **id);
        found.into_iter().map(|(_, row)| row).collect()
    }
}

/// What a brand has set for itself, as of a version that the write confirms; 0 is a brand that has set nothing.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub brand: Arc<Brand>,
    pub version: i64,
}

impl Settings {
    pub fn default_for(brand: &str) -> Self {
        Self { brand: Arc::new(Brand::default_for(brand)), version: 0 }
    }
}

/// One brand's rows.
#[derive(Debug, Default)]
pub(super) struct BrandRows {
    pub settings: Option<Settings>,
    pub rules: Vec<PermissionRule>,
    /// Whether the rules are to be written.
    pub permits: bool,
    pub wallets: Table<WalletId, Arc<Wallet>>,
    pub consumers: BTreeMap<WalletId, crate::model::Json>,
    pub identities: Table<IdentityId, Arc<Identity>>,
    pub accounts: Table<WalletAccountId, AccountRow>,
    pub schemes: HashMap<SchemeId, Arc<SchemeRef>>,
    pub scheme_references: HashMap<String, SchemeId>,
    pub new_schemes: Vec<NewScheme>,
    pub transactions: Table<WalletTransactionId, Arc<WalletTransaction>>,
    pub account_transactions: Vec<AccountTransaction>,
    /// Read for a command that tells again what was done before.
    pub known_account_transactions: Vec<AccountTransaction>,
    /// Identities that are named, of which the batch needs no more than that.
    pub known_identities: HashMap<Arc<str>, (IdentityId, WalletId)>,
    identity_values: HashMap<Arc<str>, IdentityId>,
    references: HashMap<Reference, WalletTransactionId>,
    /// The open locks of a wallet by the moment that they run out.
    locks: HashMap<WalletId, BTreeSet<(Timestamp, WalletTransactionId)>>,
    /// The locks of wallets of which there may be more than were found.
    pub many_locks: HashMap<WalletId, HashSet<HoldId>>,
    /// See [`Self::crowded`].
    crowded: Option<BTreeSet<WalletId>>,
}

impl BrandRows {
    /// The wallets of which so many locks have run out that there may be more than the batch has read, as the batch
    /// found them: it does not read again what its own commands make room for. A lock that another process has ended
    /// since counts too, because it stood in the place of one that was not found.
    pub fn crowded(&mut self, now: Timestamp) -> &BTreeSet<WalletId> {
        let Self { crowded, many_locks, transactions, .. } = self;
        crowded.get_or_insert_with(|| {
            let is_to_come = |lock: &&Arc<WalletTransaction>| {
                lock.status == TransactionStatus::Active && lock.lock_expires_at.is_some_and(|at| at > now)
            };
            let is_crowded = |found: &HashSet<HoldId>| {
                let of_found =
                    transactions.values().filter(|lock| lock.hold.is_some_and(|hold| found.contains(&hold)));
                found.len() >= LAPSED_MAX + of_found.filter(is_to_come).count()
            };
            many_locks.iter().filter(|(_, found)| is_crowded(found)).map(|(wallet, _)| *wallet).collect()
        })
    }

    pub fn identity_by_value(&self, value: &str) -> Option<&Arc<Identity>> {
        self.identities.get(*self.identity_values.get(value)?)
    }

    /// An identity and whose it is, which never changes.
    pub fn identity_named(&self, value: &str) -> Option<(IdentityId, WalletId)> {
        let read = self.identity_by_value(value).map(|identity| (identity.id, identity.wallet));
        read.or_else(|| self.known_identities.get(value).copied())
    }

    pub fn transaction_by_reference(&self, reference: &Reference) -> Option<&Arc<WalletTransaction>> {
        self.transactions.get(*self.references.get(reference)?)
    }

    pub fn transaction_by_name(&self, reference: &str) -> Option<&Arc<WalletTransaction>> {
        self.transactions.get(*self.references.get(reference)?)
    }

    /// The transactions of a wallet whose locks run out by this moment, those that run out first.
    pub fn locks_until(&self, wallet: WalletId, until: Timestamp) -> Vec<WalletTransactionId> {
        let Some(locks) = self.locks.get(&wallet) else { return Vec::new() };
        locks.iter().take_while(|(runs_out, _)| *runs_out <= until).map(|(_, id)| *id).collect()
    }

    /// The accounts of a wallet, oldest first.
    pub fn accounts_of(&self, wallet: WalletId) -> Vec<&AccountRow> {
        let mut accounts: Vec<_> =
            self.accounts.values().filter(|row| row.account.wallet == wallet).collect();
        accounts.sort_unstable_by_key(|row| row.account.id);
        accounts
    }

    /// The transactions of a wallet that the batch has read, oldest first.
    pub fn transactions_of(&self, wallet: WalletId) -> Vec<&Arc<WalletTransaction>> {
        let mut found: Vec<_> = self.transactions.values().filter(|row| row.wallet == wallet).collect();
        found.sort_unstable_by_key(|row| row.id);
        found
    }

    pub fn load_identity(&mut self, identity: Arc<Identity>) {
        self.identity_values.insert(identity.value.clone(), identity.id);
        self.identities.load(identity.id, identity);
    }

    pub fn save_identity(&mut self, identity: Arc<Identity>) {
        self.identity_values.insert(identity.value.clone(), identity.id);
        self.identities.save(identity.id, identity);
    }

    pub fn load_transaction(&mut self, transaction: Arc<WalletTransaction>) {
        self.keep_lock(&transaction);
        self.references.insert(transaction.reference.clone(), transaction.id);
        self.transactions.load(transaction.id, transaction);
    }

    pub fn save_transaction(&mut self, transaction: Arc<WalletTransaction>) {
        self.keep_lock(&transaction);
        if let Some(before) = self.transactions.get(transaction.id)
            && before.reference != transaction.reference
        {
            self.references.remove(&before.reference.clone());
        }
        self.references.insert(transaction.reference.clone(), transaction.id);
        self.transactions.save(transaction.id, transaction);
    }

    fn keep_lock(&mut self, transaction: &WalletTransaction) {
        let Some(runs_out) = transaction.lock_expires_at else { return };
        let locks = self.locks.entry(transaction.wallet).or_default();
        if transaction.status == TransactionStatus::Active {
            locks.insert((runs_out, transaction.id));
        } else {
            locks.remove(&(runs_out, transaction.id));
        }
    }

    pub fn save_account(&mut self, row: AccountRow) {
        self.accounts.save(row.account.id, row);
    }
}

/// What resolving found: which rows of the ledger a name leads to. Names never change their meaning, so this
/// needs no lock; what it leads to is read again with its wallet locked.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// What never changes of them.
    pub identities: HashMap<Arc<str>, (IdentityId, WalletId)>,
    pub references: HashMap<Arc<str>, ResolvedTransaction>,
    pub accounts: HashMap<WalletId, Vec<ResolvedAccount>>,
    /// The open locks of a wallet that have run out, or nearly.
    pub locks: HashMap<WalletId, BTreeSet<HoldId>>,
    /// By id and by reference.
    pub schemes: HashMap<String, SchemeId>,
    /// All of the above, and those of the accounts.
    pub known_schemes: HashMap<SchemeId, Arc<SchemeRef>>,
}

impl Resolved {
    /// The schemes of the accounts, and those that are named.
    pub fn scheme_ids(&self) -> BTreeSet<SchemeId> {
        let of_accounts = self.accounts.values().flatten().map(|account| account.scheme);
        of_accounts.chain(self.schemes.values().copied()).collect()
    }
}

#[derive(Debug, Clone)]
pub(super) struct ResolvedTransaction {
    pub wallet: WalletId,
    pub hold: Option<HoldId>,
    pub spend_posting: Option<zerosum_domain::TransactionId>,
    /// The holds of its children, for what ends them with it.
    pub child_holds: Vec<HoldId>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ResolvedAccount {
    pub ledger: AccountId,
    pub scheme: SchemeId,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Rows {
    pub(super) brands: HashMap<BrandKey, BrandRows>,
    pub(super) resolved: HashMap<BrandKey, Resolved>,
    pub(super) ids: Ids,
}

impl Rows {
    /// Puts the figures of accounts into their rows, from the balances that they are kept with. False: an account's balance
    /// is not in the book, or is another than it is remembered with.
    pub(super) fn join(&mut self, books: &HashMap<BrandId, Book>) -> bool {
        let mut all = true;
        for (brand, book) in books {
            let Some(of) = self.brands.get_mut(&brand.key()) else { continue };
            for row in of.accounts.values_mut() {
                let balance = book.account(row.ledger);
                all &= balance.is_some_and(|balance| match row.known_with {
                    Some(known) => known == balance.as_read(),
                    None => balance
                        .figures
                        .is_some_and(|figures| Arc::make_mut(&mut row.account).take_figures(figures)),
                });
            }
        }
        all
    }

    /// Keeps the figures of all accounts with their balances, which moves each of them on: of a wallet, whatever is
    /// written of it, so that what others remember of it is told to be old.
    pub(super) fn keep_figures(&self, books: &mut HashMap<BrandId, Book>) {
        for (brand, book) in books {
            for row in self.brands.get(&brand.key()).into_iter().flat_map(|of| of.accounts.values()) {
                book.keep_figures(row.ledger, row.account.figures());
            }
        }
    }

    /// The wallets that the commands of a brand name, for locking.
    pub(super) fn named_wallets<'a>(
        resolved: Option<&Resolved>,
        names: &super::names::Names<'a>,
    ) -> HashSet<WalletId> {
        let mut wallets: HashSet<WalletId> = names.wallets.iter().copied().collect();
        if let Some(resolved) = resolved {
            wallets
                .extend(names.identities.iter().filter_map(|value| Some(resolved.identities.get(*value)?.1)));
            wallets.extend(names.references.iter().filter_map(|r| Some(resolved.references.get(*r)?.wallet)));
        }
        wallets
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;
    use zerosum_domain::{Currency, Limits, Steward};
    use zerosum_ledger::book::{Account as LedgerAccount, Brand};

    use super::*;

    const FIGURES: [i64; 4] = [300, 200, 20, 1_000_001];

    /// A row as it is read, and the books that its account is in.
    fn read() -> (AccountRow, HashMap<BrandId, Book>) {
        let created_at = Timestamp::UNIX_EPOCH;
        let account = serde_json::from_value(json!({
            "id": "1", "wallet": "1", "scheme": "1", "status": "ACTIVE", "state": "LOADED",
            "created_at": created_at, "updated_at": created_at,
        }));
        let row = AccountRow::read(account.unwrap(), AccountId::new(Uuid::from_u128(1)));
        let brand = BrandId::parse("demo").unwrap();
        let currency = Currency::parse("PTS:1").unwrap();
        let mut book = Book::new(Brand { id: brand.clone(), currency: currency.clone() });
        let kept =
            LedgerAccount::loaded(row.ledger, currency, Steward::Points, Limits::NOT_BELOW_ZERO, false);
        book.load_account(kept.with_balance(100, 0, 3).with_figures(7, Some(FIGURES)), None, None);
        (row, HashMap::from_iter([(brand, book)]))
    }

    fn rows(row: AccountRow) -> Rows {
        let mut of = BrandRows::default();
        of.accounts.load(row.account.id, row);
        let key = BrandId::parse("demo").unwrap().key();
        Rows { brands: HashMap::from_iter([(key, of)]), ..Rows::default() }
    }

    fn account(rows: &Rows) -> &AccountRow {
        rows.brands.values().next().unwrap().accounts.values().next().unwrap()
    }

    #[test]
    fn figures_come_from_the_balance_and_go_back_with_it_which_moves_it_on() {
        let (row, mut books) = read();
        let mut rows = rows(row);
        assert!(rows.join(&books));
        let read = &account(&rows).account;
        assert_eq!((read.lifetime, read.lifetime_spend, read.lifetime_spend_value), (300, 200, 20));
        assert_eq!(read.updated_at.to_string(), "1970-01-01T00:00:01.000001Z");
        assert_eq!(read.figures(), FIGURES);
        let of = account(&rows).ledger;
        rows.keep_figures(&mut books);
        let kept = books.values().next().unwrap().account(of).unwrap();
        assert_eq!((kept.figures, kept.changed()), (Some(FIGURES), true));
        assert_eq!((kept.as_read().revision, kept.balance().revision), (7, 8));
    }

    #[test]
    fn rows_and_books_that_are_not_of_one_moment_are_told_apart() {
        let (row, books) = read();
        let balance = books.values().next().unwrap().account(row.ledger).unwrap().as_read();
        let known = |known_with| rows(AccountRow { known_with, ..row.clone() }).join(&books);
        assert!(known(Some(balance)));
        assert!(
            !known(Some(Balance { revision: balance.revision - 1, ..balance })),
            "as much may be held by another lock"
        );
        assert!(!known(Some(Balance { version: balance.version + 1, ..balance })));
        // Another process has made it since the batch looked for the accounts to lock.
        let elsewhere = AccountId::new(Uuid::from_u128(2));
        assert!(!rows(AccountRow { ledger: elsewhere, ..row.clone() }).join(&books));
    }
}
