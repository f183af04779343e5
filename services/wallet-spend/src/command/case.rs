//! One command being decided: what it reads, and what it will have changed if it is not refused.
//!
//! Changes of rows are kept aside and read through, and reach the batch's rows only in [`Case::commit`],
//! after the last possible refusal. Changes of the book the engine takes back by itself.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use zerosum_ledger::book::{Book, Context};

use super::{
    Call, Refused,
    ids::Ids,
    rows::{AccountRow, BrandRows, Settings},
};
use crate::{
    model::{
        AccountSnapshot, AccountTransaction, Balances, Brand, Identity, IdentityId, Reference, SchemeId,
        SchemeRef, TransactionType, Wallet, WalletAccountId, WalletId, WalletTransaction,
        WalletTransactionId,
    },
    view,
};

#[derive(Debug, Default)]
struct Changes {
    wallets: BTreeMap<WalletId, Arc<Wallet>>,
    identities: BTreeMap<IdentityId, Arc<Identity>>,
    accounts: BTreeMap<WalletAccountId, AccountRow>,
    transactions: BTreeMap<WalletTransactionId, Arc<WalletTransaction>>,
    account_transactions: Vec<AccountTransaction>,
}

#[derive(Debug)]
pub(super) struct Case<'a, 'c> {
    pub context: &'a mut Context<'c>,
    pub book: &'a mut Book,
    pub rows: &'a mut BrandRows,
    pub ids: &'a mut Ids,
    pub call: &'a Call,
    pub brand: Arc<Brand>,
    changes: Changes,
}

impl<'a, 'c> Case<'a, 'c> {
    pub fn new(
        context: &'a mut Context<'c>,
        book: &'a mut Book,
        rows: &'a mut BrandRows,
        ids: &'a mut Ids,
        call: &'a Call,
    ) -> Self {
        let brand = rows
            .settings
            .get_or_insert_with(|| Settings::default_for(book.brand().id.as_str()))
            .brand
            .clone();
        Self { context, book, rows, ids, call, brand, changes: Changes::default() }
    }

    pub fn now(&self) -> Timestamp {
        self.context.now
    }

    pub fn wallet(&self, id: WalletId) -> Result<Arc<Wallet>, Refused> {
        let found = self.changes.wallets.get(&id).or_else(|| self.rows.wallets.get(id));
        found.cloned().ok_or(Refused::WalletNotFound)
    }

    pub fn identity(&self, value: &str) -> Result<Arc<Identity>, Refused> {
        self.rows.identity_by_value(value).cloned().ok_or(Refused::IdentityNotFound)
    }

    /// An identity and whose it is.
    pub fn identity_named(&self, value: &str) -> Result<(IdentityId, WalletId), Refused> {
        self.rows.identity_named(value).ok_or(Refused::IdentityNotFound)
    }

    pub fn identity_by_id(&self, id: IdentityId) -> Option<Arc<Identity>> {
        self.changes.identities.get(&id).or_else(|| self.rows.identities.get(id)).cloned()
    }

    /// An account of this wallet that the book has locked.
    pub fn account(&self, wallet: WalletId, id: WalletAccountId) -> Result<AccountRow, Refused> {
        let found = self.changes.accounts.get(&id).or_else(|| self.rows.accounts.get(id));
        found
            .filter(|row| row.account.wallet == wallet && self.book.account(row.ledger).is_some())
            .cloned()
            .ok_or(Refused::AccountNotFound)
    }

    pub fn accounts_of(&self, wallet: WalletId) -> Vec<AccountRow> {
        let ids: Vec<WalletAccountId> =
            self.rows.accounts_of(wallet).iter().map(|row| row.account.id).collect();
        ids.into_iter().filter_map(|id| self.account(wallet, id).ok()).collect()
    }

    /// Whether this command has made an account of this scheme.
    pub fn made_account(&self, wallet: WalletId, scheme: SchemeId) -> bool {
        self.changes.accounts.values().any(|row| row.account.wallet == wallet && row.account.scheme == scheme)
    }

    pub fn scheme(&self, id: SchemeId) -> Result<Arc<SchemeRef>, Refused> {
        self.rows.schemes.get(&id).cloned().ok_or(Refused::SchemeNotFound)
    }

    pub fn transaction(&self, id: WalletTransactionId) -> Option<Arc<WalletTransaction>> {
        self.changes.transactions.get(&id).or_else(|| self.rows.transactions.get(id)).cloned()
    }

    pub fn transaction_by_reference(&self, reference: &Reference) -> Option<Arc<WalletTransaction>> {
        let id = self.rows.transaction_by_reference(reference)?.id;
        self.transaction(id)
    }

    /// Whether nothing has this reference yet.
    pub fn must_be_new(&self, reference: &Reference) -> Result<(), Refused> {
        match self.rows.transaction_by_reference(reference) {
            None => Ok(()),
            Some(_) => Err(Refused::ReferenceNotUnique { reference: reference.clone() }),
        }
    }

    /// A transaction of this wallet and type.
    pub fn named(
        &self,
        wallet: WalletId,
        reference: &Reference,
        kind: TransactionType,
    ) -> Result<Arc<WalletTransaction>, Refused> {
        self.transaction_by_reference(reference)
            .filter(|found| found.wallet == wallet && found.kind == kind)
            .ok_or_else(|| Refused::TransactionNotFound { reference: reference.clone() })
    }

    /// The transactions of a wallet that the batch has read.
    pub fn transactions_of(&self, wallet: WalletId) -> Vec<Arc<WalletTransaction>> {
        let ids: Vec<WalletTransactionId> =
            self.rows.transactions_of(wallet).iter().map(|row| row.id).collect();
        ids.into_iter().filter_map(|id| self.transaction(id)).collect()
    }

    /// The spends of a wallet whose locks have run out and were not ended, those that ran out first.
    pub fn lapsed(&self, wallet: WalletId) -> Vec<Arc<WalletTransaction>> {
        let now = self.now();
        let candidates = self.rows.locks_until(wallet, now).into_iter();
        candidates.filter_map(|id| self.transaction(id)).filter(|spend| spend.lapsed(now)).collect()
    }

    pub fn save_wallet(&mut self, wallet: Wallet) -> Arc<Wallet> {
        let wallet = Arc::new(wallet);
        self.changes.wallets.insert(wallet.id, wallet.clone());
        wallet
    }

    pub fn save_identity(&mut self, identity: Identity) -> Arc<Identity> {
        let identity = Arc::new(identity);
        self.changes.identities.insert(identity.id, identity.clone());
        identity
    }

    pub fn save_account(&mut self, row: AccountRow) {
        self.changes.accounts.insert(row.account.id, row);
    }

    pub fn save_transaction(&mut self, transaction: WalletTransaction) -> Arc<WalletTransaction> {
        let transaction = Arc::new(transaction);
        self.changes.transactions.insert(transaction.id, transaction.clone());
        transaction
    }

    pub fn add_account_transaction(&mut self, transaction: AccountTransaction) {
        self.changes.account_transactions.push(transaction);
    }

    /// Nothing can be refused any more: the batch's rows get what was changed.
    pub fn commit(&mut self) {
        let changes = std::mem::take(&mut self.changes);
        for (id, wallet) in changes.wallets {
            self.rows.wallets.save(id, wallet);
        }
        for (_, identity) in changes.identities {
            self.rows.save_identity(identity);
        }
        for (_, account) in changes.accounts {
            self.rows.save_account(account);
        }
        for (_, transaction) in changes.transactions {
            self.rows.save_transaction(transaction);
        }
        self.rows.account_transactions.extend(changes.account_transactions);
    }

    /// An account with its figures of now. A lock that has run out locks nothing, whether or not that is posted.
    pub fn snapshot(&self, row: &AccountRow) -> AccountSnapshot {
        AccountSnapshot {
            balances: self.balances(row),
            mobile_wallet: view::account_link(&self.brand, row.account.id),
            account: row.account.clone(),
        }
    }

    /// The figures of an account of now.
    pub fn balances(&self, row: &AccountRow) -> Balances {
        let now = self.now();
        let held = self.book.account(row.ledger).map_or(0, |account| account.held);
        let lapsed = self.lapsed(row.account.wallet);
        let lapsed = lapsed
            .iter()
            .filter(|spend| spend.account == Some(row.account.id))
            .filter_map(|spend| self.book.known_hold(spend.hold?));
        let (mut freed, mut usable) = (0_i64, self.book.usable(row.ledger, now));
        for hold in lapsed.filter(|hold| hold.status == zerosum_ledger::book::HoldStatus::Open) {
            freed += hold.amount;
            // Of what it held, only what has not expired itself can be used again.
            usable += if hold.lots.is_empty() {
                hold.amount
            } else {
                let live = |lot| self.book.lot(lot).is_some_and(|lot| !lot.expired(now));
                hold.lots.iter().filter(|drawn| live(drawn.lot)).map(|drawn| drawn.amount).sum()
            };
        }
        let locked = held - freed;
        Balances {
            current: usable + locked,
            usable,
            locked,
            lifetime: row.account.lifetime,
            lifetime_spend: row.account.lifetime_spend,
            lifetime_spend_value: row.account.lifetime_spend_value,
        }
    }
}
