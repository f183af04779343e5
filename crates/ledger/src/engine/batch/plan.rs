//! Batches that are decided on what the lane remembers, and nothing else: they have nothing to read, and can be sent
//! before others have landed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use zerosum_domain::{AccountId, BrandId};

use super::{Decided, Read, StoredAnswers, decide::decide, remembers, set_moment};
use crate::{
    book::{Book, Ids},
    engine::{
        Clock, EngineConfig, Named, Outcome, Pending, StateMachine, Stats, Wants,
        batch::Attempt,
        fault_points::{FaultPoint, reach},
        lane::Gate,
        memory::Memory,
        session::Session,
        write::{self, Begun},
    },
};

/// The outcomes of a batch that was sent early, and the database's moment.
pub(in crate::engine) type Landed<M> = Result<(Vec<Outcome<M>>, Option<Timestamp>), Attempt>;

/// Commands by what the lane remembers of the accounts that they name.
pub(in crate::engine) struct Sorted<M: StateMachine> {
    /// All of them.
    pub known: Vec<Pending<M>>,
    pub wants: Wants,
    /// Not all: these have to be read first.
    pub unknown: Vec<Pending<M>>,
    pub missing: Missing,
}

/// What has to be read.
#[derive(Debug, Default)]
pub(in crate::engine) struct Missing {
    pub brands: BTreeSet<BrandId>,
    pub wants: Wants,
}

/// Sorts commands into those that can be planned and those of which something has to be read first. Hands them back if
/// one of them is neither: it has to run under locks.
pub(in crate::engine) fn sort<M: StateMachine>(
    machine: &M,
    config: &EngineConfig,
    memory: &mut Memory,
    batch: Vec<Pending<M>>,
) -> Result<Sorted<M>, Vec<Pending<M>>> {
    // A machine with rows of its own has to load them.
    if !remembers::<M>(config) || M::RESOLVES || size_of::<M::Rows>() > 0 || !memory.is_trusted() {
        return Err(batch);
    }
    let told_time = moment(config, memory).is_some();
    let (mut wants, mut missing) = (Wants::default(), Missing::default());
    let mut known = Vec::with_capacity(batch.len());
    for pending in &batch {
        let Some(of_this) = named(machine, pending) else { return Err(batch) };
        let is_known = told_time && memory.knows(&pending.submission.brand, &of_this);
        if !is_known && pending.scouted {
            return Err(batch);
        }
        if is_known {
            wants.add(of_this);
        } else {
            missing.brands.insert(pending.submission.brand.clone());
            missing.wants.add(of_this);
        }
        known.push(is_known);
    }
    let mut known = known.into_iter();
    let (known, unknown) = batch.into_iter().partition(|_| known.next().unwrap_or(false));
    Ok(Sorted { known, wants, unknown, missing })
}

/// The accounts that a command names, if it names nothing else.
fn named<M: StateMachine>(machine: &M, pending: &Pending<M>) -> Option<Wants> {
    let submission = &pending.submission;
    let mut wants = Wants::default();
    let named = Named { brand: &submission.brand, command: &submission.command };
    machine.wants(named, &M::Rows::default(), wants.of(&submission.brand));
    wants.ids_and_codes_only().then_some(wants)
}

/// Decides a batch of known commands. None if what was decided cannot be confirmed by the write.
pub(in crate::engine) fn plan<M: StateMachine>(
    machine: &M,
    config: &EngineConfig,
    ids: &mut Ids,
    memory: &mut Memory,
    batch: &[Pending<M>],
    wants: &Wants,
) -> Option<Decided<M>> {
    let mut books = HashMap::new();
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
    let now = moment(config, memory)?;
    let (halted, keys) = (BTreeSet::new(), StoredAnswers::new());
    let read = Read { books, halted, keys, rows: M::Rows::default(), now, locked: false };
    let decided = decide(machine, ids, batch, read).ok()?;
    if decided.needs_locks() {
        memory.doubt();
        return None;
    }
    reach(FaultPoint::Decided);
    Some(decided)
}

fn moment(config: &EngineConfig, memory: &mut Memory) -> Option<Timestamp> {
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
    gate: Gate,
) -> Landed<M> {
    let moment = write::commit(&*machine, &session, &stats, &decided, Begun::ByTheWrite, gate).await?;
    Ok((std::mem::take(&mut decided.outcomes), moment))
}
