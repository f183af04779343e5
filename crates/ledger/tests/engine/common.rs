//! A small machine for the engine's own tests: it opens accounts, transfers, and fails in the ways that a rule can.

use std::{
    future::{Future, ready},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_postgres::{Client, Error};
use zerosum_domain::{AccountId, AccountType, Amount, BrandId, Currency, Limits, Steward, TransactionId};
use zerosum_ledger::{
    Engine, EngineConfig, Key, StateMachine, Submission,
    book::{Book, Context, Leg, OpenAccount, PostRefused, Posting},
    engine::{Named, Wants},
};
use zerosum_testkit::TestDatabase;

pub struct Bank;

#[derive(Debug, Clone)]
pub enum Command {
    Open {
        external_id: Option<&'static str>,
        floor: Option<i64>,
    },
    Transfer {
        from: AccountId,
        to: AccountId,
        amount: i64,
    },
    /// Metadata that is no JSON: the database refuses the row.
    Poison {
        from: AccountId,
        to: AccountId,
    },
    Panic,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    Opened(AccountId),
    Posted(TransactionId),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refused {
    Taken(AccountId),
    Limit,
    Other(String),
}

impl StateMachine for Bank {
    type Command = Command;
    type Done = Done;
    type Refused = Refused;
    type Rows = ();
    type Prepared = ();
    type Memory = ();

    fn prepare(_client: &Client) -> impl Future<Output = Result<(), Error>> + Send {
        ready(Ok(()))
    }

    fn wants(&self, named: Named<'_, Command>, _rows: &(), wants: &mut Wants) {
        match named.command {
            Command::Open { external_id, .. } => {
                external_id.iter().for_each(|name| wants.external_id(*name));
            }
            Command::Transfer { from, to, .. } | Command::Poison { from, to } => {
                wants.account(*from);
                wants.account(*to);
            }
            Command::Panic => {}
        }
    }

    fn decide(
        &self,
        context: &mut Context<'_>,
        book: &mut Book,
        _rows: &mut (),
        command: &Command,
    ) -> Result<Done, Refused> {
        match command {
            Command::Open { external_id, floor } => book
                .open_account(
                    context,
                    OpenAccount {
                        name: "test".into(),
                        kind: AccountType::Asset,
                        steward: Steward::General,
                        currency: Currency::parse("USD").unwrap(),
                        limits: Limits { floor: *floor, ceiling: None },
                        keeps_lots: false,
                        code: None,
                        external_id: external_id.map(Arc::from),
                        party: None,
                        metadata: None,
                    },
                )
                .map(Done::Opened)
                .map_err(|taken| Refused::Taken(taken.0)),
            Command::Transfer { from, to, amount } => post(context, book, *from, *to, *amount, None),
            Command::Poison { from, to } => post(context, book, *from, *to, 1, Some("{no json")),
            Command::Panic => panic!("a rule that panics"),
        }
    }
}

fn post(
    context: &mut Context<'_>,
    book: &mut Book,
    from: AccountId,
    to: AccountId,
    amount: i64,
    metadata: Option<&str>,
) -> Result<Done, Refused> {
    let amount = Amount::new(amount).unwrap();
    let mut posting =
        Posting::of("transfer", vec![Leg::plain(from, amount.negated()), Leg::plain(to, amount)]);
    posting.metadata = metadata.map(Arc::from);
    match book.post(context, posting) {
        Ok(posted) => Ok(Done::Posted(posted.transaction)),
        Err(PostRefused::LimitPassed { .. }) => Err(Refused::Limit),
        Err(other) => Err(Refused::Other(other.to_string())),
    }
}

/// Has an account's balance name the entry before its newest: as much money, by as many entries, which are others.
pub const RENAME_NEWEST: &str = "update ledger.balances b set last_transaction = e.previous_transaction from ledger.entries e \
      where b.account_id = $1 and e.transaction_id = b.last_transaction and e.account_id = b.account_id";

/// A database with one brand, and an engine over it.
pub struct Fixture {
    pub database: TestDatabase,
    pub brand: BrandId,
}

impl Fixture {
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let brand = BrandId::parse("acme").unwrap();
        let admin = database.admin().await;
        admin
            .batch_execute(
                "insert into ledger.brands (brand_id, name) values ('acme', 'Acme'), ('other', 'Other')",
            )
            .await
            .unwrap();
        Self { database, brand }
    }

    pub fn engine(&self) -> Engine<Bank> {
        self.engine_with(|config| config)
    }

    pub fn engine_with(&self, change: impl FnOnce(EngineConfig) -> EngineConfig) -> Engine<Bank> {
        // On the test's own thread: what it submits together is queued before the lane runs.
        let config = EngineConfig::new(self.database.app_url().parse().unwrap());
        Engine::start(Bank, change(EngineConfig { own_thread: false, ..config }))
    }

    pub fn submission(&self, key: Option<Key>, command: Command) -> Submission<Command> {
        Submission {
            brand: self.brand.clone(),
            key,
            command,
            deadline: Instant::now() + Duration::from_secs(20),
        }
    }

    pub async fn open(&self, engine: &Engine<Bank>, floor: Option<i64>) -> AccountId {
        let submission = self.submission(None, Command::Open { external_id: None, floor });
        match engine.submit(submission).await.unwrap().outcome {
            Ok(Done::Opened(id)) => id,
            other => panic!("{other:?}"),
        }
    }

    pub async fn count(&self, sql: &str) -> i64 {
        self.database.admin().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    pub async fn posted(&self, account: AccountId) -> i64 {
        let admin = self.database.admin().await;
        let sql = "select posted from ledger.balances where account_id = $1";
        admin.query_one(sql, &[&account.uuid()]).await.unwrap().get(0)
    }
}

pub fn key(name: impl Into<String>) -> Option<Key> {
    fingerprinted(name, 1)
}

pub fn fingerprinted(name: impl Into<String>, fingerprint: u8) -> Option<Key> {
    Some(Key::new("bank/caller", name.into(), [fingerprint; 32]))
}
