//! Reads what a lane does not remember, ahead of the batch that needs it and without locks: what is decided on it is
//! confirmed when it is written. So are the answers of keys that were said before; those stay as they are.

use std::{collections::BTreeSet, sync::Arc};

use ahash::HashMap;
use futures_util::join;
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::{Error, types::ToSql};
use zerosum_domain::{BrandId, BrandKey};

use super::{
    Attempt,
    answers::{StoredAnswers, known_keys, stored},
    classify, moment, named, open_books,
};
use crate::{
    book::Book,
    engine::{
        Clock, Key, Named, Pending, ROUND_TRIP_MAX, Rights, StateMachine, Stats, Wants, read,
        session::Session,
    },
};

/// What was seen: brands that take writes, with those of the accounts that there are, and the machine's own rows.
pub(in crate::engine) struct Seen<M: StateMachine> {
    pub books: HashMap<BrandId, Book>,
    pub rows: M::Rows,
    pub keys: StoredAnswers,
    pub now: Option<Timestamp>,
}

/// Its first poll sends all of it, or what resolves names.
pub(in crate::engine) async fn scout<M: StateMachine>(
    machine: Arc<M>,
    session: Arc<Session<M>>,
    stats: Arc<Stats>,
    clock: Clock,
    batch: Vec<Pending<M>>,
) -> (Vec<Pending<M>>, Result<Seen<M>, Attempt>) {
    let commands: Vec<Named<'_, M::Command>> = batch.iter().map(named).collect();
    let said_before = batch.iter().filter(|pending| pending.said_before);
    let keys: Vec<(BrandKey, &Key)> = said_before.filter_map(Pending::key).collect();
    let looking = look(&*machine, &session, &stats, &clock, &commands, &keys);
    let seen = match timeout(ROUND_TRIP_MAX, looking).await {
        Ok(seen) => seen.map_err(|error| classify::<M>(&error)),
        Err(_silent) => Err(Attempt::Unavailable),
    };
    drop((commands, keys));
    (batch, seen)
}

async fn look<M: StateMachine>(
    machine: &M,
    session: &Session<M>,
    stats: &Stats,
    clock: &Clock,
    commands: &[Named<'_, M::Command>],
    keys: &[(BrandKey, &Key)],
) -> Result<Seen<M>, Error> {
    let db = session.db();
    let mut rows = M::Rows::default();
    Stats::add(&stats.round_trips, 1);
    if M::RESOLVES {
        let resolving = machine.resolve(db, commands, &mut rows, Rights::Looked);
        let (renewed, resolved) = join!(session.renew_plans(), resolving);
        renewed.and(resolved)?;
        Stats::add(&stats.round_trips, 1);
    }
    let mut wants = Wants::default();
    for command in commands {
        machine.wants(*command, &rows, wants.of(command.brand));
    }
    let brands: BTreeSet<i64> = commands.iter().map(|command| command.brand.key().get()).collect();
    let brands: Vec<i64> = brands.into_iter().collect();
    let params: [&(dyn ToSql + Sync); 1] = [&brands];
    let (renewed, loaded, key_rows, brand_rows) = join!(
        session.renew_plans(),
        machine.load(db, commands, &mut rows, Rights::Looked, read::unlocked(session, &wants)),
        known_keys(session, keys),
        db.query(&session.statements.read_brands, &params),
    );
    renewed.and(loaded.locked)?;
    let ledger = loaded.ledger?;
    loaded.read?;
    let (keys, brand_rows) = (stored(&key_rows?)?, brand_rows?);
    let now = if brand_rows.is_empty() { None } else { Some(moment(clock, &brand_rows)?) };
    let (mut books, halted) = open_books(&brand_rows)?;
    books.retain(|brand, _| !halted.contains(brand));
    ledger.into_books(&mut books)?;
    // What is not of one moment is not remembered either.
    if !machine.join(&mut rows, &books) {
        rows = M::Rows::default();
    }
    Ok(Seen { books, rows, keys, now })
}
