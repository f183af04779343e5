//! The rows that every batch writes: answers, balances, transactions, entries and events, by one statement.

use jiff::Timestamp;
use tokio_postgres::{Error, types::ToSql};

use super::{
    Begun, Books, Params,
    accounts::Balances,
    answers::{Keys, Outbox},
    postings::{Entries, Transactions},
};
use crate::engine::{
    StateMachine,
    batch::Decided,
    session::{Session, TransactionError},
};

/// The columns of `write_rows.sql`.
pub(super) struct Rows<'a> {
    now: Timestamp,
    /// Those that the write has to confirm.
    brands: Vec<i64>,
    keys: Keys<'a>,
    balances: Balances,
    transactions: Transactions<'a>,
    entries: Entries<'a>,
    outbox: Outbox<'a>,
    /// The number that the batch ahead leaves in the session, and this one's.
    order: [Option<i64>; 2],
}

impl<'a> Rows<'a> {
    /// Under locks the brands were read, and the keys are inserted by a statement of their own.
    pub fn of<M: StateMachine>(
        books: &Books<'a>,
        decided: &'a Decided<M>,
        begun: Begun,
        order: [Option<i64>; 2],
    ) -> Self {
        let remembered = begun == Begun::ByTheWrite;
        Self {
            now: decided.now,
            brands: if remembered { books.brands() } else { Vec::new() },
            keys: if remembered { Keys::of(&decided.answers) } else { Keys::default() },
            balances: Balances::of(books),
            transactions: Transactions::of(books),
            entries: Entries::of(books),
            outbox: Outbox::of(books),
            order,
        }
    }

    /// Writes all of them in the transaction that was begun; answers with the database's moment.
    pub async fn write<M: StateMachine>(&self, session: &Session<M>) -> Result<Option<Timestamp>, Error> {
        self.write_with(session, &self.balances).await
    }

    /// The same without the balances, which are somebody else's for the moment.
    pub async fn write_new<M: StateMachine>(&self, session: &Session<M>) -> Result<Option<Timestamp>, Error> {
        self.write_with(session, &Balances::default()).await
    }

    /// The balances that [`Self::write_new`] has left out.
    pub async fn move_balances<M: StateMachine>(&self, session: &Session<M>) -> Result<(), Error> {
        self.balances.confirm(session).await
    }

    /// Writes all of them and commits: a transaction of its own.
    pub async fn commit<M: StateMachine>(
        &self,
        session: &Session<M>,
    ) -> Result<Option<Timestamp>, TransactionError> {
        let params = self.params(&self.balances);
        let answer = session.transact(&session.statements.write_rows, &params).await?;
        // It is committed, whatever its answer looks like.
        Ok(answer.first().and_then(|row| row.try_get(0).ok()))
    }

    async fn write_with<M: StateMachine>(
        &self,
        session: &Session<M>,
        balances: &Balances,
    ) -> Result<Option<Timestamp>, Error> {
        let answer = session.db().query(&session.statements.write_rows, &self.params(balances)).await?;
        answer.first().map(|row| row.try_get(0)).transpose()
    }

    fn params<'b>(&'b self, balances: &'b Balances) -> Vec<&'b (dyn ToSql + Sync)> {
        let first: Params<'_, 2> = [&self.now, &self.brands];
        let last: Params<'_, 2> = [&self.order[0], &self.order[1]];
        [
            &first[..],
            &self.keys.params(),
            &balances.params(),
            &self.transactions.params(),
            &self.entries.params(),
            &self.outbox.params(),
            &last,
        ]
        .concat()
    }
}
