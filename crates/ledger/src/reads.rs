//! Reading: a pool of its own, confined to one brand by row-level security.
//!
//! Every read is one round trip, sent as one pipeline: several queries share a transaction that reads only (begin, the
//! brand, the queries, commit); one alone is its own transaction, behind the brand unless the connection was last used
//! for the same. A read that is cancelled leaves nothing behind: the whole of it was sent at once, and of what brand the
//! connection then is counts as unknown.
//!
//! Now and then a connection's plans are made anew, in the read's own round trip (see `plans`); and a connection whose
//! query ran into the statement limit is not used again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, StatementCache, Timeouts};
use futures_util::{future::join_all, join};
use tokio::time::timeout;
use tokio_postgres::{Config, NoTls, Row, Statement, error::SqlState, types::ToSql};
use zerosum_domain::BrandId;

use crate::{
    engine::{ROUND_TRIP_MAX, STATEMENT_MS_MAX},
    plans::Plans,
};

/// Longest wait for a connection of the pool.
const ACQUIRE_MS_MAX: u64 = 500;

/// One brand's view of the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reads {
    pool: Pool,
    /// Of each connection, by the address of its statement cache.
    sessions: Arc<Mutex<HashMap<usize, Session>>>,
}

/// What is known of a connection.
#[derive(Debug)]
struct Session {
    /// While this is kept, its address is nobody else's.
    cache: Weak<StatementCache>,
    plans: Plans,
    /// Whose rows it sees outside a transaction.
    brand: Option<BrandId>,
}

/// The read could not be done; nothing was changed, so it can simply be tried again.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("no connection to read with")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the database failed to answer a read")]
    Failed(#[source] tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for ReadError {
    fn from(error: tokio_postgres::Error) -> Self {
        let operators =
            error.code().is_some_and(|code| ["57", "53", "08"].iter().any(|c| code.code().starts_with(c)));
        if error.as_db_error().is_none() || operators {
            Self::Unavailable(error.into())
        } else {
            Self::Failed(error)
        }
    }
}

/// One query of a read. `sql` is prepared once per connection.
pub struct Query<'a> {
    pub sql: &'static str,
    pub params: &'a [&'a (dyn ToSql + Sync)],
}

impl Reads {
    pub fn new(config: &Config, connections: usize) -> Result<Self, ReadError> {
        let mut config = config.clone();
        let options = format!(
            "{} -c role=zerosum_read -c default_transaction_read_only=on -c statement_timeout={STATEMENT_MS_MAX} \
             -c jit=off",
            config.get_options().unwrap_or_default()
        );
        config.options(options).application_name("zerosum reads");
        let manager =
            Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let limit = Some(Duration::from_millis(ACQUIRE_MS_MAX));
        let pool = Pool::builder(manager)
            .max_size(connections)
            .timeouts(Timeouts { wait: limit, create: limit, recycle: limit })
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .build()
            .map_err(|error| ReadError::Unavailable(error.into()))?;
        Ok(Self { pool, sessions: Arc::default() })
    }

    /// Runs one query as this brand.
    pub async fn query(&self, brand: &BrandId, query: Query<'_>) -> Result<Vec<Row>, ReadError> {
        let mut answers = self.queries(brand, &[query]).await?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// Runs several queries as this brand, on one snapshot, in one round trip (the first use of a connection takes
    /// one more, to prepare them).
    pub async fn queries(&self, brand: &BrandId, queries: &[Query<'_>]) -> Result<Vec<Vec<Row>>, ReadError> {
        let client = self.connection().await?;
        let answers = timeout(ROUND_TRIP_MAX, self.ask(&client, brand, queries)).await;
        match answers {
            Ok(Ok(answers)) => Ok(answers),
            Ok(Err(error)) => {
                // Too slow: its plan may be to blame, and a new connection makes another.
                if error.code() == Some(&SqlState::QUERY_CANCELED) {
                    drop(Object::take(client));
                }
                Err(error.into())
            }
            Err(silent) => {
                // Back in the pool, a connection that has gone silent would stop the next reader too.
                drop(Object::take(client));
                Err(ReadError::Unavailable(silent.into()))
            }
        }
    }

    fn session<T>(&self, client: &Object, with: impl FnOnce(&mut Session) -> T) -> T {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let address = Arc::as_ptr(&client.statement_cache).addr();
        if !sessions.contains_key(&address) {
            sessions.retain(|_, session| session.cache.strong_count() > 0);
        }
        with(sessions.entry(address).or_insert_with(|| Session {
            cache: Arc::downgrade(&client.statement_cache),
            plans: Plans::new(Instant::now()),
            brand: None,
        }))
    }

    fn plans_are_old(&self, client: &Object) -> bool {
        self.session(client, |session| session.plans.are_old(Instant::now()))
    }

    async fn ask(
        &self,
        client: &Object,
        brand: &BrandId,
        queries: &[Query<'_>],
    ) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        let prepared = join_all(queries.iter().map(|query| client.prepare_cached(query.sql))).await;
        let prepared: Vec<_> = prepared.into_iter().collect::<Result<_, _>>()?;
        if let ([statement], [query]) = (prepared.as_slice(), queries) {
            return self.ask_one(client, brand, statement, query).await;
        }
        let brand = brand.key().get().to_string();
        const SET_BRAND: &str = "select set_config('zerosum.brand', $1, true)";
        let set_brand = client.prepare_cached(SET_BRAND).await?;
        let statements =
            prepared.iter().zip(queries).map(|(statement, query)| client.query(statement, query.params));
        let brand_params: [&(dyn ToSql + Sync); 1] = [&brand];
        let old_plans = self.plans_are_old(client);
        let discard = async {
            // By itself: in one message with the begin it would have taken the snapshot.
            if old_plans { client.batch_execute("discard plans").await } else { Ok(()) }
        };
        let (discarded, begun, set, answers, committed) = join!(
            discard,
            client.batch_execute("begin isolation level repeatable read read only"),
            client.query(&set_brand, &brand_params),
            join_all(statements),
            client.batch_execute("commit"),
        );
        discarded?;
        begun?;
        set?;
        let answers = answers.into_iter().collect::<Result<_, _>>()?;
        committed?;
        Ok(answers)
    }

    /// One statement sees one snapshot by itself.
    async fn ask_one(
        &self,
        client: &Object,
        brand: &BrandId,
        statement: &Statement,
        query: &Query<'_>,
    ) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        const SET_BRAND: &str = "select set_config('zerosum.brand', $1, false)";
        let set_brand = client.prepare_cached(SET_BRAND).await?;
        let key = brand.key().get().to_string();
        let brand_params: [&(dyn ToSql + Sync); 1] = [&key];
        let old_plans = self.plans_are_old(client);
        let discard = async { if old_plans { client.batch_execute("discard plans").await } else { Ok(()) } };
        let is_of_brand = self.session(client, |session| {
            let is = session.brand.as_ref() == Some(brand);
            if !is {
                session.brand = None;
            }
            is
        });
        let set = async {
            if is_of_brand { Ok(Vec::new()) } else { client.query(&set_brand, &brand_params).await }
        };
        let (discarded, set, answer) = join!(discard, set, client.query(statement, query.params));
        discarded?;
        set?;
        if !is_of_brand {
            self.session(client, |session| session.brand = Some(brand.clone()));
        }
        Ok(vec![answer?])
    }

    /// Whether the database answers now.
    pub async fn ready(&self) -> Result<(), ReadError> {
        let client = self.connection().await?;
        let answered = timeout(ROUND_TRIP_MAX, client.batch_execute("select 1")).await;
        answered.map(|answer| answer.map_err(ReadError::from)).unwrap_or_else(|silent| {
            drop(Object::take(client));
            Err(ReadError::Unavailable(silent.into()))
        })
    }

    async fn connection(&self) -> Result<Object, ReadError> {
        self.pool.get().await.map_err(|error| ReadError::Unavailable(error.into()))
    }
}
