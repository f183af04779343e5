//! Batches that are decided on what the lane remembers, and nothing else: they have nothing to read, and can be sent
//! before others have landed.

use std::{collections::BTreeSet, sync::Arc};

use ahash::HashMap;
use jiff::Timestamp;
use zerosum_domain::{AccountId, HoldId};

use super::{Decided, Read, StoredAnswers, decide::decide, named, remembers, set_moment};
use crate::{
    book::{Book, Ids},
    engine::{
        Clock, EngineConfig, Named, Outcome, Pending, Recalled, StateMachine, Stats, Wants,
        batch::Attempt,
        fault_points::{FaultPoint, reach},
        lane::Place,
        memory::Memory,
        session::Session,
        write::{self, Begun},
    },
};

/// The outcomes of a batch that was sent early, and the database's moment.
pub(in crate::engine) type Landed<M> = Result<(Vec<Outcome<M>>, Option<Timestamp>), Attempt>;

/// Commands by what the lane remembers of what they name.
pub(in crate::engine) struct Sorted<M: StateMachine> {
    /// All of it, which is in the rows and among the wants.
    pub known: Vec<Pending<M>>,
    pub wants: Wants,
    pub rows: M::Rows,
    /// Not all: it has to be read first.
    pub unknown: Vec<Pending<M>>,
    /// These have to run under locks.
    pub locked: Vec<Pending<M>>,
}

/// Sorts commands into those that can be planned, those of which something has to be read first, and those that have to
/// run under locks.
pub(in crate::engine) fn sort<M: StateMachine>(
    machine: &M,
    config: &EngineConfig,
    memory: &mut Memory<M::Memory>,
    batch: Vec<Pending<M>>,
) -> Sorted<M> {
    let (known, unknown, locked) = (Vec::with_capacity(batch.len()), Vec::new(), Vec::new());
    let (wants, rows) = (Wants::default(), M::Rows::default());
    let mut sorted = Sorted { known, wants, rows, unknown, locked };
    if !remembers::<M>(config) || !memory.is_trusted() {
        sorted.locked = batch;
        return sorted;
    }
    let told_time = moment(config, memory).is_some();
    for mut pending in batch {
        pending.said_before = pending.key().is_some_and(|(brand, key)| memory.keys.has(&(brand, key.name())));
        if pending.said_before {
            // Read ahead and not found, it is being decided on: under locks that is waited for.
            let left = if pending.scouted { &mut sorted.locked } else { &mut sorted.unknown };
            left.push(pending);
            continue;
        }
        let (of_this, recalled) = recall(machine, memory, &pending, &mut sorted.rows);
        match recalled {
            Recalled::All if told_time => {
                sorted.wants.add(of_this);
                sorted.known.push(pending);
            }
            Recalled::All | Recalled::Unknown if !pending.scouted => sorted.unknown.push(pending),
            Recalled::All | Recalled::Unknown | Recalled::Never => sorted.locked.push(pending),
        }
    }
    sorted
}

/// What a command names of the ledger, and whether that and its own rows are remembered.
fn recall<M: StateMachine>(
    machine: &M,
    memory: &Memory<M::Memory>,
    pending: &Pending<M>,
    rows: &mut M::Rows,
) -> (Wants, Recalled) {
    let command = named(pending);
    let mut wants = Wants::default();
    let own = machine.recall(command, &memory.own, rows);
    if own == Recalled::All {
        machine.wants(command, rows, wants.of(command.brand));
    }
    let recalled = match own {
        Recalled::All if !wants.can_be_remembered() => Recalled::Never,
        Recalled::All if !memory.knows(command.brand, &wants) => Recalled::Unknown,
        own => own,
    };
    (wants, recalled)
}

/// Decides a batch of known commands. None if what was decided cannot be confirmed by the write.
pub(in crate::engine) fn plan<M: StateMachine>(
    machine: &M,
    config: &EngineConfig,
    ids: &mut Ids,
    memory: &mut Memory<M::Memory>,
    batch: &[Pending<M>],
    wants: &Wants,
    mut rows: M::Rows,
) -> Option<Decided<M>> {
    let mut books = HashMap::default();
    for Pending { submission, .. } in batch {
        let brand = &submission.brand;
        if !books.contains_key(brand) {
            books.insert(brand.clone(), Book::new(memory.brand(brand)?.clone()));
        }
    }
    for (brand, id) in &wants.accounts {
        memory.load(brand, AccountId::new(*id), None, books.get_mut(brand)?)?;
    }
    for (brand, code) in &wants.codes {
        memory.load(brand, memory.by_code(brand, code)?, Some(code), books.get_mut(brand)?)?;
    }
    for (brand, id) in &wants.holds_of_named {
        memory.load_hold(brand, HoldId::new(*id), books.get_mut(brand)?)?;
    }
    let now = moment(config, memory)?;
    let commands: Vec<Named<'_, M::Command>> = batch.iter().map(named).collect();
    if !machine.provide(&commands, &mut rows) {
        return None;
    }
    let (halted, keys) = (BTreeSet::new(), StoredAnswers::default());
    let read = Read { books, halted, keys, rows, now, locked: false };
    let decided = decide(machine, ids, batch, read).ok()?;
    // Rows are confirmed as they were remembered, not what was taken to be absent: a refusal might have been another.
    if size_of::<M::Rows>() > 0 && decided.has_refusals() {
        return None;
    }
    if decided.needs_locks() {
        memory.doubt();
        return None;
    }
    reach(FaultPoint::Decided);
    Some(decided)
}

fn moment<O: Default>(config: &EngineConfig, memory: &mut Memory<O>) -> Option<Timestamp> {
    match &config.clock {
        Clock::Database => memory.now(),
        set @ Clock::Set(_) => set_moment(set),
    }
}

/// Writes a planned batch. Its first poll sends all that does not wait at the gate.
pub(in crate::engine) async fn fly<M: StateMachine>(
    machine: Arc<M>,
    session: Arc<Session<M>>,
    stats: Arc<Stats>,
    mut decided: Decided<M>,
    place: Place,
) -> Landed<M> {
    let moment = write::commit(&*machine, &session, &stats, &decided, Begun::ByTheWrite, place).await?;
    Ok((std::mem::take(&mut decided.outcomes), moment))
}
