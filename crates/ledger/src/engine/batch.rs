//! One run of a batch: read, decide, write. See the engine's module documentation for the round trips.

use std::{
    collections::{BTreeSet, HashMap, hash_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures_util::join;
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;
use tokio_postgres::{Error, Row, error::SqlState, types::ToSql};
use zerosum_domain::{BrandId, Currency};

use super::{
    Answer, Clock, EngineConfig, Fault, Key, KeyLifetime, Named, Outcome, Pending, ROUND_TRIP_MAX,
    StateMachine, Stats, Wants,
    fault_points::{FaultPoint, reach},
    memory::Memory,
    read,
    session::Session,
    write,
};
use crate::book::{Book, Brand, Context, Ids};

/// Why a run of a batch did not commit. Everything but `Unknown` was certainly rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// A deadlock, a serialization failure, or a race that another process won: the same again may succeed.
    Rerun,
    /// Another process is deciding one of the keys and did not finish within the lock wait.
    KeyHeldElsewhere,
    /// The database refused what was written.
    Failed,
    Unavailable,
    /// It was decided on something that the lane remembered wrong, or must not decide without locks.
    Stale,
    /// The commit was sent and not acknowledged.
    Unknown,
}

/// The ledger's unique constraints that only a race can break: deciding has already looked.
const RACES: &[&str] = &[
    "idempotency_keys_pkey",
    "accounts_code_key",
    "accounts_external_id_key",
    "transactions_external_ref_key",
    "transactions_reverses_key",
];

/// What `ledger.refuse_stale` raises.
const STALE: &str = "ZS001";

/// What the database said about an error that came before the commit was sent.
pub(super) fn classify<M: StateMachine>(error: &Error) -> Attempt {
    let Some(db) = error.as_db_error() else { return Attempt::Unavailable };
    let code = db.code();
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return Attempt::Rerun;
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return Attempt::Rerun;
    }
    // A remembered limit may be older than the operator's; the database knows.
    let limits = ["balances_floor_check", "balances_ceiling_check"];
    if code.code() == STALE || db.constraint().is_some_and(|name| limits.contains(&name)) {
        return Attempt::Stale;
    }
    if *code == SqlState::UNIQUE_VIOLATION
        && db.constraint().is_some_and(|name| RACES.contains(&name) || M::RACES.contains(&name))
    {
        return Attempt::Rerun;
    }
    // Class 57 is the operator's or the statement limit's intervention, 53 a lack of resources, 08 a lost connection.
    if ["57", "53", "08"].iter().any(|class| code.code().starts_with(class)) {
        tracing::warn!(code = code.code(), message = db.message(), "the database cannot take a batch now");
        return Attempt::Unavailable;
    }
    tracing::error!(
        code = code.code(),
        constraint = db.constraint(),
        table = db.table(),
        message = db.message(),
        "the database refused a batch"
    );
    Attempt::Failed
}

/// A stored answer.
struct Stored {
    fingerprint: Vec<u8>,
    refused: bool,
    outcome: String,
}

/// What a batch reads before it decides.
struct Read<R> {
    books: HashMap<BrandId, Book>,
    halted: BTreeSet<BrandId>,
    keys: StoredAnswers,
    rows: R,
    now: Timestamp,
    /// Whether what was read is locked; otherwise it is a guess, to be confirmed by the write.
    locked: bool,
}

/// A new answer, to be stored with its effect.
pub(super) struct NewAnswer<'a> {
    pub brand: &'a BrandId,
    pub key: &'a Key,
    pub refused: bool,
    pub outcome: String,
    pub expires_at: Option<Timestamp>,
}

pub(super) async fn run<M: StateMachine>(
    machine: &M,
    session: &Session<M>,
    config: &EngineConfig,
    ids: &mut Ids,
    memory: &mut Memory,
    stats: &Stats,
    batch: &[Pending<M>],
) -> Result<Vec<Outcome<M>>, Attempt> {
    let named: Vec<Named<'_, M::Command>> = batch
        .iter()
        .map(|pending| Named { brand: &pending.submission.brand, command: &pending.submission.command })
        .collect();
    let trusted = config.remembers && !M::LOTS && memory.is_trusted();
    let reading =
        Reading { machine, session, clock: &config.clock, stats, memory: trusted.then_some(&*memory) };
    let read = match reading.run(batch, &named).await {
        Ok(read) => read,
        Err(failed) => return Err(roll_back(session, stats, failed).await),
    };
    let mut decided = match decide(machine, ids, batch, read) {
        Ok(decided) => decided,
        Err(failed) => return Err(roll_back(session, stats, failed).await),
    };
    if !decided.locked && decided.has_refusals() {
        // The write confirms what changed, not what a refusal was decided on: refusing takes locks.
        memory.distrust();
        return Err(roll_back(session, stats, Attempt::Stale).await);
    }
    if decided.nothing_to_write() {
        // Only replays and faults: the locks are let go, nothing was changed.
        return match roll_back(session, stats, Attempt::Failed).await {
            Attempt::Unavailable => Err(Attempt::Unavailable),
            _ => Ok(std::mem::take(&mut decided.outcomes)),
        };
    }
    reach(FaultPoint::Decided);
    let committed = write::commit(machine, session, stats, &decided).await;
    match committed {
        Ok(()) if config.remembers && !M::LOTS => memory.learn(decided.books.iter()),
        Ok(()) => {}
        Err(Attempt::Stale) => memory.distrust(),
        Err(_) => memory.forget(),
    }
    committed?;
    Ok(std::mem::take(&mut decided.outcomes))
}

/// Ends the transaction of a batch that will not commit, so that the session can be used again.
async fn roll_back<M: StateMachine>(session: &Session<M>, stats: &Stats, failed: Attempt) -> Attempt {
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
    /// What the lane remembers, when this batch goes without locks.
    memory: Option<&'a Memory>,
}

impl<M: StateMachine> Reading<'_, M> {
    async fn run(
        &self,
        batch: &[Pending<M>],
        named: &[Named<'_, M::Command>],
    ) -> Result<Read<M::Rows>, Attempt> {
        let Self { machine, session, clock, stats, memory } = self;
        let db = session.db();
        let mut rows = M::Rows::default();
        if M::RESOLVES {
            Stats::add(&stats.round_trips, 1);
            let resolving = async { join!(session.begin(), machine.resolve(db, named, &mut rows)) };
            let (begun, resolved) =
                timeout(ROUND_TRIP_MAX, resolving).await.map_err(|_| Attempt::Unavailable)?;
            begun.and(resolved).map_err(|error| classify::<M>(&error))?;
        }
        let mut wants = Wants::default();
        for command in named {
            machine.wants(*command, &rows, wants.of(command.brand));
        }
        let brands: BTreeSet<&str> = named.iter().map(|command| command.brand.as_str()).collect();
        let brands: Vec<&str> = brands.into_iter().collect();
        let keys: Vec<(&str, &Key)> = batch
            .iter()
            .filter_map(|pending| Some((pending.submission.brand.as_str(), pending.submission.key.as_ref()?)))
            .collect();

        // What a lane remembers is only good for accounts that are named by id; everything else is locked.
        let memory = memory.filter(|_| wants.ids_only());
        Stats::add(&stats.round_trips, 1);
        let brand_params: [&(dyn ToSql + Sync); 1] = [&brands];
        let reading = async {
            let begin = async {
                let begun = if M::RESOLVES { Ok(()) } else { session.begin().await };
                reach(FaultPoint::Begun);
                begun
            };
            let (begun, loaded, ledger, key_rows, brand_rows) = join!(
                begin,
                machine.load(db, named, &mut rows),
                read::ledger(session, &wants, memory),
                known_keys(session, &keys),
                db.query(&session.statements.read_brands, &brand_params),
            );
            begun.and(loaded)?;
            let read = (ledger?, brand_rows?, key_rows?);
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
            Ok(Read { books, halted, keys: stored(&key_rows)?, rows, now, locked: memory.is_none() })
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
    match (clock, brands.last()) {
        (Clock::Database, Some(row)) => row.try_get(3),
        (Clock::Database, None) => Ok(Timestamp::UNIX_EPOCH),
        // A poisoned lock still holds a moment.
        (Clock::Set(moment), _) => Ok(*moment.lock().unwrap_or_else(std::sync::PoisonError::into_inner)),
    }
}

async fn known_keys<M: StateMachine>(session: &Session<M>, keys: &[(&str, &Key)]) -> Result<Vec<Row>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let brands: Vec<&str> = keys.iter().map(|(brand, _)| *brand).collect();
    let scopes: Vec<&str> = keys.iter().map(|(_, key)| &*key.scope).collect();
    let names: Vec<&str> = keys.iter().map(|(_, key)| &*key.key).collect();
    let known = session.db().query(&session.statements.read_keys, &[&brands, &scopes, &names]).await;
    reach(FaultPoint::KeysRead);
    known
}

type OpenBooks = (HashMap<BrandId, Book>, BTreeSet<BrandId>);

fn open_books(rows: &[Row]) -> Result<OpenBooks, Error> {
    let mut books = HashMap::new();
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

/// By brand, scope and key.
type StoredAnswers = HashMap<(BrandId, Arc<str>, Arc<str>), Stored>;

fn stored(rows: &[Row]) -> Result<StoredAnswers, Error> {
    let mut keys = HashMap::with_capacity(rows.len());
    for row in rows {
        let Ok(brand) = BrandId::parse(row.try_get(0)?) else { continue };
        let (scope, key): (&str, &str) = (row.try_get(1)?, row.try_get(2)?);
        let stored =
            Stored { fingerprint: row.try_get(3)?, refused: row.try_get(4)?, outcome: row.try_get(5)? };
        keys.insert((brand, scope.into(), key.into()), stored);
    }
    Ok(keys)
}

/// What a batch has decided: what to write, and what to answer once it is committed.
pub(super) struct Decided<'a, M: StateMachine> {
    pub books: HashMap<BrandId, Book>,
    pub rows: M::Rows,
    pub answers: Vec<NewAnswer<'a>>,
    pub now: Timestamp,
    /// Whether the balances that change are locked; otherwise the write confirms what they were.
    pub locked: bool,
    outcomes: Vec<Outcome<M>>,
    done: usize,
}

impl<M: StateMachine> Decided<'_, M> {
    /// Whether anything was refused, as an outcome or inside one.
    fn has_refusals(&self) -> bool {
        let refused = |outcome: &Outcome<M>| {
            outcome.as_ref().is_ok_and(|answer| !answer.replayed && answer.outcome.is_err())
        };
        self.outcomes.iter().any(refused) || self.books.values().any(Book::has_refused)
    }

    fn nothing_to_write(&self) -> bool {
        self.done == 0 && self.answers.is_empty()
    }
}

/// Step 2. Pure but for the lane's ids.
fn decide<'a, M: StateMachine>(
    machine: &M,
    ids: &mut Ids,
    batch: &'a [Pending<M>],
    mut read: Read<M::Rows>,
) -> Result<Decided<'a, M>, Attempt> {
    let mut answers: Vec<NewAnswer<'a>> = Vec::with_capacity(batch.len());
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut done = 0;
    for pending in batch {
        let submission = &pending.submission;
        let Some(book) = read.books.get_mut(&submission.brand) else {
            outcomes.push(Err(Fault::UnknownBrand));
            continue;
        };
        let name = submission
            .key
            .as_ref()
            .map(|key| (key, (submission.brand.clone(), key.scope.clone(), key.key.clone())));
        if let Some((key, name)) = &name
            && let Some(stored) = read.keys.get(name)
        {
            outcomes.push(replay(stored, key));
            continue;
        }
        if read.halted.contains(&submission.brand) {
            outcomes.push(Err(Fault::Halted));
            continue;
        }
        let mark = book.mark();
        let mut context = Context::new(read.now, ids);
        let rows = &mut read.rows;
        // A panic in a rule must not take the lane with it, nor the other commands: they run again, each alone.
        let deciding = || machine.decide(&mut context, book, rows, &submission.command);
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(deciding)) else {
            if batch.len() > 1 {
                return Err(Attempt::Failed);
            }
            book.undo_to(mark);
            outcomes.push(Err(Fault::Broken));
            continue;
        };
        if outcome.is_err() {
            book.undo_to(mark);
        }
        if let Some((key, name)) = name
            && outcome.as_ref().err().is_none_or(|refused| key.remembers_refusals && M::remembers(refused))
        {
            let Some(text) = outcome_text::<M>(&outcome) else { return Err(Attempt::Failed) };
            let expires_at = match key.lifetime {
                KeyLifetime::Forever => None,
                KeyLifetime::Days(days) => {
                    read.now.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()
                }
            };
            if let Entry::Vacant(slot) = read.keys.entry(name) {
                slot.insert(Stored {
                    fingerprint: key.fingerprint.to_vec(),
                    refused: outcome.is_err(),
                    outcome: text.clone(),
                });
            }
            answers.push(NewAnswer {
                brand: &submission.brand,
                key,
                refused: outcome.is_err(),
                outcome: text,
                expires_at,
            });
        }
        if outcome.is_ok() {
            book.accept();
            done += 1;
        }
        outcomes.push(Ok(Answer { outcome, replayed: false }));
    }
    Ok(Decided {
        books: read.books,
        rows: read.rows,
        answers,
        now: read.now,
        locked: read.locked,
        outcomes,
        done,
    })
}

fn outcome_text<M: StateMachine>(outcome: &Result<M::Done, M::Refused>) -> Option<String> {
    let text = match outcome {
        Ok(done) => serde_json::to_string(done),
        Err(refused) => serde_json::to_string(refused),
    };
    text.inspect_err(|error| {
        tracing::error!(error = error as &dyn std::error::Error, "cannot store an answer")
    })
    .ok()
}

/// The answer that a key already has.
fn replay<M: StateMachine>(stored: &Stored, key: &Key) -> Outcome<M> {
    if stored.fingerprint != key.fingerprint {
        return Err(Fault::KeyReused);
    }
    let outcome = if stored.refused {
        serde_json::from_str(&stored.outcome).map(Err)
    } else {
        serde_json::from_str(&stored.outcome).map(Ok)
    };
    outcome.map(|outcome| Answer { outcome, replayed: true }).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a stored answer cannot be read");
        Fault::Broken
    })
}
