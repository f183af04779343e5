//! Step 3: what a batch decided, written with one statement per table, and committed in the same round trip.

mod accounts;
mod answers;
mod lots_and_holds;
mod postings;

use std::fmt::{Display, Write as _};

use futures_util::join;
use tokio::time::timeout;
use tokio_postgres::Error;
use zerosum_domain::BrandId;

use super::{
    ROUND_TRIP_MAX, StateMachine, Stats,
    batch::{Attempt, Decided, classify},
    fault_points::{FaultPoint, reach},
    session::Session,
};
use crate::book::Book;

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
            answers::keys(session, &decided.answers, now),
            accounts::accounts(session, &books, now),
            accounts::balances(session, &books, decided.confirms()),
            postings::transactions(session, &books, now),
            postings::entries(session, &books, now),
            lots_and_holds::lots(session, &books, now),
            lots_and_holds::holds(session, &books, now),
            answers::outbox(session, &books, now),
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
        (Err(failure), _) => Err(failure.classify::<M>(decided.locked)),
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

    fn classify<M: StateMachine>(self, looked_up: bool) -> Attempt {
        let attempt = match &self {
            Self::Missing => return Attempt::Unknown,
            Self::Keys(error) | Self::Write(error) if error.as_db_error().is_none() => {
                return Attempt::Unknown;
            }
            Self::Keys(error) => Attempt::of_keys::<M>(error, looked_up),
            Self::Write(error) => classify::<M>(error),
        };
        match attempt {
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
