//! An account as a batch has locked it, and the opening of new ones.

use std::sync::Arc;

use zerosum_domain::{AccountId, AccountType, Amount, Currency, EntryId, Limits, LotId, Steward};

use super::{Book, Context, EntryRow, Undo};

/// Who an account belongs to, in the caller's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    pub kind: Option<Arc<str>>,
    pub id: Option<Arc<str>>,
}

/// What a service keeps with a balance, in one row. The ledger knows nothing of it.
pub type Figures = [i64; 4];

/// What of an account a batch moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    pub posted: i64,
    pub held: i64,
    pub version: i64,
    /// As much may be held by another hold: each change without an entry moves it on.
    pub revision: i64,
    /// As many entries may be others' entries: this one tells which they are.
    pub last: Option<EntryId>,
}

/// A locked account. `posted`, `held` and `version` are what the next entry builds on.
#[derive(Debug, Clone)]
pub struct Account {
    pub id: AccountId,
    pub currency: Currency,
    pub steward: Steward,
    pub limits: Limits,
    pub keeps_lots: bool,
    pub posted: i64,
    pub held: i64,
    pub version: i64,
    /// Moved on, once a batch, by whatever changes it without an entry.
    pub revision: i64,
    pub figures: Option<Figures>,
    /// Its newest entry: the one of this version.
    pub last: Option<EntryId>,
    /// Its live lots, in no order.
    pub lots: Vec<LotId>,
    pub(super) changed: bool,
    read: Balance,
    pub(super) opened: Option<Arc<OpenAccount>>,
}

impl Account {
    /// As read from the database.
    pub fn loaded(
        id: AccountId,
        currency: Currency,
        steward: Steward,
        limits: Limits,
        keeps_lots: bool,
    ) -> Self {
        Self {
            id,
            currency,
            steward,
            limits,
            keeps_lots,
            posted: 0,
            held: 0,
            version: 0,
            revision: 0,
            figures: None,
            last: None,
            lots: Vec::new(),
            changed: false,
            read: Balance::default(),
            opened: None,
        }
    }

    #[must_use]
    pub fn with_balance(mut self, posted: i64, held: i64, version: i64) -> Self {
        (self.posted, self.held, self.version) = (posted, held, version);
        self.read = self.balance();
        self
    }

    /// What else is read with its balance.
    #[must_use]
    pub fn with_figures(mut self, revision: i64, figures: Option<Figures>) -> Self {
        (self.revision, self.figures) = (revision, figures);
        self.read = self.balance();
        self
    }

    /// Its newest entry, as it was read.
    #[must_use]
    pub fn with_last(mut self, last: Option<EntryId>) -> Self {
        self.last = last;
        self.read = self.balance();
        self
    }

    /// What the batch was decided on.
    pub fn as_read(&self) -> Balance {
        self.read
    }

    /// What the batch leaves.
    pub fn balance(&self) -> Balance {
        let Self { posted, held, version, revision, last, .. } = *self;
        Balance { posted, held, version, revision, last }
    }

    /// As the next batch finds it, once this one is committed; its lots are found with it.
    #[must_use]
    pub fn committed(&self) -> Self {
        let (changed, opened, lots) = (false, None, Vec::new());
        Self { changed, opened, lots, read: self.balance(), ..self.clone() }
    }

    /// Whether the batch has to write its balance.
    pub fn changed(&self) -> bool {
        self.changed
    }

    /// Changes it without an entry.
    pub(super) fn turn(&mut self) {
        self.revision = self.read.revision + 1;
        self.changed = true;
    }

    /// What it was opened with, when this batch opened it.
    pub fn opened(&self) -> Option<&OpenAccount> {
        self.opened.as_deref()
    }

    /// Adds a checked amount by this entry, which becomes its newest.
    pub(super) fn move_by(
        &mut self,
        id: EntryId,
        amount: Amount,
        lot: Option<LotId>,
        memo: Option<Arc<str>>,
    ) -> EntryRow {
        self.posted = match self.posted.checked_add(amount.get()) {
            Some(posted) => posted,
            None => unreachable!("the posting was checked to fit"),
        };
        self.version += 1;
        EntryRow {
            id,
            account: self.id,
            version: self.version,
            amount: amount.get(),
            balance_after: self.posted,
            previous: self.last.replace(id),
            lot,
            currency: self.currency.clone(),
            memo,
        }
    }

    /// Whether these figures keep to the limits of the account. A floor binds posted − held, a ceiling posted.
    pub(super) fn within_limits(&self, posted: i64, held: i64) -> bool {
        let free = i128::from(posted) - i128::from(held);
        self.limits.floor.is_none_or(|floor| free >= i128::from(floor))
            && self.limits.ceiling.is_none_or(|ceiling| posted <= ceiling)
    }
}

/// A new account.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenAccount {
    pub name: Arc<str>,
    pub kind: AccountType,
    pub steward: Steward,
    pub currency: Currency,
    pub limits: Limits,
    pub keeps_lots: bool,
    /// How a rule finds it again; unique per brand.
    pub code: Option<Arc<str>>,
    /// How the caller finds it again; unique per brand.
    pub external_id: Option<Arc<str>>,
    pub party: Option<Party>,
    pub metadata: Option<Arc<str>>,
}

/// The external id already names this account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalIdTaken(pub AccountId);

impl Book {
    /// Keeps these figures with the balance of an account. For the end of a batch: it is not taken back with a command,
    /// and it moves the account on, whether or not they are others than before.
    pub fn keep_figures(&mut self, id: AccountId, figures: Figures) {
        if let Some(account) = self.accounts.get_mut(&id) {
            account.figures = Some(figures);
            account.turn();
        }
    }

    /// Opens an account with a balance of zero. An external id is taken only once; a code too, but a code is
    /// ours: look it up with [`Book::account_by_code`] first, or use [`Book::account_or_open`].
    pub fn open_account(
        &mut self,
        context: &mut Context<'_>,
        open: OpenAccount,
    ) -> Result<AccountId, ExternalIdTaken> {
        if let Some(taken) = open.external_id.as_ref().and_then(|name| self.external_ids.get(name)) {
            return Err(ExternalIdTaken(*taken));
        }
        let id = AccountId::new(context.id());
        if let Some(code) = &open.code {
            self.codes.insert(code.clone(), id);
        }
        if let Some(external_id) = &open.external_id {
            self.external_ids.insert(external_id.clone(), id);
        }
        let mut account =
            Account::loaded(id, open.currency.clone(), open.steward, open.limits, open.keeps_lots);
        account.opened = Some(Arc::new(open));
        self.accounts.insert(id, account);
        self.tape.opened.push(id);
        self.undo.push(Undo::Opened(id));
        Ok(id)
    }

    /// The account of this code; opened now if it never was. The command must have named the code in its wants.
    pub fn account_or_open(
        &mut self,
        context: &mut Context<'_>,
        code: &str,
        open: impl FnOnce(Arc<str>) -> OpenAccount,
    ) -> AccountId {
        if let Some(id) = self.codes.get(code) {
            return *id;
        }
        let mut open = open(code.into());
        open.external_id = None;
        match self.open_account(context, open) {
            Ok(id) => id,
            Err(ExternalIdTaken(id)) => id,
        }
    }
}
