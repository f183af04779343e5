//! A lane's connection: opened with the application role and its time limits, statements prepared once.

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, future::try_join_all, join};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Statement, types::ToSql};

use super::{StateMachine, Stats};
use crate::plans::Plans;

/// Longest wait for a row lock. Deadlines nest: client 5 s > request 3 s > statement 2 s > lock 0.5 s.
pub const LOCK_WAIT_MS_MAX: u64 = 500;
/// Longest run of one statement, by the server's clock.
pub const STATEMENT_MS_MAX: u64 = 2_000;
/// The same for a batch that goes by what its lane remembers. Whoever it waits for has moved what it was decided on, so
/// it is better off under locks; and it may have written entries that the other one is about to write, and waits for.
const GUESS_WAIT_MS_MAX: u64 = 50;
/// A lane that died between two statements must not keep its locks for longer.
const IDLE_IN_TRANSACTION_MS_MAX: u64 = 5_000;
/// A database that does not answer the connection attempt within this is not available.
const CONNECT_MS_MAX: u64 = 1_000;

/// Every statement of a lane looks rows up by key, so one plan is right for ever whatever the size of its tables:
/// nested loops over indexes. Left to its statistics, the planner reads whole tables that were empty when it looked
/// and have grown since.
const PLANS: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off \
                     -c enable_mergejoin=off -c enable_memoize=off -c jit=off";

const BEGIN: &str = "begin isolation level read committed";

macro_rules! statements {
    ($($name:ident),+ $(,)?) => {
        /// The ledger's own statements, prepared.
        pub(super) struct Statements { $(pub $name: Statement),+ }

        impl Statements {
            const SQL: &[&str] = &[$(include_str!(concat!("../sql/", stringify!($name), ".sql"))),+];

            async fn prepare(client: &Client) -> Result<Self, Error> {
                let prepared = try_join_all(Self::SQL.iter().map(|sql| client.prepare(sql))).await?;
                let mut prepared = prepared.into_iter();
                // SQL and the fields come from one list, so there is one for each.
                Ok(Self { $($name: match prepared.next() {
                    Some(statement) => statement,
                    None => unreachable!("one statement for each name"),
                }),+ })
            }
        }
    };
}

statements!(
    read_brands,
    lock_accounts_by_id,
    read_accounts_by_id,
    read_accounts_by_code,
    lock_accounts,
    read_lots,
    read_holds,
    read_transactions,
    read_external_refs,
    read_keys,
    write_rows,
    insert_keys,
    insert_shared_outcomes,
    insert_accounts,
    insert_balances,
    confirm_balances,
    confirm_states,
    insert_lots,
    update_lots,
    insert_holds,
    update_holds,
);

/// One lane's session with the database.
pub(super) struct Session<M: StateMachine> {
    client: Client,
    pub statements: Statements,
    prepared: M::Prepared,
    connection: JoinHandle<()>,
    stats: Arc<Stats>,
    plans: Mutex<Plans>,
}

impl<M: StateMachine> Drop for Session<M> {
    fn drop(&mut self) {
        // A session is dropped when its state is not known: cut it, and the server rolls back what was not committed.
        self.connection.abort();
    }
}

impl<M: StateMachine> Session<M> {
    pub async fn open(config: &Config, stats: Arc<Stats>) -> Result<Self, Error> {
        let mut config = config.clone();
        let options = format!(
            "{} -c role=zerosum_app -c statement_timeout={STATEMENT_MS_MAX} -c lock_timeout={LOCK_WAIT_MS_MAX} \
             -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS_MAX} {PLANS}",
            config.get_options().unwrap_or_default()
        );
        config.options(options).connect_timeout(Duration::from_millis(CONNECT_MS_MAX));
        config.application_name("zerosum lane");
        let (client, connection) = config.connect(NoTls).await?;
        let connection = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a lane's connection ended");
            }
        });
        let statements = Statements::prepare(&client).await?;
        let prepared = M::prepare(&client).await?;
        // A statement that is a transaction of its own cannot say how it runs. Those go by what the lane remembers.
        let defaults = format!(
            "set default_transaction_isolation = 'read committed'; set lock_timeout = {GUESS_WAIT_MS_MAX}"
        );
        client.batch_execute(&defaults).await?;
        Ok(Self {
            client,
            statements,
            prepared,
            connection,
            stats,
            plans: Mutex::new(Plans::new(Instant::now())),
        })
    }

    pub fn db(&self) -> Db<'_, M::Prepared> {
        Db { client: &self.client, prepared: &self.prepared, stats: &self.stats }
    }

    /// Begins a batch's transaction. Now and then its plans are made anew, in the same round trip.
    pub async fn begin(&self) -> Result<(), Error> {
        self.begin_with(&format!("{BEGIN}; set local lock_timeout = {LOCK_WAIT_MS_MAX}")).await
    }

    /// The same for a batch that goes by what its lane remembers.
    pub async fn begin_guess(&self) -> Result<(), Error> {
        self.begin_with(BEGIN).await
    }

    async fn begin_with(&self, begin: &str) -> Result<(), Error> {
        if self.plans_are_old() {
            return self.db().command(&format!("discard plans; {begin}")).await;
        }
        self.db().command(begin).await
    }

    /// Runs a statement that is a transaction of its own, and waits for its commit.
    pub async fn transact(
        &self,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, TransactionError> {
        let db = self.db();
        let (renewed, answered) = join!(self.renew_plans(), db.transact(statement, params));
        renewed.map_err(TransactionError::Statement)?;
        answered
    }

    /// Has plans that are old made anew, ahead of reads that begin no transaction.
    pub async fn renew_plans(&self) -> Result<(), Error> {
        if self.plans_are_old() { self.db().command("discard plans").await } else { Ok(()) }
    }

    fn plans_are_old(&self) -> bool {
        // A poisoned lock still holds an age.
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        plans.are_old(Instant::now())
    }

    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }
}

/// Why a statement that is a transaction of its own did not commit, or may not have.
pub(super) enum TransactionError {
    /// It failed.
    Statement(Error),
    /// It had answered, and then its commit failed.
    Commit(Error),
}

/// What a batch's code gets of the session: prepared statements only, and every one is counted.
///
/// A query is sent when its future is first polled, so futures that are joined share a round trip, and the server
/// runs them in the order in which they were polled.
pub struct Db<'a, P> {
    client: &'a Client,
    pub prepared: &'a P,
    stats: &'a Stats,
}

impl<P> Clone for Db<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<P> Copy for Db<'_, P> {}

impl<P> Db<'_, P> {
    pub async fn query(
        &self,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        Stats::add(&self.stats.statements, 1);
        self.client.query(statement, params).await
    }

    pub async fn execute(&self, statement: &Statement, params: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        Stats::add(&self.stats.statements, 1);
        self.client.execute(statement, params).await
    }

    /// See [`Session::transact`].
    async fn transact(
        &self,
        statement: &Statement,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, TransactionError> {
        Stats::add(&self.stats.statements, 1);
        let answers = self.client.query_raw(statement, params.iter().copied()).await;
        let mut answers = pin!(answers.map_err(TransactionError::Statement)?);
        let mut rows = Vec::new();
        // The server sends the rows before it commits, and ends the stream when it has committed.
        while let Some(row) = answers.next().await {
            rows.push(row.map_err(|error| match rows.is_empty() {
                true => TransactionError::Statement(error),
                false => TransactionError::Commit(error),
            })?);
        }
        Ok(rows)
    }

    pub(super) async fn command(&self, sql: &str) -> Result<(), Error> {
        Stats::add(&self.stats.statements, 1);
        self.client.batch_execute(sql).await
    }
}
