//! One run of a batch: read, decide, write. See the engine's module documentation for the round trips.

mod answers;
mod attempt;
mod decide;
mod plan;
mod scout;

use std::collections::BTreeSet;

use ahash::HashMap;
use answers::{known_keys, stored};
use futures_util::join;
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::{Error, Row, types::ToSql};
use zerosum_domain::{BrandId, BrandKey, Currency};

pub(super) use self::{
    answers::{NewAnswer, SharedOutcomes, StoredAnswers, replay},
    attempt::{Attempt, classify},
    decide::{Confirms, Decided},
    plan::{Landed, Sorted, fly, plan, sort},
    scout::{Seen, scout},
};
use super::{
    Clock, EngineConfig, Key, Named, Outcome, Pending, ROUND_TRIP_MAX, Rights, StateMachine, Stats, Wants,
    fault_points::{FaultPoint, reach},
    lane::Place,
    memory::Memory,
    read,
    session::Session,
    write::{self, Begun},
};
use crate::book::{Book, Brand, Ids};

/// What a batch reads before it decides.
struct Read<R> {
    books: HashMap<BrandId, Book>,
    halted: BTreeSet<BrandId>,
    keys: StoredAnswers,
    rows: R,
    now: Timestamp,
    /// Whether what was read is locked, and the keys were looked up. Otherwise the balances are a guess and the keys
    /// are taken to be new, both to be confirmed by the write.
    locked: bool,
}

pub(super) async fn run<M: StateMachine>(
    machine: &M,
    session: &Session<M>,
    config: &EngineConfig,
    ids: &mut Ids,
    memory: &mut Memory<M::Memory>,
    stats: &Stats,
    batch: &[Pending<M>],
) -> Result<Vec<Outcome<M>>, Attempt> {
    let named: Vec<Named<'_, M::Command>> = batch.iter().map(named).collect();
    memory.locked();
    let reading = Reading { machine, session, clock: &config.clock, stats };
    let read = match reading.run(batch, &named).await {
        Ok(read) => read,
        Err(failed) => return Err(roll_back(session, stats, failed).await),
    };
    let mut decided = match decide::decide(machine, ids, batch, read) {
        Ok(decided) => decided,
        Err(failed) => return Err(roll_back(session, stats, failed).await),
    };
    if decided.nothing_to_write() {
        // Only replays and faults: the locks are let go, nothing was changed.
        return match roll_back(session, stats, Attempt::Failed).await {
            Attempt::Unavailable => Err(Attempt::Unavailable),
            _ => Ok(std::mem::take(&mut decided.outcomes)),
        };
    }
    reach(FaultPoint::Decided);
    let committed = write::commit(machine, session, stats, &decided, Begun::Already, Place::default()).await;
    match committed {
        Ok(_) if decided.halted => memory.forget(),
        Ok(_) if remembers::<M>(config) => {
            memory.keys.add(decided.names());
            memory.learn(decided.books.iter());
            machine.learn(&mut memory.own, &decided.rows, &decided.books);
            memory.heard(decided.now);
        }
        Ok(_) => {}
        Err(_) => memory.forget(),
    }
    committed?;
    Ok(std::mem::take(&mut decided.outcomes))
}

fn named<M: StateMachine>(pending: &Pending<M>) -> Named<'_, M::Command> {
    Named { brand: &pending.submission.brand, command: &pending.submission.command }
}

/// Accounts with lots are remembered only where their version tells that the lots are as they were.
fn remembers<M: StateMachine>(config: &EngineConfig) -> bool {
    config.remembers && (!M::LOTS || M::LOTS_FOLLOW_ENTRIES)
}

/// Ends the transaction of a batch that will not commit, so that the session can be used again.
pub(super) async fn roll_back<M: StateMachine>(
    session: &Session<M>,
    stats: &Stats,
    failed: Attempt,
) -> Attempt {
    Stats::add(&stats.round_trips, 1);
    match timeout(ROUND_TRIP_MAX, session.db().command("rollback")).await {
        Ok(Ok(())) => failed,
        Ok(Err(_)) | Err(_) => Attempt::Unavailable,
    }
}

/// Steps 0 and 1: names, locks, rows, keys and the moment.
struct Reading<'a, M: StateMachine> {
    machine: &'a M,
    session: &'a Session<M>,
    clock: &'a Clock,
    stats: &'a Stats,
}

impl<M: StateMachine> Reading<'_, M> {
    async fn run(
        &self,
        batch: &[Pending<M>],
        named: &[Named<'_, M::Command>],
    ) -> Result<Read<M::Rows>, Attempt> {
        let Self { machine, session, clock, stats } = self;
        let db = session.db();
        let mut rows = M::Rows::default();
        if M::RESOLVES {
            Stats::add(&stats.round_trips, 1);
            let resolving =
                async { join!(session.begin(), machine.resolve(db, named, &mut rows, Rights::Locked)) };
            let (begun, resolved) =
                timeout(ROUND_TRIP_MAX, resolving).await.map_err(|_| Attempt::Unavailable)?;
            begun.and(resolved).map_err(|error| classify::<M>(&error))?;
        }
        let mut wants = Wants::default();
        for command in named {
            machine.wants(*command, &rows, wants.of(command.brand));
        }
        let brands: BTreeSet<i64> = named.iter().map(|command| command.brand.key().get()).collect();
        let brands: Vec<i64> = brands.into_iter().collect();
        let keys: Vec<(BrandKey, &Key)> = batch.iter().filter_map(Pending::key).collect();

        Stats::add(&stats.round_trips, 1);
        let brand_params: [&(dyn ToSql + Sync); 1] = [&brands];
        let reading = async {
            let begin = async {
                let begun = if M::RESOLVES { Ok(()) } else { session.begin().await };
                reach(FaultPoint::Begun);
                begun
            };
            let (begun, loaded, key_rows, brand_rows) = join!(
                begin,
                machine.load(db, named, &mut rows, Rights::Locked, read::ledger(session, &wants)),
                known_keys(session, &keys),
                db.query(&session.statements.read_brands, &brand_params),
            );
            // In the order in which they ran: after the first error the server only says that there was one.
            begun.and(loaded.locked)?;
            let ledger = loaded.ledger?;
            loaded.read?;
            let (key_rows, brand_rows) = (key_rows?, brand_rows?);
            let read = (ledger, brand_rows, key_rows);
            reach(FaultPoint::Locked);
            Ok(read)
        };
        let (ledger, brand_rows, key_rows) = timeout(ROUND_TRIP_MAX, reading)
            .await
            .map_err(|_| Attempt::Unavailable)?
            .map_err(|error: Error| classify::<M>(&error))?;

        let into_memory = || -> Result<Read<M::Rows>, Error> {
            let now = moment(clock, &brand_rows)?;
            let (mut books, halted) = open_books(&brand_rows)?;
            ledger.into_books(&mut books)?;
            Ok(Read { books, halted, keys: stored(&key_rows)?, rows, now, locked: true })
        };
        into_memory().map_err(|error| {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a row is not of the shape that was asked for"
            );
            Attempt::Failed
        })
    }
}

/// The moment that the last statement of the reads has told. Without a known brand nothing is decided at any moment.
fn moment(clock: &Clock, brands: &[Row]) -> Result<Timestamp, Error> {
    match (set_moment(clock), brands.last()) {
        (Some(moment), _) => Ok(moment),
        (None, Some(row)) => row.try_get(3),
        (None, None) => Ok(Timestamp::UNIX_EPOCH),
    }
}

fn set_moment(clock: &Clock) -> Option<Timestamp> {
    match clock {
        Clock::Database => None,
        // A poisoned lock still holds a moment.
        Clock::Set(moment) => Some(*moment.lock().unwrap_or_else(std::sync::PoisonError::into_inner)),
    }
}

type OpenBooks = (HashMap<BrandId, Book>, BTreeSet<BrandId>);

fn open_books(rows: &[Row]) -> Result<OpenBooks, Error> {
    let mut books = HashMap::default();
    let mut halted = BTreeSet::new();
    for row in rows {
        let (Ok(id), Ok(currency)) = (BrandId::parse(row.try_get(0)?), Currency::parse(row.try_get(1)?))
        else {
            continue;
        };
        if row.try_get(2)? {
            halted.insert(id.clone());
        }
        books.insert(id.clone(), Book::new(Brand { id, currency }));
    }
    Ok((books, halted))
}
