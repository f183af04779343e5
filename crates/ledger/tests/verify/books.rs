//! Two brands' books, made by the engine, for checks to look at and for tests to damage.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant};
use tokio_postgres::{Client, Error};
use uuid::Uuid;
use zerosum_domain::{AccountType, Amount, BrandId, Currency, HoldId, Limits, Steward};
use zerosum_ledger::{
    Engine, EngineConfig, StateMachine, Submission,
    book::{Book, Context, HoldEnd, Leg, OpenAccount, Posting},
    engine::{Named, Wants},
    verify::{self, Report},
};
use zerosum_testkit::TestDatabase;

/// What these books need, by the codes of the accounts.
#[derive(Debug)]
pub enum Command {
    Open { code: &'static str, currency: &'static str, lots: bool, limits: Limits },
    Transfer { from: &'static str, to: &'static str, amount: i64 },
    Grant { to: &'static str, amount: i64 },
    Spend { from: &'static str, amount: i64 },
    Hold { of: &'static str, amount: i64 },
    Capture { of: &'static str, hold: Uuid, amount: i64 },
}

/// The id that a test needs later, where there is one.
pub type Done = Option<Uuid>;

#[derive(Debug, Serialize, Deserialize)]
pub struct Refused(String);

fn refused(why: impl std::fmt::Debug) -> Refused {
    Refused(format!("{why:?}"))
}

#[derive(Debug)]
pub struct Bank;

impl StateMachine for Bank {
    type Command = Command;
    type Done = Done;
    type Refused = Refused;
    type Rows = ();
    type Prepared = ();
    type Memory = ();
    const LOTS: bool = true;

    async fn prepare(_client: &Client) -> Result<(), Error> {
        Ok(())
    }

    fn wants(&self, named: Named<'_, Command>, (): &(), wants: &mut Wants) {
        match *named.command {
            Command::Open { code, .. } => wants.code(code),
            Command::Transfer { from, to, .. } => [from, to].into_iter().for_each(|code| wants.code(code)),
            Command::Grant { to: user, .. } | Command::Spend { from: user, .. } => {
                wants.code(user);
                wants.code("bank");
            }
            Command::Hold { of, .. } => wants.code(of),
            Command::Capture { of, hold, .. } => {
                wants.code(of);
                wants.code("bank");
                wants.hold(HoldId::new(hold));
            }
        }
    }

    fn decide(
        &self,
        context: &mut Context<'_>,
        book: &mut Book,
        (): &mut (),
        command: &Command,
    ) -> Result<Done, Refused> {
        let at = |book: &Book, code: &str| {
            book.account_by_code(code).map(|account| account.id).ok_or_else(|| refused(code))
        };
        let amount = |units: i64| Amount::new(units).map_err(refused);
        let legs = match *command {
            Command::Open { code, currency, lots, limits } => {
                let open = OpenAccount {
                    name: code.into(),
                    kind: AccountType::Asset,
                    steward: Steward::General,
                    currency: Currency::parse(currency).map_err(refused)?,
                    limits,
                    keeps_lots: lots,
                    code: Some(code.into()),
                    external_id: None,
                    party: None,
                    metadata: None,
                };
                return book.open_account(context, open).map(|id| Some(id.uuid())).map_err(refused);
            }
            Command::Transfer { from, to, amount: units } => {
                vec![Leg::plain(at(book, from)?, amount(-units)?), Leg::plain(at(book, to)?, amount(units)?)]
            }
            Command::Grant { to, amount: units } => vec![
                Leg::plain(at(book, "bank")?, amount(-units)?),
                Leg::plain(at(book, to)?, amount(units)?).new_lot(None),
            ],
            Command::Spend { from, amount: units } => {
                let user = at(book, from)?;
                let mut legs = vec![Leg::plain(at(book, "bank")?, amount(units)?)];
                for drawn in book.draw(user, units, context.now).map_err(refused)? {
                    legs.push(Leg::plain(user, amount(-drawn.amount)?).of_lot(drawn.lot));
                }
                legs
            }
            Command::Hold { of, amount } => {
                let hold = book.hold(context, at(book, of)?, amount, None).map_err(refused)?;
                return Ok(Some(hold.uuid()));
            }
            Command::Capture { of, hold, amount: units } => {
                let user = at(book, of)?;
                let mut legs = vec![Leg::plain(at(book, "bank")?, amount(units)?)];
                let drawn = book.close_hold(HoldId::new(hold), HoldEnd::Captured(units)).map_err(refused)?;
                for drawn in drawn {
                    legs.push(Leg::plain(user, amount(-drawn.amount)?).of_lot(drawn.lot));
                }
                legs
            }
        };
        let posted = book.post(context, Posting::of("test", legs)).map_err(refused)?;
        Ok(Some(posted.transaction.uuid()))
    }
}

/// A database with the books of `north` and `south`.
pub struct Books {
    pub database: TestDatabase,
    pub engine: Engine<Bank>,
}

/// Four accounts (`bank`, `till`, `safe`; `alice` keeps lots and cannot be overdrawn), postings between them,
/// one open hold of 70 over two lots and one captured.
pub async fn books() -> Books {
    let database = TestDatabase::new().await;
    database
        .admin()
        .await
        .batch_execute(
            "insert into ledger.brands (brand_id, name) values ('north', 'North'), ('south', 'South')",
        )
        .await
        .expect("insert the brands");
    let config = EngineConfig::new(database.app_url().parse().expect("an address"));
    let books = Books { database, engine: Engine::start(Bank, config) };
    for brand in ["north", "south"] {
        let plain = Limits::default();
        for (code, lots, limits) in [
            ("bank", false, plain),
            ("till", false, plain),
            ("safe", false, Limits { floor: Some(-500), ceiling: Some(10_000) }),
            ("alice", true, Limits::NOT_BELOW_ZERO),
        ] {
            books.done(brand, Command::Open { code, currency: "USD", lots, limits }).await;
        }
        for amount in [5, 10, 15] {
            books.done(brand, Command::Transfer { from: "till", to: "safe", amount }).await;
        }
        books.done(brand, Command::Grant { to: "alice", amount: 100 }).await;
        books.done(brand, Command::Grant { to: "alice", amount: 50 }).await;
        books.done(brand, Command::Spend { from: "alice", amount: 30 }).await;
        let hold = books.done(brand, Command::Hold { of: "alice", amount: 20 }).await.expect("a hold");
        books.done(brand, Command::Capture { of: "alice", hold, amount: 10 }).await;
        books.done(brand, Command::Hold { of: "alice", amount: 70 }).await;
    }
    books
}

impl Books {
    pub async fn done(&self, brand: &str, command: Command) -> Done {
        let submission = Submission {
            brand: BrandId::parse(brand).expect("a brand"),
            key: None,
            command,
            deadline: Instant::now() + Duration::from_secs(10),
        };
        self.engine.submit(submission).await.expect("an answer").outcome.expect("done")
    }

    pub async fn verify(&self) -> Report {
        verify::verify(self.database.app_url()).await.expect("verify")
    }

    /// The incremental pass over what is newer than so many seconds after now (before now, if negative).
    pub async fn verify_since(&self, seconds: i64) -> Report {
        let now =
            self.text("select to_char(now() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')").await;
        let now: jiff::Timestamp = now.parse().expect("a moment");
        let since = now + jiff::SignedDuration::from_secs(seconds);
        verify::verify_since(self.database.app_url(), since).await.expect("verify")
    }

    /// Changes rows as only a superuser can: no trigger fires.
    pub async fn plant(&self, sql: &str) {
        self.database
            .admin()
            .await
            .batch_execute(&format!("set session_replication_role = replica; {sql}"))
            .await
            .expect("plant the fault");
    }

    /// The one value that a query answers, as text.
    pub async fn text(&self, sql: &str) -> Arc<str> {
        let row = self.database.admin().await.query_one(sql, &[]).await.expect("ask");
        row.get::<_, String>(0).into()
    }
}
