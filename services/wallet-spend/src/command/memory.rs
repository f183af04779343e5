//! What a lane remembers of wallets, so that the everyday commands need not lock and read them again: a spend outside a
//! purchase, its settle, its void.
//!
//! A wallet is remembered as a whole: its row, its accounts, the identities by which it was named, and everything of it
//! that is open. The balances of its accounts tell that all of that is as it was: every batch that has read a wallet and
//! writes anything moves them on (`Rows::keep_figures`), and only from the state that it has read or that was remembered.
//! So a wallet that another process has moved meanwhile fails the batch, which is then decided under locks. A wallet and
//! its balances are remembered apart, by machine and engine, so each says which balance it was known with (`Rows::join`).
//! What the brand has set is confirmed by itself. What tells is the accounts' and not the wallet's because these commands
//! write a balance anyway; so a wallet without accounts is not remembered.
//!
//! What is not there cannot be remembered. A reference that is not among what is open is taken to be new, and its
//! constraint finds out; whatever else is missing is read first. A batch that refuses anything is decided under locks,
//! because what is missing might have had it refused for another reason.
//!
//! A laden wallet, of which more is open than is remembered, goes under locks at once.

mod found;

use std::sync::Arc;

use ahash::HashMap;
use zerosum_domain::{BrandId, BrandKey};
use zerosum_ledger::{
    book::{Account as LedgerAccount, Book},
    engine::{Named, Recalled},
};

use super::{
    Action, Command, Settle,
    machine::Machine,
    names::LAPSED_MAX,
    rows::{AccountRow, BrandRows, Fate, Resolved, ResolvedAccount, ResolvedTransaction, Rows, Settings},
};
use crate::model::{
    Identity, IdentityId, Reference, SchemeRef, TransactionStatus, Wallet, WalletId, WalletTransaction,
};
use found::{Found, OfWallet};

/// Past it the lane forgets all of them and starts over: some 2 kB each.
const WALLETS_MAX: usize = 20_000;
/// A wallet with more that is open is read each time: all of it goes through each batch.
const OPEN_MAX: usize = 32;
/// How many batches of such a wallet go under locks before it is looked at again: a look reads all that is open of it.
const LADEN_BATCHES: u32 = 64;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Memory {
    brands: HashMap<BrandKey, OfBrand>,
    wallets: usize,
}

#[derive(Debug)]
struct OfBrand {
    settings: Settings,
    wallets: HashMap<WalletId, Known>,
    identities: HashMap<Arc<str>, WalletId>,
    /// Those of what is open.
    references: HashMap<Reference, WalletId>,
}

/// A wallet as the next batch finds it.
#[derive(Debug)]
struct Known {
    wallet: Arc<Wallet>,
    /// Those that it was named by: whole, if they were needed whole.
    identities: HashMap<Arc<str>, (IdentityId, Option<Arc<Identity>>)>,
    /// Oldest first.
    accounts: Vec<AccountRow>,
    /// All of its locks, and the purchases that were named. None if they are too many.
    open: Vec<Arc<WalletTransaction>>,
    /// How many batches go under locks because too much is open.
    laden: u32,
}

/// Whether what was read is of now, or older than what may be known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Batch,
    Look,
}

impl Memory {
    /// Puts what a command needs into the rows, if all of it is known.
    pub(super) fn recall(&self, machine: &Machine, named: Named<'_, Command>, rows: &mut Rows) -> Recalled {
        let action = &*named.command.action;
        if !is_everyday(action) {
            return Recalled::Never;
        }
        let key = named.brand.key();
        let Some(of_brand) = self.brands.get(&key) else { return Recalled::Unknown };
        let wallet = match of_brand.wallet_of(action) {
            Ok(wallet) => wallet,
            Err(recalled) => return recalled,
        };
        let Some(known) = of_brand.wallets.get(&wallet) else { return Recalled::Unknown };
        let scheme = |row: &AccountRow| machine.schemes.by_id(key, row.account.scheme);
        let Some(schemes) = known.accounts.iter().map(scheme).collect::<Option<Vec<_>>>() else {
            return Recalled::Unknown;
        };
        // What locks hold of lots is not remembered by the lane.
        if !known.open.is_empty() && schemes.iter().any(|scheme| scheme.points_expiry.is_some()) {
            return Recalled::Never;
        }
        let is_recalled = |of: &BrandRows| of.wallets.get(wallet).is_some();
        if !rows.brands.get(&key).is_some_and(is_recalled) {
            known.resolve(&schemes, rows.resolved.entry(key).or_default());
            known.load(&of_brand.settings, schemes, rows.brands.entry(key).or_default());
        }
        Recalled::All
    }

    /// Takes in the wallets that a batch has locked and read, or only read.
    pub(super) fn take_in(&mut self, rows: &Rows, books: &HashMap<BrandId, Book>, from: Of) {
        if self.wallets >= WALLETS_MAX {
            *self = Self::default();
        }
        for (brand, book) in books {
            let Some(of) = rows.brands.get(&brand.key()) else { continue };
            let Some(settings) = &of.settings else { continue };
            let of_brand = self.brands.entry(brand.key()).or_insert_with(|| OfBrand::new(settings));
            of_brand.settings = settings.clone();
            let before = of_brand.wallets.len();
            of_brand.take_in(of, book, from);
            self.wallets = self.wallets - before + of_brand.wallets.len();
        }
    }
}

#[cfg(test)]
impl Memory {
    /// The identities and references that it finds wallets by, in their order.
    pub(super) fn names(&self) -> (Vec<String>, Vec<String>) {
        let brands = || self.brands.values();
        let mut identities: Vec<_> =
            brands().flat_map(|of| of.identities.keys()).map(|it| it.to_string()).collect();
        let mut references: Vec<_> =
            brands().flat_map(|of| of.references.keys()).map(|it| it.to_string()).collect();
        identities.sort();
        references.sort();
        (identities, references)
    }
}

/// Whether commands of this kind are ever decided on memory.
fn is_everyday(action: &Action) -> bool {
    match action {
        Action::Spend(spend) => spend.parent.is_none(),
        Action::Void(_) | Action::Settle(_) => true,
        _ => false,
    }
}

fn is_open(transaction: &WalletTransaction) -> bool {
    transaction.status == TransactionStatus::Active
}

impl OfBrand {
    fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            wallets: HashMap::default(),
            identities: HashMap::default(),
            references: HashMap::default(),
        }
    }

    /// The one wallet that a command names, in whatever way.
    fn wallet_of(&self, action: &Action) -> Result<WalletId, Recalled> {
        let identity = |value: &str| match self.identities.get(value) {
            Some(wallet) => self.not_laden(*wallet),
            None => Err(Recalled::Unknown),
        };
        let reference =
            |reference: &Reference| self.references.get(reference).copied().ok_or(Recalled::Unknown);
        match action {
            Action::Spend(spend) => identity(&spend.identity),
            Action::Void(void) => same([identity(&void.identity)?, reference(&void.reference)?]),
            Action::Settle(settle) => {
                let mut wallets: Vec<WalletId> = Vec::new();
                wallets.extend(settle.wallet.map(|wallet| self.not_laden(wallet)).transpose()?);
                wallets.extend(settle.identity.as_deref().map(identity).transpose()?);
                // A purchase that was never opened is new.
                wallets.extend(self.references.get(&settle.reference));
                for child in &settle.children {
                    wallets.push(reference(&child.reference)?);
                }
                let wallet = same(wallets)?;
                if self.shows(settle, wallet) { Ok(wallet) } else { Err(Recalled::Unknown) }
            }
            _ => Err(Recalled::Never),
        }
    }

    /// What is open of a laden wallet is not known, and not looked for: its references are not either.
    fn not_laden(&self, wallet: WalletId) -> Result<WalletId, Recalled> {
        let is_laden = self.wallets.get(&wallet).is_some_and(|known| known.laden > 0);
        if is_laden { Err(Recalled::Never) } else { Ok(wallet) }
    }

    /// Whether the identities are known that the answer of a settle shows.
    fn shows(&self, settle: &Settle, wallet: WalletId) -> bool {
        let Some(known) = self.wallets.get(&wallet) else { return false };
        let is_whole =
            |id: IdentityId| known.identities.values().any(|(of, whole)| *of == id && whole.is_some());
        let opened = known.open.iter().find(|open| open.reference == settle.reference);
        let of_purchase = opened.and_then(|open| open.identity).is_none_or(is_whole);
        let named = settle.identity.as_deref().and_then(|value| known.identities.get(value));
        let of_request = settle.identity.is_none() || named.is_some_and(|(id, _)| is_whole(*id));
        of_purchase && of_request
    }

    fn take_in(&mut self, of: &BrandRows, book: &Book, from: Of) {
        let found = Found::of(of);
        for wallet in of.wallets.values() {
            let found = found.of_wallet(wallet.id);
            let before = self.wallets.get(&wallet.id);
            let is_same = before.map(|known| known.is_as_read(found.accounts, book));
            // What was looked at is older than what is known, or the same and then more of it.
            if from == Of::Look && is_same == Some(false) {
                continue;
            }
            let laden = before.map_or(0, |known| known.laden);
            if is_same == Some(false) {
                self.forget(wallet.id);
            }
            let Self { wallets, identities, references, .. } = self;
            let known = wallets.entry(wallet.id).or_insert_with(|| Known::unread(wallet.clone()));
            known.wallet = wallet.clone();
            known.name(&found, identities);
            known.update(&found, of, book, references);
            known.laden = match from {
                _ if known.open.len() > OPEN_MAX => LADEN_BATCHES,
                Of::Batch => laden.saturating_sub(1),
                Of::Look => 0,
            };
            if known.laden > 0 {
                for open in known.open.drain(..) {
                    references.remove(&open.reference);
                }
            } else if !known.can_be_remembered(book) {
                self.forget(wallet.id);
            }
        }
    }

    fn forget(&mut self, wallet: WalletId) {
        let Some(known) = self.wallets.remove(&wallet) else { return };
        for value in known.identities.keys() {
            self.identities.remove(value);
        }
        for open in &known.open {
            self.references.remove(&open.reference);
        }
    }
}

/// All of them are one.
fn same(wallets: impl IntoIterator<Item = WalletId>) -> Result<WalletId, Recalled> {
    let mut wallets = wallets.into_iter();
    let first = wallets.next().ok_or(Recalled::Never)?;
    if wallets.all(|wallet| wallet == first) { Ok(first) } else { Err(Recalled::Never) }
}

impl Known {
    /// One of which nothing is known yet.
    fn unread(wallet: Arc<Wallet>) -> Self {
        Self { wallet, identities: HashMap::default(), accounts: Vec::new(), open: Vec::new(), laden: 0 }
    }

    /// Takes in the identities that a batch has named.
    fn name(&mut self, found: &OfWallet<'_>, wallets: &mut HashMap<Arc<str>, WalletId>) {
        let id = self.wallet.id;
        for (value, identity, _) in found.named {
            if !self.identities.contains_key(*value) {
                self.identities.insert((*value).clone(), (*identity, None));
                wallets.insert((*value).clone(), id);
            }
        }
        for identity in found.identities {
            let whole = (identity.id, Some((*identity).clone()));
            if self.identities.insert(identity.value.clone(), whole).is_none() {
                wallets.insert(identity.value.clone(), id);
            }
        }
    }

    /// What a batch has left of its accounts and of what is open. What it has not read is as it was.
    fn update(
        &mut self,
        found: &OfWallet<'_>,
        of: &BrandRows,
        book: &Book,
        wallets: &mut HashMap<Reference, WalletId>,
    ) {
        self.accounts.clear();
        self.accounts.extend(found.accounts.iter().map(|(row, _)| AccountRow {
            known_with: book.account(row.ledger).map(LedgerAccount::balance),
            changed: false,
            ..(*row).clone()
        }));
        self.open.retain(|open| {
            let is_read = of.transactions.get(open.id).is_some();
            if is_read {
                wallets.remove(&open.reference);
            }
            !is_read
        });
        for open in found.transactions.iter().filter(|found| is_open(found)) {
            wallets.insert(open.reference.clone(), open.wallet);
            self.open.push((*open).clone());
        }
    }

    /// Whether a batch has read it as it is known.
    fn is_as_read(&self, accounts: &[(&AccountRow, Fate)], book: &Book) -> bool {
        let read = accounts.iter().filter(|(_, fate)| *fate != Fate::New).map(|(row, _)| *row);
        let read = read.map(|row| (row.account.id, book.account(row.ledger).map(LedgerAccount::as_read)));
        read.eq(self.accounts.iter().map(|row| (row.account.id, row.known_with)))
    }

    /// Whether its open spends are all that is held of its accounts, which the batch has read all of.
    fn can_be_remembered(&self, book: &Book) -> bool {
        let has_all_locks = self.accounts.iter().all(|row| {
            let locks = self.open.iter().filter(|open| open.account == Some(row.account.id));
            let locked = locks.filter(|open| open.hold.is_some()).map(|open| open.points);
            let sum = locked.into_iter().try_fold(0_i64, i64::checked_add);
            book.account(row.ledger).is_some_and(|account| Some(account.held) == sum)
        });
        has_all_locks && !self.accounts.is_empty()
    }

    fn resolve(&self, schemes: &[Arc<SchemeRef>], resolved: &mut Resolved) {
        let id = self.wallet.id;
        let names = self.identities.iter().map(|(value, (identity, _))| (value.clone(), (*identity, id)));
        resolved.identities.extend(names);
        let accounts = self.accounts.iter();
        let accounts =
            accounts.map(|row| ResolvedAccount { ledger: row.ledger, scheme: row.account.scheme }).collect();
        resolved.accounts.insert(id, accounts);
        resolved.locks.insert(id, self.open.iter().filter_map(|open| open.hold).collect());
        resolved.references.extend(self.open.iter().map(|open| {
            let child_holds = Vec::new();
            let (wallet, hold, spend_posting) = (open.wallet, open.hold, open.spend_posting);
            let found = ResolvedTransaction { wallet, hold, spend_posting, child_holds };
            (open.reference.text(), found)
        }));
        resolved.known_schemes.extend(schemes.iter().map(|scheme| (scheme.id, scheme.clone())));
    }

    fn load(&self, settings: &Settings, schemes: Vec<Arc<SchemeRef>>, of: &mut BrandRows) {
        let id = self.wallet.id;
        of.settings = Some(settings.clone());
        of.wallets.load(id, self.wallet.clone());
        for (value, (identity, whole)) in &self.identities {
            of.known_identities.insert(value.clone(), (*identity, id));
            whole.iter().for_each(|whole| of.load_identity(whole.clone()));
        }
        for row in &self.accounts {
            of.accounts.load(row.account.id, row.clone());
        }
        for open in &self.open {
            of.load_transaction(open.clone());
        }
        of.schemes.extend(schemes.into_iter().map(|scheme| (scheme.id, scheme)));
    }
}

/// The most locks that a look finds of an account: with as many, it has more than are remembered.
const _: () = assert!(OPEN_MAX < LAPSED_MAX);
