//! The wallet as the engine's state machine: which rows it resolves, locks and reads, and which rule decides.
//!
//! # Round trips
//! One a batch of everyday commands on wallets that the lane remembers (see [`super::memory`]); two more for those that
//! have to be read first.
//! Any other batch takes three: resolve (names to ids, no locks), load (locks and rows, with the ledger's), write (with
//! the commit).
//! A process that meets a scheme for the first time reads it in one of its own.
//! The number of statements does not depend on the length of the batch.

use std::sync::PoisonError;

use ahash::HashMap;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use tokio_postgres::{Client, Error, Statement};
use zerosum_domain::BrandId;
use zerosum_ledger::{
    Clock, StateMachine,
    book::{Book, Context},
    engine::{Db, Loaded, Named, Part, Recalled, Rights, Wants},
};

use super::{
    Action, Command, Done, Refused, adjust,
    case::Case,
    change, create, crowd, expire,
    ids::{Ids, Stock},
    load,
    memory::{Memory, Of},
    names::Names,
    open, permit, refund, resolve,
    rows::Rows,
    settle, spend, unlock, void, write,
};
use crate::{model::WalletId, schemes::Schemes};

macro_rules! statements {
    ($($name:ident),+ $(,)?) => {
        /// The wallet's own statements, prepared.
        #[derive(Debug)]
        pub struct Prepared { $(pub(super) $name: Statement),+ }

        impl Prepared {
            const SQL: &[&str] = &[$(include_str!(concat!("sql/", stringify!($name), ".sql"))),+];

            async fn prepare(client: &Client) -> Result<Self, Error> {
                let prepared = try_join_all(Self::SQL.iter().map(|sql| client.prepare(sql))).await?;
                let mut prepared = prepared.into_iter();
                // SQL and the fields come from one list, so there is one for each.
                Ok(Self { $($name: match prepared.next() {
                    Some(statement) => statement,
                    None => unreachable!("one statement for each name"),
                }),+ })
            }
        }
    };
}

statements!(
    resolve_names,
    resolve_schemes,
    read_schemes,
    read_tiers,
    lock_wallets,
    look_wallets,
    read_identities,
    read_accounts,
    read_transactions,
    read_account_transactions,
    read_settings,
    read_rules,
    take_ids,
    insert_schemes,
    insert_tiers,
    insert_wallets,
    insert_identities,
    insert_accounts,
    insert_transactions,
    insert_account_transactions,
    update_wallets,
    update_identities,
    update_accounts,
    confirm_settings,
    update_transactions,
    lock_rules,
    delete_rules,
    insert_rules,
);

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Machine {
    pub(super) stock: Stock,
    pub(super) schemes: Schemes,
    clock: Clock,
}

impl Machine {
    /// Of an engine with this clock.
    pub(crate) fn new(clock: Clock, schemes: Schemes) -> Self {
        Self { stock: Stock::default(), schemes, clock }
    }

    /// The moment that a test has set, which its locks run out by; otherwise it is the database's.
    pub(super) fn set_moment(&self) -> Option<Timestamp> {
        match &self.clock {
            Clock::Database => None,
            // A poisoned lock still holds a moment.
            Clock::Set(moment) => Some(*moment.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

impl StateMachine for Machine {
    type Command = Command;
    type Done = Done;
    type Refused = Refused;
    type Rows = Rows;
    type Prepared = Prepared;
    type Memory = Memory;

    const RESOLVES: bool = true;
    const LOTS: bool = true;
    const LOTS_FOLLOW_ENTRIES: bool = true;
    const RACES: &'static [&'static str] = &[
        "wallet_transactions_reference_key",
        "identities_value_key",
        "accounts_scheme_key",
        "schemes_reference_key",
    ];

    async fn prepare(client: &Client) -> Result<Prepared, Error> {
        Prepared::prepare(client).await
    }

    async fn resolve<'a>(
        &'a self,
        db: Db<'a, Prepared>,
        commands: &'a [Named<'a, Command>],
        rows: &'a mut Rows,
        rights: Rights,
    ) -> Result<(), Error> {
        resolve::resolve(self, db, commands, rows, rights).await
    }

    fn wants(&self, named: Named<'_, Command>, rows: &Rows, wants: &mut Wants) {
        let Some(resolved) = rows.resolved.get(&named.brand.key()) else { return };
        let mut names = Names::default();
        names.add(&named.command.action);
        let wallets = Rows::named_wallets(Some(resolved), &names);
        let ends = moves_points(&named.command.action);
        for wallet in &wallets {
            for account in resolved.accounts.get(wallet).into_iter().flatten() {
                let scheme = resolved.known_schemes.get(&account.scheme);
                match scheme {
                    Some(scheme) if scheme.points_expiry.is_none() => {
                        wants.account_without_lots(account.ledger);
                    }
                    _ => wants.account(account.ledger),
                }
                if let Some(scheme) = scheme.filter(|_| ends) {
                    wants.account_without_lots(scheme.issue);
                    wants.account_without_lots(scheme.redemption);
                    // Of a lot that is to live again, what was left leaves first.
                    if matches!(*named.command.action, Action::Refund(_)) {
                        wants.account_without_lots(scheme.expired);
                    }
                }
            }
            // A lock's account is among its wallet's.
            for hold in resolved.locks.get(wallet).into_iter().flatten() {
                wants.hold_of_named(*hold);
            }
        }
        for reference in &names.references {
            let Some(found) = resolved.references.get(*reference) else { continue };
            for hold in found.hold.iter().chain(&found.child_holds) {
                wants.hold_of_named(*hold);
            }
            if let (Action::Refund(_), Some(posting)) = (&*named.command.action, found.spend_posting) {
                wants.transaction(posting);
            }
        }
        if let Action::ExpirePoints { wallet, .. } = &*named.command.action {
            want_expired(wants, resolved, *wallet);
        }
    }

    async fn load<'a, L: Future<Output: Send> + Send + 'a>(
        &'a self,
        db: Db<'a, Prepared>,
        commands: &'a [Named<'a, Command>],
        rows: &'a mut Rows,
        rights: Rights,
        ledger: L,
    ) -> Loaded<L::Output> {
        load::load(self, db, commands, rows, rights, ledger).await
    }

    fn join(&self, rows: &mut Rows, books: &HashMap<BrandId, Book>) -> bool {
        rows.join(books)
    }

    fn recall(&self, named: Named<'_, Command>, memory: &Memory, rows: &mut Rows) -> Recalled {
        memory.recall(self, named, rows)
    }

    fn provide(&self, commands: &[Named<'_, Command>], rows: &mut Rows) -> bool {
        let (ids, missing) = self.stock.take(load::wanted(commands, rows));
        rows.ids = ids;
        missing.iter().all(|missing| *missing == 0)
    }

    fn decided(&self, rows: &mut Rows, books: &mut HashMap<BrandId, Book>) {
        rows.ids = Ids::default();
        rows.keep_figures(books);
    }

    fn learn(&self, memory: &mut Memory, rows: &Rows, books: &HashMap<BrandId, Book>) {
        memory.take_in(rows, books, Of::Batch);
    }

    fn see(&self, memory: &mut Memory, rows: &Rows, books: &HashMap<BrandId, Book>) {
        memory.take_in(rows, books, Of::Look);
    }

    fn decide(
        &self,
        context: &mut Context<'_>,
        book: &mut Book,
        rows: &mut Rows,
        command: &Command,
    ) -> Result<Done, Refused> {
        let of_brand = rows.brands.entry(book.brand().id.key()).or_default();
        decide(&mut Case::new(context, book, of_brand, &mut rows.ids, &command.call), &command.action)
    }

    /// A refusal that blames the request, or that only asks for patience, leaves the key free.
    fn remembers(refused: &Refused) -> bool {
        !matches!(refused, Refused::NotPossible { .. } | Refused::LocksEnding { .. })
    }

    async fn confirm<'a>(&'a self, db: Db<'a, Prepared>, rows: &'a Rows) -> Result<(), Error> {
        write::confirm(db, rows).await
    }

    async fn write<'a>(&'a self, db: Db<'a, Prepared>, rows: &'a Rows, part: Part) -> Result<(), Error> {
        write::write(db, rows, part).await
    }
}

/// Which rule decides. Pure.
pub(super) fn decide(case: &mut Case<'_, '_>, action: &Action) -> Result<Done, Refused> {
    crowd::refuse(case, action)?;
    match action {
        Action::CreateScheme(create) => create::scheme(case, create),
        Action::CreateWallet(create) => create::wallet(case, create),
        Action::AddIdentity { wallet, identity } => create::identity(case, *wallet, identity),
        Action::AddAccount { wallet, account } => create::account(case, *wallet, account),
        Action::Adjust(adjust) => adjust::decide(case, adjust),
        Action::Change(change) => change::decide(case, change),
        Action::Open(open) => open::decide(case, open),
        Action::Spend(spend) => spend::decide(case, spend),
        Action::Void(void) => void::decide(case, void),
        Action::Settle(settle) => settle::decide(case, settle),
        Action::Unlock(unlock) => unlock::decide(case, unlock),
        Action::Refund(refund) => refund::decide(case, refund),
        Action::Permit(rules) => permit::decide(case, rules),
        Action::Annotate { reference, meta } => change::annotate(case, reference, meta),
        Action::EndLocks { wallet } => expire::locks(case, *wallet),
        Action::ExpireLock { wallet, transaction } => expire::lock(case, *wallet, *transaction),
        Action::ExpirePoints { wallet, account } => expire::points(case, *wallet, *account),
    }
}

/// Whether points can go in or out: the scheme's own accounts are then locked too. A lock and its end move none,
/// so that they do not queue for accounts that the whole scheme shares.
fn moves_points(action: &Action) -> bool {
    match action {
        Action::Adjust(_) | Action::Settle(_) | Action::Refund(_) => true,
        Action::Spend(spend) => !spend.lock,
        Action::CreateScheme(_)
        | Action::CreateWallet(_)
        | Action::AddIdentity { .. }
        | Action::AddAccount { .. }
        | Action::Change(_)
        | Action::Open(_)
        | Action::Void(_)
        | Action::Unlock(_)
        | Action::Annotate { .. }
        | Action::Permit(_)
        | Action::EndLocks { .. }
        | Action::ExpireLock { .. }
        | Action::ExpirePoints { .. } => false,
    }
}

fn want_expired(wants: &mut Wants, resolved: &super::rows::Resolved, wallet: WalletId) {
    for account in resolved.accounts.get(&wallet).into_iter().flatten() {
        if let Some(scheme) = resolved.known_schemes.get(&account.scheme) {
            wants.account_without_lots(scheme.expired);
        }
    }
}
