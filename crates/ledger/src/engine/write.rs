//! Step 3: what a batch decided, written with one statement per table, and committed in the same round trip.

mod accounts;
mod answers;
mod lots_and_holds;
mod postings;

use std::{
    fmt::{Display, Write as _},
    pin::pin,
};

use futures_util::{
    future::{Either, maybe_done, select},
    join,
};
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::{Error, error::SqlState, types::ToSql};
use zerosum_domain::{BrandId, BrandKey};

use super::{
    ROUND_TRIP_MAX, StateMachine, Stats,
    batch::{Attempt, Decided, classify, roll_back},
    fault_points::{FaultPoint, reach},
    lane::Gate,
    session::Session,
};
use crate::book::Book;

/// Whether the batch's transaction was begun by its reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begun {
    Already,
    /// It has read nothing: the write begins it and confirms its brands.
    ByTheWrite,
}

/// Writes and commits, in one pipeline. An error that the database itself gave to a write means that nothing was
/// committed; everything else after the first byte of the commit was sent is unknown.
///
/// If the gate is closed, only new rows are written at once. When it opens, balances are moved and the rest follows, in
/// a second round trip; if it does not, all is taken back.
///
/// Answers with the database's moment, if the write began the transaction.
pub(super) async fn commit<M: StateMachine>(
    machine: &M,
    session: &Session<M>,
    stats: &Stats,
    decided: &Decided<M>,
    begun: Begun,
    gate: Gate,
) -> Result<Option<Timestamp>, Attempt> {
    Stats::add(&stats.round_trips, 1);
    let books = &Books(decided.books.iter().collect());
    let now = decided.now;
    let waits = !gate.is_open();
    let balances = async || accounts::balances(session, books, decided.confirms()).await;
    let inserting = async {
        // Polled in this order. Keys first, balances next: a race with another process is then found before anything
        // else is done, and no entry takes a version that is not its own.
        let (moment, keys, accounts, balances, transactions, entries, lots, holds, outbox) = join!(
            begin(session, books, begun),
            answers::keys(session, &decided.answers, now),
            accounts::accounts(session, books, now),
            async { if waits { Ok(()) } else { balances().await } },
            postings::transactions(session, books, now),
            postings::entries(session, books, now),
            lots_and_holds::new_lots(session, books, now),
            lots_and_holds::new_holds(session, books, now),
            answers::outbox(session, books, now),
        );
        let moment = moment.map_err(Failure::of_write)?;
        keys.map_err(Failure::of_keys)?;
        accounts.map_err(Failure::of_write)?;
        balances?;
        transactions.and(entries).and(lots).and(holds).and(outbox).map_err(Failure::of_write)?;
        Ok(moment)
    };
    let moving = async {
        let (balances, lots, holds, own, committed) = join!(
            async { if waits { balances().await } else { Ok(()) } },
            lots_and_holds::changed_lots(session, books),
            lots_and_holds::changed_holds(session, books, now),
            machine.write(session.db(), &decided.rows),
            async {
                reach(FaultPoint::BeforeCommit);
                session.db().command("commit").await
            },
        );
        balances?;
        lots.and(holds).and(own).map_err(Failure::of_write)?;
        Ok(committed)
    };
    let mut inserting = pin!(maybe_done(inserting));
    if waits {
        // Sends it. Its answer can wait; the gate's cannot.
        let opened = match select(inserting.as_mut(), pin!(gate.opens())).await {
            Either::Left(((), opens)) => opens.await,
            Either::Right((opened, _)) => opened,
        };
        if !opened {
            return Err(roll_back(session, stats, Attempt::Stale).await);
        }
        Stats::add(&stats.round_trips, 1);
    }
    let writing = async { join!(inserting.as_mut(), moving) };
    let Ok(((), moved)) = timeout(ROUND_TRIP_MAX, writing).await else {
        return Err(Attempt::Unknown);
    };
    let Some(inserted) = inserting.take_output() else { return Err(Attempt::Unknown) };
    let written = inserted.and_then(|moment| moved?.map(|()| moment).map_err(Failure::Commit));
    let moment = written.map_err(|failure| failure.classify::<M>(decided.locked))?;
    reach(FaultPoint::Committed);
    Ok(moment)
}

async fn begin<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    begun: Begun,
) -> Result<Option<Timestamp>, Error> {
    if begun == Begun::Already {
        return Ok(None);
    }
    let begin = async {
        let begun = session.begin_guess().await;
        reach(FaultPoint::Begun);
        begun
    };
    let brands: Vec<i64> = books.0.iter().map(|(brand, _)| brand.key().get()).collect();
    let params: [&(dyn ToSql + Sync); 1] = [&brands];
    let db = session.db();
    let (begun, confirmed) = join!(begin, db.query(&session.statements.confirm_brands, &params));
    begun?;
    confirmed?.first().map(|row| row.try_get(0)).transpose()
}

/// Why a write failed.
enum Failure {
    Keys(Error),
    Write(Error),
    /// A locked row was not there to be updated: the books in memory are not those of the database.
    Missing,
    /// In answer to the commit itself.
    Commit(Error),
}

impl Failure {
    fn of_keys(error: Error) -> Self {
        Self::Keys(error)
    }

    fn of_write(error: Error) -> Self {
        Self::Write(error)
    }

    fn classify<M: StateMachine>(self, looked_up: bool) -> Attempt {
        let attempt = match &self {
            Self::Missing => Attempt::Unknown,
            // Only what the database says to have rolled back was.
            Self::Commit(error) => match error.as_db_error().map(|db| db.code().code()) {
                Some(code) if code.starts_with("40") || code.starts_with("23") => classify::<M>(error),
                _ => Attempt::Unknown,
            },
            Self::Keys(error) | Self::Write(error) if error.as_db_error().is_none() => Attempt::Unknown,
            Self::Keys(error) | Self::Write(error) => Attempt::of_write::<M>(error, looked_up),
        };
        match (&self, attempt) {
            // Another process is deciding one of the keys.
            (Self::Keys(error), _)
                if error.as_db_error().is_some_and(|db| *db.code() == SqlState::LOCK_NOT_AVAILABLE) =>
            {
                Attempt::KeyHeldElsewhere
            }
            // The server is going down: it may have got as far as the commit.
            (_, Attempt::Unavailable) => Attempt::Unknown,
            (_, attempt) => attempt,
        }
    }
}

/// The batch's books with their brands; every array below is filled in this order.
struct Books<'a>(Vec<(&'a BrandId, &'a Book)>);

impl<'a> Books<'a> {
    fn rows<T, I: IntoIterator<Item = T>>(&self, of: impl Fn(&'a Book) -> I) -> Vec<(BrandKey, T)> {
        self.0
            .iter()
            .flat_map(|(brand, book)| of(book).into_iter().map(|row| (brand.key(), row)).collect::<Vec<_>>())
            .collect()
    }
}

/// One column of rows, as an array parameter.
fn column<'a, T, U>(rows: &'a [(BrandKey, T)], of: impl Fn(&'a T) -> U) -> Vec<U> {
    rows.iter().map(|(_, row)| of(row)).collect()
}

fn brands<T>(rows: &[(BrandKey, T)]) -> Vec<i64> {
    rows.iter().map(|(brand, _)| brand.get()).collect()
}

/// `{a,b}`: what PostgreSQL reads as an array of ids or numbers, none of which needs quoting.
/// Arrays of arrays cannot be ragged, so a list for each row is sent as text.
fn array_literal(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut literal = String::from("{");
    for (at, item) in items.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _written = write!(literal, "{comma}{item}");
    }
    literal.push('}');
    literal
}
