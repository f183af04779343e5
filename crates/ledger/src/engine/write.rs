//! Step 3: what a batch decided, written with one statement per table, and committed in the same round trip.

use std::fmt::Write as _;

use futures_util::join;
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::{Error, error::SqlState, types::ToSql};
use uuid::Uuid;
use zerosum_domain::BrandId;

use super::{
    ROUND_TRIP_MAX, StateMachine, Stats,
    batch::{Attempt, Decided, NewAnswer, classify},
    fault_points::{FaultPoint, reach},
    session::Session,
};
use crate::book::{Account, Book, Drawn, EntryRow, Hold, Lot, OutboxRow, TransactionRow};

/// Writes and commits. An error that the database itself gave to a write means that nothing was committed;
/// everything else after the first byte of the commit was sent is unknown.
pub(super) async fn commit<M: StateMachine>(
    machine: &M,
    session: &Session<M>,
    stats: &Stats,
    decided: &Decided<'_, M>,
) -> Result<(), Attempt> {
    Stats::add(&stats.round_trips, 1);
    let db = session.db();
    let books = Books(decided.books.iter().collect());
    let now = decided.now;
    let writing = async {
        // Polled in this order. Keys first, balances next: a race with another process is then found before anything
        // else is done, and no entry takes a version that is not its own.
        let (keys, accounts, balances, transactions, entries, lots, holds, outbox, own, committed) = join!(
            keys(session, &decided.answers, now),
            accounts(session, &books, now),
            balances(session, &books, decided.locked),
            transactions(session, &books, now),
            entries(session, &books, now),
            lots(session, &books, now),
            holds(session, &books, now),
            outbox(session, &books, now),
            machine.write(db, &decided.rows),
            async {
                reach(FaultPoint::BeforeCommit);
                db.command("commit").await
            },
        );
        let first_failure = keys
            .map_err(Failure::of_keys)
            .and(accounts.map_err(Failure::of_write))
            .and(balances)
            .and(transactions.map_err(Failure::of_write))
            .and(entries.map_err(Failure::of_write))
            .and(lots.map_err(Failure::of_write))
            .and(holds.map_err(Failure::of_write))
            .and(outbox.map_err(Failure::of_write))
            .and(own.map_err(Failure::of_write));
        (first_failure, committed)
    };
    let Ok((written, committed)) = timeout(ROUND_TRIP_MAX, writing).await else {
        return Err(Attempt::Unknown);
    };
    match (written, committed) {
        (Ok(()), Ok(())) => {
            reach(FaultPoint::Committed);
            Ok(())
        }
        (Ok(()), Err(error)) => Err(at_commit::<M>(&error)),
        (Err(failure), _) => Err(failure.classify::<M>()),
    }
}

/// Why a write failed.
enum Failure {
    Keys(Error),
    Write(Error),
    /// A locked row was not there to be updated: the books in memory are not those of the database.
    Missing,
}

impl Failure {
    fn of_keys(error: Error) -> Self {
        Self::Keys(error)
    }

    fn of_write(error: Error) -> Self {
        Self::Write(error)
    }

    fn classify<M: StateMachine>(self) -> Attempt {
        let (Self::Keys(error) | Self::Write(error)) = &self else { return Attempt::Unknown };
        let Some(db) = error.as_db_error() else { return Attempt::Unknown };
        if matches!(self, Self::Keys(_)) && *db.code() == SqlState::LOCK_NOT_AVAILABLE {
            return Attempt::KeyHeldElsewhere;
        }
        match classify::<M>(error) {
            // The server is going down: it may have got as far as the commit.
            Attempt::Unavailable => Attempt::Unknown,
            other => other,
        }
    }
}

/// An error in answer to the commit itself. Only what the database says to have rolled back was.
fn at_commit<M: StateMachine>(error: &Error) -> Attempt {
    match error.as_db_error().map(|db| db.code().code()) {
        Some(code) if code.starts_with("40") || code.starts_with("23") => classify::<M>(error),
        _ => Attempt::Unknown,
    }
}

/// The batch's books with their brands; every array below is filled in this order.
struct Books<'a>(Vec<(&'a BrandId, &'a Book)>);

impl<'a> Books<'a> {
    fn rows<T, I: IntoIterator<Item = T>>(&self, of: impl Fn(&'a Book) -> I) -> Vec<(&'a str, T)> {
        self.0
            .iter()
            .flat_map(|(brand, book)| {
                of(book).into_iter().map(|row| (brand.as_str(), row)).collect::<Vec<_>>()
            })
            .collect()
    }
}

/// One column of rows, as an array parameter.
fn column<'a, T, U>(rows: &'a [(&'a str, T)], of: impl Fn(&'a T) -> U) -> Vec<U> {
    rows.iter().map(|(_, row)| of(row)).collect()
}

fn brands<'a, T>(rows: &[(&'a str, T)]) -> Vec<&'a str> {
    rows.iter().map(|(brand, _)| *brand).collect()
}

async fn keys<M: StateMachine>(
    session: &Session<M>,
    answers: &[NewAnswer<'_>],
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingKeys);
    if answers.is_empty() {
        return Ok(());
    }
    let brands: Vec<&str> = answers.iter().map(|answer| answer.brand.as_str()).collect();
    let scopes: Vec<&str> = answers.iter().map(|answer| &*answer.key.scope).collect();
    let keys: Vec<&str> = answers.iter().map(|answer| &*answer.key.key).collect();
    let fingerprints: Vec<&[u8]> = answers.iter().map(|answer| answer.key.fingerprint.as_slice()).collect();
    let refused: Vec<bool> = answers.iter().map(|answer| answer.refused).collect();
    let outcomes: Vec<&str> = answers.iter().map(|answer| answer.outcome.as_str()).collect();
    let expires: Vec<Option<Timestamp>> = answers.iter().map(|answer| answer.expires_at).collect();
    session
        .db()
        .execute(
            &session.statements.insert_keys,
            &[&brands, &scopes, &keys, &fingerprints, &refused, &outcomes, &expires, &now],
        )
        .await
        .map(drop)
}

async fn accounts<M: StateMachine>(
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
    let floors = column(&rows, |(account, _)| account.limits.floor);
    let ceilings = column(&rows, |(account, _)| account.limits.ceiling);
    let db = session.db();
    let named: [&(dyn ToSql + Sync); 13] = [
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
    let balances: [&(dyn ToSql + Sync); 7] = [&brands, &ids, &posted, &held, &versions, &floors, &ceilings];
    let (accounts, balances) = join!(
        db.execute(&session.statements.insert_accounts, &named),
        db.execute(&session.statements.insert_balances, &balances),
    );
    accounts.and(balances).map(drop)
}

async fn transactions<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingTransactions);
    let rows: Vec<(&str, &TransactionRow)> = books.rows(|book| &book.tape().transactions);
    if rows.is_empty() {
        return Ok(());
    }
    let brands = brands(&rows);
    let ids = column(&rows, |row| row.id.uuid());
    let kinds = column(&rows, |row| &*row.kind);
    let external_refs = column(&rows, |row| row.external_ref.as_deref());
    let memos = column(&rows, |row| row.memo.as_deref());
    let metadata = column(&rows, |row| row.metadata.as_deref());
    let reverses = column(&rows, |row| row.reverses.map(|id| id.uuid()));
    session
        .db()
        .execute(
            &session.statements.insert_transactions,
            &[&brands, &ids, &kinds, &external_refs, &memos, &metadata, &reverses, &now],
        )
        .await
        .map(drop)
}

async fn entries<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingEntries);
    let rows: Vec<(&str, &EntryRow)> = books.rows(|book| &book.tape().entries);
    if rows.is_empty() {
        return Ok(());
    }
    let brands = brands(&rows);
    let accounts = column(&rows, |row| row.account.uuid());
    let versions = column(&rows, |row| row.version);
    let amounts = column(&rows, |row| row.amount);
    let balances = column(&rows, |row| row.balance_after);
    let transactions = column(&rows, |row| row.transaction.uuid());
    let lines = column(&rows, |row| i16::try_from(row.line).unwrap_or(i16::MAX));
    let lots: Vec<Option<Uuid>> = column(&rows, |row| row.lot.map(|id| id.uuid()));
    let currencies = column(&rows, |row| row.currency.as_str());
    let memos = column(&rows, |row| row.memo.as_deref());
    session
        .db()
        .execute(
            &session.statements.insert_entries,
            &[
                &brands,
                &accounts,
                &versions,
                &amounts,
                &balances,
                &transactions,
                &lines,
                &lots,
                &currencies,
                &memos,
                &now,
            ],
        )
        .await
        .map(drop)
}

async fn balances<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    locked: bool,
) -> Result<(), Failure> {
    reach(FaultPoint::WritingBalances);
    let mut rows: Vec<(&str, &Account)> =
        books.rows(|book| book.accounts().filter(|account| account.changed() && account.opened().is_none()));
    if rows.is_empty() {
        return Ok(());
    }
    let db = session.db();
    if locked {
        let brands = brands(&rows);
        let ids = column(&rows, |account| account.id.uuid());
        let posted = column(&rows, |account| account.posted);
        let held = column(&rows, |account| account.held);
        let versions = column(&rows, |account| account.version);
        let updated = db
            .execute(&session.statements.update_balances, &[&brands, &ids, &posted, &held, &versions])
            .await
            .map_err(Failure::of_write)?;
        return if updated == rows.len() as u64 { Ok(()) } else { Err(Failure::Missing) };
    }
    // Here the update takes the locks, so it must take them in key order.
    rows.sort_unstable_by_key(|(brand, account)| (*brand, account.id));
    let brands = brands(&rows);
    let ids = column(&rows, |account| account.id.uuid());
    let posted = column(&rows, |account| account.posted);
    let held = column(&rows, |account| account.held);
    let versions = column(&rows, |account| account.version);
    let old_posted = column(&rows, |account| account.as_read().0);
    let old_held = column(&rows, |account| account.as_read().1);
    let old_versions = column(&rows, |account| account.as_read().2);
    let params: [&(dyn ToSql + Sync); 8] =
        [&brands, &ids, &posted, &held, &versions, &old_posted, &old_held, &old_versions];
    db.query(&session.statements.confirm_balances, &params).await.map(drop).map_err(Failure::of_write)
}

async fn lots<M: StateMachine>(session: &Session<M>, books: &Books<'_>, now: Timestamp) -> Result<(), Error> {
    reach(FaultPoint::WritingLots);
    let new: Vec<(&str, &Lot)> =
        books.rows(|book| book.tape().new_lots.iter().filter_map(|id| book.lot(*id)));
    let changed: Vec<(&str, &Lot)> =
        books.rows(|book| book.changed_lots().filter(|lot| !book.tape().new_lots.contains(&lot.id)));
    let db = session.db();
    let inserting = async {
        if new.is_empty() {
            return Ok(0);
        }
        let brands = brands(&new);
        let accounts = column(&new, |lot| lot.account.uuid());
        let ids = column(&new, |lot| lot.id.uuid());
        let expires = column(&new, |lot| lot.expires_at);
        let remaining = column(&new, |lot| lot.remaining);
        let held = column(&new, |lot| lot.held);
        let params: [&(dyn ToSql + Sync); 7] = [&brands, &accounts, &ids, &expires, &remaining, &held, &now];
        db.execute(&session.statements.insert_lots, &params).await
    };
    let updating = async {
        if changed.is_empty() {
            return Ok(0);
        }
        let brands = brands(&changed);
        let ids = column(&changed, |lot| lot.id.uuid());
        let remaining = column(&changed, |lot| lot.remaining);
        let held = column(&changed, |lot| lot.held);
        let expires = column(&changed, |lot| lot.expires_at);
        db.execute(&session.statements.update_lots, &[&brands, &ids, &remaining, &held, &expires]).await
    };
    let (inserted, updated) = join!(inserting, updating);
    inserted.and(updated).map(drop)
}

async fn holds<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingHolds);
    let new: Vec<(&str, &Hold)> =
        books.rows(|book| book.tape().new_holds.iter().filter_map(|id| book.known_hold(*id)));
    let changed: Vec<(&str, &Hold)> =
        books.rows(|book| book.changed_holds().filter(|hold| !book.tape().new_holds.contains(&hold.id)));
    let db = session.db();
    let inserting = async {
        if new.is_empty() {
            return Ok(0);
        }
        let brands = brands(&new);
        let ids = column(&new, |hold| hold.id.uuid());
        let accounts = column(&new, |hold| hold.account.uuid());
        let amounts = column(&new, |hold| hold.amount);
        let lots = column(&new, |hold| array_literal(&hold.lots, |drawn| drawn.lot.to_string()));
        let lot_amounts = column(&new, |hold| array_literal(&hold.lots, |drawn| drawn.amount.to_string()));
        let statuses = column(&new, |hold| hold.status.as_str());
        let captured = column(&new, |hold| hold.captured);
        let expires = column(&new, |hold| hold.expires_at);
        let params: [&(dyn ToSql + Sync); 10] =
            [&brands, &ids, &accounts, &amounts, &lots, &lot_amounts, &statuses, &captured, &expires, &now];
        db.execute(&session.statements.insert_holds, &params).await
    };
    let updating = async {
        if changed.is_empty() {
            return Ok(0);
        }
        let brands = brands(&changed);
        let ids = column(&changed, |hold| hold.id.uuid());
        let statuses = column(&changed, |hold| hold.status.as_str());
        let captured = column(&changed, |hold| hold.captured);
        db.execute(&session.statements.update_holds, &[&brands, &ids, &statuses, &captured, &now]).await
    };
    let (inserted, updated) = join!(inserting, updating);
    inserted.and(updated).map(drop)
}

/// `{a,b}`: what PostgreSQL reads as an array of ids or numbers, none of which needs quoting.
fn array_literal(lots: &[Drawn], text: impl Fn(&Drawn) -> String) -> String {
    let mut literal = String::from("{");
    for (at, drawn) in lots.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _written = write!(literal, "{comma}{}", text(drawn));
    }
    literal.push('}');
    literal
}

async fn outbox<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingOutbox);
    let rows: Vec<(&str, &OutboxRow)> = books.rows(|book| &book.tape().outbox);
    if rows.is_empty() {
        return Ok(());
    }
    let brands = brands(&rows);
    let ids = column(&rows, |row| row.id.uuid());
    let kinds = column(&rows, |row| row.kind);
    let subjects = column(&rows, |row| row.subject.map(|id| id.uuid()));
    let payloads = column(&rows, |row| row.payload.as_deref());
    session
        .db()
        .execute(&session.statements.insert_outbox, &[&brands, &ids, &kinds, &subjects, &payloads, &now])
        .await
        .map(drop)
}
