//! Step 3: what a batch decided, written by statements of arrays and committed in the same round trip.
//!
//! Answers, balances, transactions, entries and events are one statement. A batch that was decided on what its lane
//! remembers and writes nothing else is that statement, which then is a transaction of its own. Outcomes that answers
//! share are another.

mod accounts;
mod answers;
mod failure;
mod lots_and_holds;
mod postings;
mod rows;

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
use tokio_postgres::{Error, types::ToSql};
use uuid::Uuid;
use zerosum_domain::{BrandId, BrandKey, EntryId};

use self::{answers::Keys, failure::Failure, rows::Rows};
use super::{
    Part, ROUND_TRIP_MAX, StateMachine, Stats,
    batch::{Attempt, Confirms, Decided, roll_back},
    fault_points::{FaultPoint, reach},
    lane::{Gate, Place},
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
/// Answers with the database's moment, if the write began the transaction.
pub(super) async fn commit<M: StateMachine>(
    machine: &M,
    session: &Session<M>,
    stats: &Stats,
    decided: &Decided<M>,
    begun: Begun,
    Place { gate, number, behind }: Place,
) -> Result<Option<Timestamp>, Attempt> {
    Stats::add(&stats.round_trips, 1);
    let books = Books(decided.books.iter().collect());
    let rows = Rows::of(&books, decided, begun, [behind, number]);
    let has_rows_only = size_of::<M::Rows>() == 0
        && decided.confirms() != Confirms::Everything
        && decided.shared.is_empty()
        && books.0.iter().all(|(_, book)| book.is_postings_only());
    let writing = Writing { machine, session, decided, begun, books, rows };
    let written = if has_rows_only && begun == Begun::ByTheWrite && gate.is_open() {
        reach(FaultPoint::WritingRows);
        reach(FaultPoint::BeforeCommit);
        let committing = async { Ok(writing.rows.commit(session).await?) };
        timeout(ROUND_TRIP_MAX, committing).await.map_err(|_| Attempt::Unknown)?
    } else {
        writing.commit(stats, gate).await?
    };
    let moment = written.map_err(|failure: Failure| failure.classify::<M>(decided.locked))?;
    reach(FaultPoint::Committed);
    Ok(moment)
}

/// A transaction of several statements.
struct Writing<'a, M: StateMachine> {
    machine: &'a M,
    session: &'a Session<M>,
    decided: &'a Decided<M>,
    begun: Begun,
    books: Books<'a>,
    rows: Rows<'a>,
}

impl<M: StateMachine> Writing<'_, M> {
    /// If the gate is closed, only new rows are written at once. When it opens, balances are moved and the rest
    /// follows, in a second round trip; if it does not, all is taken back.
    async fn commit(&self, stats: &Stats, gate: Gate) -> Result<Result<Option<Timestamp>, Failure>, Attempt> {
        let waits = !gate.is_open();
        let mut inserting = pin!(maybe_done(self.insert(waits)));
        if waits {
            // Sends it. Its answer can wait; the gate's cannot.
            let opened = match select(inserting.as_mut(), pin!(gate.opens())).await {
                Either::Left(((), opens)) => opens.await,
                Either::Right((opened, _)) => opened,
            };
            if !opened {
                return Err(roll_back(self.session, stats, Attempt::Stale).await);
            }
            Stats::add(&stats.round_trips, 1);
        }
        let writing = async { join!(inserting.as_mut(), self.change(waits)) };
        let Ok(((), changed)) = timeout(ROUND_TRIP_MAX, writing).await else {
            return Err(Attempt::Unknown);
        };
        let Some(inserted) = inserting.take_output() else { return Err(Attempt::Unknown) };
        Ok(inserted.and_then(|moment| changed?.map(|()| moment).map_err(Failure::Commit)))
    }

    /// What nobody else has, and balances unless they wait. Polled in this order.
    async fn insert(&self, waits: bool) -> Result<Option<Timestamp>, Failure> {
        let Self { machine, session, decided, books, rows, .. } = self;
        let now = decided.now;
        let confirmed = async { if waits { Ok(()) } else { self.confirm().await } };
        let keys = async {
            if self.begun == Begun::ByTheWrite {
                // They are among the rows.
                return Ok(());
            }
            reach(FaultPoint::WritingKeys);
            // First: a race with another process is then found before anything else is done.
            Keys::of(&decided.answers).insert(session).await
        };
        let new_rows = async {
            reach(FaultPoint::WritingRows);
            if waits { rows.write_new(session).await } else { rows.write(session).await }
        };
        let own = async {
            // Under locks what is new may take the place of what changes.
            if self.begun == Begun::Already {
                return Ok(());
            }
            machine.write(session.db(), &decided.rows, Part::New).await
        };
        let (begun, confirmed, keys, moment, shared, accounts, lots, holds, own) = join!(
            self.begin(),
            confirmed,
            keys,
            new_rows,
            answers::shared(session, &decided.shared),
            accounts::accounts(session, books, now),
            lots_and_holds::new_lots(session, books, now),
            lots_and_holds::new_holds(session, books, now),
            own,
        );
        begun.and(confirmed).map_err(Failure::Write)?;
        keys.map_err(Failure::Keys)?;
        let moment = moment.map_err(Failure::Write)?;
        shared.and(accounts).and(lots).and(holds).and(own).map_err(Failure::Write)?;
        Ok(if self.begun == Begun::ByTheWrite { moment } else { None })
    }

    /// Before the balances, as under locks: whoever has the machine's row then waits for nobody who waits for it.
    async fn confirm(&self) -> Result<(), Error> {
        self.machine.confirm(self.session.db(), &self.decided.rows).await
    }

    async fn begin(&self) -> Result<(), Error> {
        if self.begun == Begun::Already {
            return Ok(());
        }
        let begun = self.session.begin_guess().await;
        reach(FaultPoint::Begun);
        begun
    }

    /// What others may have changed meanwhile, and the commit.
    async fn change(&self, waits: bool) -> Result<Result<(), Error>, Failure> {
        let Self { machine, session, decided, books, rows, .. } = self;
        let db = session.db();
        let (confirmed, balances, states, lots, holds, own, new, committed) = join!(
            async { if waits { self.confirm().await } else { Ok(()) } },
            async { if waits { rows.move_balances(session).await } else { Ok(()) } },
            accounts::states(session, books, decided.confirms()),
            lots_and_holds::changed_lots(session, books),
            lots_and_holds::changed_holds(session, books, decided.now),
            machine.write(db, &decided.rows, Part::Changed),
            async {
                if self.begun == Begun::ByTheWrite {
                    return Ok(());
                }
                machine.write(db, &decided.rows, Part::New).await
            },
            async {
                reach(FaultPoint::BeforeCommit);
                db.command("commit").await
            },
        );
        confirmed.and(balances).and(states).map_err(Failure::Write)?;
        lots.and(holds).and(own).and(new).map_err(Failure::Write)?;
        Ok(committed)
    }
}

/// The parameters of a statement.
type Params<'a, const N: usize> = [&'a (dyn ToSql + Sync); N];

/// The batch's books with their brands; every array below is filled in this order.
struct Books<'a>(Vec<(&'a BrandId, &'a Book)>);

impl<'a> Books<'a> {
    fn brands(&self) -> Vec<i64> {
        self.0.iter().map(|(brand, _)| brand.key().get()).collect()
    }

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

/// Names of entries, as two columns.
#[derive(Default)]
struct EntryIds {
    transactions: Vec<Option<Uuid>>,
    lines: Vec<Option<i16>>,
}

impl EntryIds {
    fn of<T>(rows: &[(BrandKey, T)], of: impl Fn(&T) -> Option<EntryId>) -> Self {
        let ids = rows.iter().map(|(_, row)| of(row));
        let (transactions, lines) = ids
            .map(|id| {
                let line = id.map(|id| i16::try_from(id.line).unwrap_or(i16::MAX));
                (id.map(|id| id.transaction.uuid()), line)
            })
            .unzip();
        Self { transactions, lines }
    }
}

fn brands<T>(rows: &[(BrandKey, T)]) -> Vec<i64> {
    rows.iter().map(|(brand, _)| brand.get()).collect()
}

/// A place in an array, counted from 1, as the server takes it. Arrays of arrays cannot be ragged, so a list for each row
/// may be sent as parts of one array. A batch has far fewer than 2^31 of anything.
pub fn place(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
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
