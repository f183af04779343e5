//! Accounts that a batch opened, and the balances that it moved.

use futures_util::join;
use jiff::Timestamp;
use tokio_postgres::Error;
use uuid::Uuid;
use zerosum_domain::BrandKey;

use super::{Books, EntryIds, Params, brands, column, place};
use crate::{
    book::Account,
    engine::{
        StateMachine,
        batch::Confirms,
        fault_points::{FaultPoint, reach},
        session::Session,
    },
};

pub(super) async fn accounts<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingAccounts);
    let rows = books.rows(|book| book.tape().opened.iter().filter_map(|id| book.account(*id)));
    let rows: Vec<_> =
        rows.into_iter().filter_map(|(brand, account)| Some((brand, (account, account.opened()?)))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let brands = brands(&rows);
    let ids = column(&rows, |(account, _)| account.id.uuid());
    let names = column(&rows, |(_, opened)| &*opened.name);
    let kinds = column(&rows, |(_, opened)| opened.kind.as_str());
    let stewards = column(&rows, |(_, opened)| opened.steward.as_str());
    let currencies = column(&rows, |(_, opened)| opened.currency.as_str());
    let keeps_lots = column(&rows, |(_, opened)| opened.keeps_lots);
    let codes = column(&rows, |(_, opened)| opened.code.as_deref());
    let external_ids = column(&rows, |(_, opened)| opened.external_id.as_deref());
    let party = column(&rows, |(_, opened)| opened.party.as_ref());
    let party_kinds: Vec<Option<&str>> =
        party.iter().map(|party| party.and_then(|party| party.kind.as_deref())).collect();
    let party_ids: Vec<Option<&str>> =
        party.iter().map(|party| party.and_then(|party| party.id.as_deref())).collect();
    let metadata = column(&rows, |(_, opened)| opened.metadata.as_deref());
    let posted = column(&rows, |(account, _)| account.posted);
    let held = column(&rows, |(account, _)| account.held);
    let versions = column(&rows, |(account, _)| account.version);
    let last = EntryIds::of(&rows, |(account, _)| account.last);
    let floors = column(&rows, |(account, _)| account.limits.floor);
    let ceilings = column(&rows, |(account, _)| account.limits.ceiling);
    let figures = KeptFigures::of(rows.iter().map(|(_, (account, _))| *account));
    let revisions = column(&rows, |(account, _)| account.revision);
    let db = session.db();
    let named: Params<'_, 13> = [
        &brands,
        &ids,
        &names,
        &kinds,
        &stewards,
        &currencies,
        &keeps_lots,
        &codes,
        &external_ids,
        &party_kinds,
        &party_ids,
        &metadata,
        &now,
    ];
    let balances: Params<'_, 12> = [
        &brands,
        &ids,
        &posted,
        &held,
        &versions,
        &last.transactions,
        &last.lines,
        &revisions,
        &floors,
        &ceilings,
        &figures.places,
        &figures.all,
    ];
    let (accounts, balances) = join!(
        db.execute(&session.statements.insert_accounts, &named),
        db.execute(&session.statements.insert_balances, &balances),
    );
    accounts.and(balances).map(drop)
}

/// What services keep with balances: all of it, and where each row's begins.
#[derive(Default)]
struct KeptFigures {
    places: Vec<Option<i32>>,
    all: Vec<i64>,
}

impl KeptFigures {
    fn of<'a>(accounts: impl Iterator<Item = &'a Account>) -> Self {
        let mut kept = Self::default();
        for account in accounts {
            kept.places.push(account.figures.map(|_| place(kept.all.len() + 1)));
            kept.all.extend(account.figures.into_iter().flatten());
        }
        kept
    }
}

/// The columns of the balances that moved, in key order, each with the state that it moves from.
#[derive(Default)]
pub(super) struct Balances {
    brands: Vec<i64>,
    ids: Vec<Uuid>,
    posted: Vec<i64>,
    held: Vec<i64>,
    versions: Vec<i64>,
    last: EntryIds,
    revisions: Vec<i64>,
    figures: KeptFigures,
    old_posted: Vec<i64>,
    old_versions: Vec<i64>,
    old_last: Vec<Option<Uuid>>,
    old_revisions: Vec<i64>,
}

impl Balances {
    pub fn of(books: &Books<'_>) -> Self {
        let mut rows: Vec<(BrandKey, &Account)> = books
            .rows(|book| book.accounts().filter(|account| account.changed() && account.opened().is_none()));
        // Without locks it is the update that takes them, so it must take them in key order.
        rows.sort_unstable_by_key(|(brand, account)| (*brand, account.id));
        Self {
            brands: brands(&rows),
            ids: column(&rows, |account| account.id.uuid()),
            posted: column(&rows, |account| account.posted),
            held: column(&rows, |account| account.held),
            versions: column(&rows, |account| account.version),
            last: EntryIds::of(&rows, |account| account.last),
            revisions: column(&rows, |account| account.revision),
            figures: KeptFigures::of(rows.iter().map(|(_, account)| *account)),
            old_posted: column(&rows, |account| account.as_read().posted),
            old_versions: column(&rows, |account| account.as_read().version),
            old_last: column(&rows, |account| account.as_read().last.map(|id| id.transaction.uuid())),
            old_revisions: column(&rows, |account| account.as_read().revision),
        }
    }

    pub fn params(&self) -> Params<'_, 14> {
        [
            &self.brands,
            &self.ids,
            &self.posted,
            &self.held,
            &self.versions,
            &self.last.transactions,
            &self.last.lines,
            &self.revisions,
            &self.figures.places,
            &self.old_posted,
            &self.old_versions,
            &self.old_last,
            &self.old_revisions,
            &self.figures.all,
        ]
    }

    /// Moves them by a statement of their own.
    pub async fn confirm<M: StateMachine>(&self, session: &Session<M>) -> Result<(), Error> {
        if self.ids.is_empty() {
            return Ok(());
        }
        session.db().query(&session.statements.confirm_balances, &self.params()).await.map(drop)
    }
}

/// What was refused was decided on accounts that may not have moved: they are confirmed by themselves.
pub(super) async fn states<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    confirms: Confirms,
) -> Result<(), Error> {
    if confirms != Confirms::Everything {
        return Ok(());
    }
    let rows: Vec<(BrandKey, &Account)> =
        books.rows(|book| book.accounts().filter(|account| account.opened().is_none()));
    let brands = brands(&rows);
    let ids = column(&rows, |account| account.id.uuid());
    let posted = column(&rows, |account| account.posted);
    let versions = column(&rows, |account| account.version);
    let revisions = column(&rows, |account| account.revision);
    let floors = column(&rows, |account| account.limits.floor);
    let ceilings = column(&rows, |account| account.limits.ceiling);
    let last = column(&rows, |account| account.last.map(|id| id.transaction.uuid()));
    let params: Params<'_, 8> = [&brands, &ids, &posted, &versions, &revisions, &floors, &ceilings, &last];
    session.db().query(&session.statements.confirm_states, &params).await.map(drop)
}
