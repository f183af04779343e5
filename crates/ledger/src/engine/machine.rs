//! What a service gives the engine: its commands, how they are decided, and rows of its own.

use std::{fmt::Debug, future::Future};

use ahash::HashMap;
use serde::{Serialize, de::DeserializeOwned};
use tokio_postgres::{Client, Error};
use zerosum_domain::BrandId;

use super::{Db, Wants};
use crate::book::{Book, Context};

/// A command of a batch and the brand that it belongs to.
#[derive(Debug)]
pub struct Named<'a, C> {
    pub brand: &'a BrandId,
    pub command: &'a C,
}

impl<C> Clone for Named<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<C> Copy for Named<'_, C> {}

/// Whether the rows that a batch reads are locked, or only looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    Locked,
    Looked,
}

/// What a lane remembers of the machine's own rows that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recalled {
    /// All of them: they are in the batch's rows now.
    All,
    /// They have to be read first.
    Unknown,
    /// This command is decided under locks.
    Never,
}

/// What came of loading, in the order in which the server did it: after the first error it only says that there was one.
#[derive(Debug)]
pub struct Loaded<T> {
    /// Of the machine's locks.
    pub locked: Result<(), Error>,
    /// Of the ledger's locks and rows.
    pub ledger: T,
    /// Of the machine's rows.
    pub read: Result<(), Error>,
}

/// Which of its rows a machine writes. Under locks what changes is sent first, and what is new may take its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What nobody else has; sent while the batch may wait for another to commit.
    New,
    /// What others may have changed.
    Changed,
}

/// A service's state machine: commands are data, deciding them is pure, and the answer is what was decided.
///
/// A machine with tables of its own reads them in `resolve` and `load` and writes them in `write`, always with
/// statements that take arrays, so that the round trips of a batch do not depend on its length:
/// 1. `resolve`, only if [`StateMachine::RESOLVES`]: without locks, turns names that never change their meaning
///    (an identity, a reference) into ids, so that `wants` can name ledger accounts.
/// 2. `load`: locks the machine's own rows in key order, has the ledger lock and read its own, then reads the machine's
///    under all of these locks. All in one round trip, so send everything at the first poll (`futures_util::join!`, never
///    an await between two statements).
/// 3. `decide`, once per command, in order.
/// 4. `confirm` and `write`, in the round trip that commits; again everything at the first poll.
///
/// Its rows may be remembered by the lane, like the ledger's accounts. Then `recall` stands in the place of 1 and 2,
/// and what it gives is a guess that the write must prove: each row that anything was decided on is, at the commit, as
/// it was remembered. The balances that the batch changes prove it, if whatever changes such a row also changes one of
/// them ([`Book::keep_figures`]); what they do not, `confirm` has to. What is not remembered is read ahead by 1 and 2
/// without locks ([`Rights::Looked`]). A batch of guesses that refuses anything is decided again under locks.
pub trait StateMachine: Send + Sync + 'static {
    type Command: Debug + Send + Sync + 'static;
    /// What was done; stored under the command's key, rendered for the first answer and every replay. As JSON it is no
    /// array, nor is [`Self::Refused`].
    type Done: Serialize + DeserializeOwned + Debug + Send + Sync + 'static;
    /// Why it was not; stored and replayed too.
    type Refused: Serialize + DeserializeOwned + Debug + Send + Sync + 'static;
    /// The machine's own rows as one batch has read and changed them.
    type Rows: Default + Send + Sync;
    /// Statements of its own, prepared once per connection.
    type Prepared: Send + Sync;
    /// What a lane remembers of the machine's own rows.
    type Memory: Default + Debug + Send;

    /// Whether a batch needs the extra round trip of `resolve`.
    const RESOLVES: bool = false;
    /// Whether its commands move accounts that keep lots: the batch then reads them.
    const LOTS: bool = false;
    /// Whether a lot's expiry, once given, stays, or changes only with an entry of its account. Then what an account's
    /// lots hold follows from its entries while nothing of it is held, and lanes may remember them.
    const LOTS_FOLLOW_ENTRIES: bool = false;
    /// Unique constraints of its own tables that only a race with another process can break: the batch runs again
    /// and then sees what the other one did.
    const RACES: &'static [&'static str] = &[];

    fn prepare(client: &Client) -> impl Future<Output = Result<Self::Prepared, Error>> + Send;

    fn resolve<'a>(
        &'a self,
        _db: Db<'a, Self::Prepared>,
        _commands: &'a [Named<'a, Self::Command>],
        _rows: &'a mut Self::Rows,
        _rights: Rights,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'a {
        async { Ok(()) }
    }

    /// Names everything of the ledger that deciding this command may read or change.
    fn wants(&self, named: Named<'_, Self::Command>, rows: &Self::Rows, wants: &mut Wants);

    /// `ledger` sends what locks and reads the ledger's rows. Without locks, whatever tells that a row has changed must be
    /// read before the row.
    fn load<'a, L: Future<Output: Send> + Send + 'a>(
        &'a self,
        _db: Db<'a, Self::Prepared>,
        _commands: &'a [Named<'a, Self::Command>],
        _rows: &'a mut Self::Rows,
        _rights: Rights,
        ledger: L,
    ) -> impl Future<Output = Loaded<L::Output>> + Send + 'a {
        async { Loaded { locked: Ok(()), ledger: ledger.await, read: Ok(()) } }
    }

    /// Rows and books are read: what is kept of a row with its account's balance goes into the row. False: they are not of
    /// one moment, and nothing may be decided on them.
    fn join(&self, _rows: &mut Self::Rows, _books: &HashMap<BrandId, Book>) -> bool {
        true
    }

    /// Puts what is remembered for a command into the batch's rows.
    fn recall(
        &self,
        _named: Named<'_, Self::Command>,
        _memory: &Self::Memory,
        _rows: &mut Self::Rows,
    ) -> Recalled {
        if size_of::<Self::Rows>() == 0 { Recalled::All } else { Recalled::Never }
    }

    /// Puts into the rows of a remembered batch what is nobody's state: ids. False: they have to be read.
    fn provide(&self, _commands: &[Named<'_, Self::Command>], _rows: &mut Self::Rows) -> bool {
        true
    }

    /// All commands of a batch are decided: what is left of what nobody else has may go back, and what is kept of a row
    /// with its account's balance goes into the book.
    fn decided(&self, _rows: &mut Self::Rows, _books: &mut HashMap<BrandId, Book>) {}

    /// Remembers what a batch leaves behind when it is committed.
    fn learn(&self, _memory: &mut Self::Memory, _rows: &Self::Rows, _books: &HashMap<BrandId, Book>) {}

    /// Remembers what was read without locks: it may be older than what is known already, which then stays.
    fn see(&self, _memory: &mut Self::Memory, _rows: &Self::Rows, _books: &HashMap<BrandId, Book>) {}

    /// Pure. What a refused command changed in the book is taken back by the engine; the machine's own rows must
    /// not be changed before the last possible refusal.
    fn decide(
        &self,
        context: &mut Context<'_>,
        book: &mut Book,
        rows: &mut Self::Rows,
        command: &Self::Command,
    ) -> Result<Self::Done, Self::Refused>;

    /// Proves what was decided on of the rows and is kept with no balance. Sent before any balance is moved.
    fn confirm<'a>(
        &'a self,
        _db: Db<'a, Self::Prepared>,
        _rows: &'a Self::Rows,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'a {
        async { Ok(()) }
    }

    fn write<'a>(
        &'a self,
        _db: Db<'a, Self::Prepared>,
        _rows: &'a Self::Rows,
        _part: Part,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'a {
        async { Ok(()) }
    }

    /// Whether this refusal is an answer that a key keeps. One that blames the request itself (HTTP's 400) is not:
    /// the caller mends what it names, and may send it under the same key.
    fn remembers(_refused: &Self::Refused) -> bool {
        true
    }

    /// How much of a batch a command fills, in transactions.
    fn weight(_command: &Self::Command) -> usize {
        1
    }
}
