//! A brand's books as a batch has locked them, in memory: what deciding reads and changes.
//!
//! Pure: no clock, no random source, no database. Time and ids arrive in a [`Context`].
//! A book holds one brand's state only, so a command cannot reach another brand's accounts.
//! Every change goes through [`Book::post`], [`Book::hold`], [`Book::close_hold`] and [`Book::open_account`],
//! and each of them checks everything before it changes anything.
//! What was changed is kept on a tape that the engine writes; [`Book::undo_to`] takes back a refused command.

mod account;
mod context;
mod hold;
mod lot;
mod posting;
mod tape;

use std::sync::Arc;

use ahash::HashMap;
use zerosum_domain::{AccountId, BrandId, Currency, EventId, HoldId, LotId, TransactionId};

pub use account::{Account, Balance, ExternalIdTaken, Figures, OpenAccount, Party};
pub use context::{Context, Ids};
pub use hold::{Hold, HoldEnd, HoldNotOpen, HoldStatus};
pub use lot::{Drawn, Lot, Short};
pub use posting::{Leg, LegLot, PostRefused, Posted, PostedEntry, Posting};
pub use tape::{EmittedEvent, EntryRow, OutboxRow, Tape, TransactionRow};

/// What a brand is, as far as deciding needs to know.
#[derive(Debug, Clone)]
pub struct Brand {
    pub id: BrandId,
    pub currency: Currency,
}

/// A posted transaction that a command names, as it was read.
#[derive(Debug, Clone)]
pub struct KnownTransaction {
    pub kind: Arc<str>,
    pub entries: Vec<EntryRow>,
    /// The transaction that reverses it, when there is one.
    pub reversed_by: Option<TransactionId>,
    pub is_reversal: bool,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Book {
    brand: Brand,
    accounts: HashMap<AccountId, Account>,
    codes: HashMap<Arc<str>, AccountId>,
    external_ids: HashMap<Arc<str>, AccountId>,
    lots: HashMap<LotId, Lot>,
    holds: HashMap<HoldId, Hold>,
    transactions: HashMap<TransactionId, KnownTransaction>,
    external_refs: HashMap<(Arc<str>, Arc<str>), TransactionId>,
    tape: Tape,
    undo: Vec<Undo>,
    refused: bool,
}

/// How to take one change back. Kept from the start of a command until it is accepted.
#[derive(Debug)]
enum Undo {
    Account(Box<Account>),
    Opened(AccountId),
    Lot(Lot),
    NewLot(LotId),
    Hold(Box<Hold>),
    NewHold(HoldId),
    ExternalRef((Arc<str>, Arc<str>)),
    Reversed(TransactionId),
}

/// Where a command began; see [`Book::undo_to`].
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    undo: usize,
    tape: tape::Lengths,
}

impl Book {
    pub fn new(brand: Brand) -> Self {
        Self {
            brand,
            accounts: HashMap::default(),
            codes: HashMap::default(),
            external_ids: HashMap::default(),
            lots: HashMap::default(),
            holds: HashMap::default(),
            transactions: HashMap::default(),
            external_refs: HashMap::default(),
            tape: Tape::default(),
            undo: Vec::new(),
            refused: false,
        }
    }

    pub fn brand(&self) -> &Brand {
        &self.brand
    }

    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The account that a rule named, if it was ever opened.
    pub fn account_by_code(&self, code: &str) -> Option<&Account> {
        self.accounts.get(self.codes.get(code)?)
    }

    /// The account that a caller named.
    pub fn account_by_external_id(&self, external_id: &str) -> Option<&Account> {
        self.accounts.get(self.external_ids.get(external_id)?)
    }

    pub fn transaction(&self, id: TransactionId) -> Option<&KnownTransaction> {
        self.transactions.get(&id)
    }

    /// The transaction of this type that already carries this business reference.
    pub fn transaction_by_external_ref(&self, kind: &str, external_ref: &str) -> Option<TransactionId> {
        self.external_refs.get(&(Arc::from(kind), Arc::from(external_ref))).copied()
    }

    /// The accounts that were found or opened by the name that a rule gave them.
    pub fn codes(&self) -> impl Iterator<Item = (&Arc<str>, AccountId)> {
        self.codes.iter().map(|(code, id)| (code, *id))
    }

    /// Every account in the book, in no order.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// Whether a posting or a hold was refused, by whatever the command made of that.
    pub fn has_refused(&self) -> bool {
        self.refused
    }

    /// Tells an event, with the effect that it tells of. `payload` is JSON.
    pub fn emit(&mut self, kind: &'static str, payload: String) {
        self.tape.emitted.push_back(EmittedEvent { kind, payload });
    }

    /// Puts what was posted and told into the outbox, once all commands are decided. A row for many: a row for each
    /// transaction cost a tenth of a posting.
    pub fn fill_outbox(&mut self, context: &mut Context<'_>) {
        let posted: Vec<TransactionId> = self.tape.transactions.iter().map(|posted| posted.id).collect();
        let postings = posted.chunks(OutboxRow::SUBJECTS_MAX);
        self.tape.outbox.extend(
            postings.map(|subjects| OutboxRow::of_transactions(EventId::new(context.id()), subjects)),
        );
        while !self.tape.emitted.is_empty() {
            let row = OutboxRow::of_events(EventId::new(context.id()), &mut self.tape.emitted);
            self.tape.outbox.push(row);
        }
    }

    /// Where the book stands now.
    pub fn mark(&self) -> Mark {
        Mark { undo: self.undo.len(), tape: self.tape.lengths() }
    }

    /// Takes back everything since the mark, as if it had never been.
    pub fn undo_to(&mut self, mark: Mark) {
        self.tape.truncate(mark.tape);
        for change in self.undo.drain(mark.undo..).rev() {
            match change {
                Undo::Account(before) => {
                    self.accounts.insert(before.id, *before);
                }
                Undo::Opened(id) => {
                    if let Some(account) = self.accounts.remove(&id) {
                        if let Some(code) = &account.opened.as_ref().and_then(|opened| opened.code.clone()) {
                            self.codes.remove(code);
                        }
                        if let Some(name) =
                            &account.opened.as_ref().and_then(|opened| opened.external_id.clone())
                        {
                            self.external_ids.remove(name);
                        }
                    }
                }
                Undo::Lot(before) => {
                    self.lots.insert(before.id, before);
                }
                Undo::NewLot(id) => {
                    if let Some(lot) = self.lots.remove(&id)
                        && let Some(account) = self.accounts.get_mut(&lot.account)
                    {
                        account.lots.retain(|of_account| *of_account != id);
                    }
                }
                Undo::Hold(before) => {
                    self.holds.insert(before.id, *before);
                }
                Undo::NewHold(id) => {
                    self.holds.remove(&id);
                }
                Undo::ExternalRef(key) => {
                    self.external_refs.remove(&key);
                }
                Undo::Reversed(id) => {
                    if let Some(transaction) = self.transactions.get_mut(&id) {
                        transaction.reversed_by = None;
                    }
                }
            }
        }
    }

    /// Accepts everything so far: it can no longer be taken back.
    pub fn accept(&mut self) {
        self.undo.clear();
    }

    /// Whether all that the batch changed in it are balances of accounts without lots, by postings.
    pub fn is_postings_only(&self) -> bool {
        let tape = &self.tape;
        tape.opened.is_empty()
            && tape.new_lots.is_empty()
            && tape.new_holds.is_empty()
            && self.changed_lots().next().is_none()
            && self.changed_holds().next().is_none()
    }

    /// What was changed, for the engine to write.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    // What the engine read goes in here.

    pub fn load_account(&mut self, account: Account, code: Option<Arc<str>>, external_id: Option<Arc<str>>) {
        if let Some(code) = code {
            self.codes.insert(code, account.id);
        }
        if let Some(external_id) = external_id {
            self.external_ids.insert(external_id, account.id);
        }
        self.accounts.insert(account.id, account);
    }

    /// A lot of an account that was not locked is left out: nothing may be decided on it.
    pub fn load_lot(&mut self, lot: Lot) {
        if let Some(account) = self.accounts.get_mut(&lot.account) {
            if !account.lots.contains(&lot.id) {
                account.lots.push(lot.id);
            }
            self.lots.insert(lot.id, lot);
        }
    }

    /// A hold of an account that was not locked is left out, like a lot.
    pub fn load_hold(&mut self, hold: Hold) {
        if self.accounts.contains_key(&hold.account) {
            self.holds.insert(hold.id, hold);
        }
    }

    pub fn load_transaction(&mut self, id: TransactionId, transaction: KnownTransaction) {
        self.transactions.insert(id, transaction);
    }

    pub fn load_external_ref(&mut self, kind: Arc<str>, external_ref: Arc<str>, transaction: TransactionId) {
        self.external_refs.insert((kind, external_ref), transaction);
    }
}

#[cfg(test)]
mod tests;
