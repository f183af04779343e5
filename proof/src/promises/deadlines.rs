//! Promise 30: deadlines nest: client 5 s > request 3 s > statement 2 s > lock 0.5 s; acquire 0.5 s.
//!
//! Each is met and timed: a row that somebody else has locked, a database whose statements never end, one that has
//! gone silent, and a pool whose only connection is taken, or has yet to be made. Lock waits and statements are watched from the server's
//! side; requests are timed by their callers. None may outlast its own limit, so none can outlast the next one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_postgres::Client;
use zerosum_ledger::engine::{LOCK_WAIT_MS_MAX, STATEMENT_MS_MAX};
use zerosum_testkit::{
    history::Outcome,
    proxy::{Link, Proxy},
};

use crate::{
    Figure, Form, Run,
    behind::{Behind, one_reader},
    caller::{CLIENT_MAX, Caller, Transfer},
    conclude::{conclude, judge_statuses},
    stage::{Accounts, Stage},
};

const REQUEST_MAX: Duration = Duration::from_secs(3);
const STATEMENT_MAX: Duration = Duration::from_millis(STATEMENT_MS_MAX);
const LOCK_MAX: Duration = Duration::from_millis(LOCK_WAIT_MS_MAX);
const ACQUIRE_MAX: Duration = Duration::from_millis(500);
/// What a busy machine may add to a limit. Less than any limit, so that one cannot be taken for the next.
const LATE: Duration = Duration::from_millis(350);
const CALLERS: usize = 4;
const READERS: usize = 8;
const PATIENCE: Duration = Duration::from_secs(20);

/// Every statement that writes transactions from now on takes longer than anything may.
const SLOW: &str = "
    create function public.slow() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return null; end $$;
    create trigger slow after insert on ledger.transactions for each statement execute function public.slow()";
const FAST: &str = "drop trigger slow on ledger.transactions; drop function public.slow()";

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "deadlines nest: client 5 s > request 3 s > statement 2 s > lock 0.5 s; acquire 0.5 s";
    let mut figure = Figure::begin(30, claim, "requests that met a deadline");
    let accounts = Accounts { customers: 8, opening: 10_000 };
    let Behind { stage, proxy, service, caller } = Behind::start(run, accounts, one_reader).await?;
    let mut seen = Seen::default();
    for round in 0..run.trials(1, 4) {
        let trial = Trial { run, stage: &stage, caller: &caller, round };
        trial.settle("warm", &mut figure).await;
        trial.locked(&mut figure, &mut seen).await?;
        trial.slow(&mut figure, &mut seen).await?;
        trial.silent("silent", &mut figure, &mut seen, &proxy).await;
        if let Form::Long { .. } = run.form {
            proxy.cut_all();
            trial.silent("cut", &mut figure, &mut seen, &proxy).await;
        }
    }
    seen.judge(&mut figure);
    judge_statuses(&mut figure, &caller);
    conclude(&mut figure, &stage, caller.history.take(), &[("requests told by a deadline", seen.told)])
        .await?;
    service.kill().await?;
    Ok(figure.end(seen.told))
}

/// The longest of each, and how many requests were told 503.
#[derive(Debug, Default)]
struct Seen {
    lock: Duration,
    statement: Duration,
    acquire: Duration,
    /// Where the connection has to be made anew, which has a limit of its own, as long.
    acquire_anew: Option<Duration>,
    request: Duration,
    told: u64,
}

impl Seen {
    fn judge(&self, figure: &mut Figure) {
        let Self { lock, statement, acquire, acquire_anew, request, .. } = *self;
        for (what, found, limit) in [
            ("wait for a lock", lock, LOCK_MAX),
            ("statement", statement, STATEMENT_MAX),
            ("wait for a connection to read with", acquire, ACQUIRE_MAX),
            ("request", request, REQUEST_MAX),
        ]
        .into_iter()
        .chain(acquire_anew.map(|found| ("wait for one that is made anew", found, 2 * ACQUIRE_MAX)))
        {
            figure.see(
                format!("longest {what}"),
                format!("{} ms, limit {} ms", found.as_millis(), limit.as_millis()),
            );
            figure.claim(found <= limit + LATE, || format!("a {what} took {} ms", found.as_millis()));
            // What ends long before its limit was ended by something else, and shows nothing.
            figure.claim(found + LATE >= limit, || {
                format!("the longest {what} took {} ms: its limit was not met", found.as_millis())
            });
        }
        let nested = acquire.max(acquire_anew.unwrap_or_default()) < statement
            && lock < statement
            && statement < request
            && request < CLIENT_MAX;
        figure.claim(nested, || "they do not nest".to_owned());
    }
}

struct Trial<'a> {
    run: &'a Run,
    stage: &'a Stage,
    caller: &'a Caller,
    round: u64,
}

impl Trial<'_> {
    /// Somebody else has the row.
    async fn locked(&self, figure: &mut Figure, seen: &mut Seen) -> anyhow::Result<()> {
        let rival = self.stage.database.admin().await;
        let lock = "select from ledger.balances where account_id = $1 for update";
        rival.batch_execute("begin").await?;
        rival.execute(lock, &[&self.stage.accounts[1].uuid()]).await?;
        let watch = Watch::start(self.stage.database.admin().await, "wait_event_type = 'Lock'");
        self.told("locked", seen).await;
        seen.lock = seen.lock.max(watch.finish().await?);
        rival.batch_execute("rollback").await?;
        self.settle("locked", figure).await;
        Ok(())
    }

    /// Statements do not end by themselves.
    async fn slow(&self, figure: &mut Figure, seen: &mut Seen) -> anyhow::Result<()> {
        let admin = self.stage.database.admin().await;
        admin.batch_execute(SLOW).await?;
        let watch = Watch::start(self.stage.database.admin().await, "wait_event = 'PgSleep'");
        self.told("slow", seen).await;
        seen.statement = seen.statement.max(watch.finish().await?);
        // Waits for the statement that is under way.
        admin.batch_execute(FAST).await?;
        self.settle("slow", figure).await;
        Ok(())
    }

    /// The database says nothing: postings wait for their deadline; one reading has the only connection, and the
    /// others wait for it. After a cut, the first who waits has to make it.
    async fn silent(&self, name: &str, figure: &mut Figure, seen: &mut Seen, proxy: &Proxy) {
        let anew = name == "cut";
        if !anew {
            self.read("warm".to_owned()).await;
        }
        proxy.set_link(Link::Blackhole);
        let first = self.read("the first reader".to_owned());
        let others = async {
            sleep(Duration::from_millis(100)).await;
            join_all((0..READERS).map(|reader| self.read(format!("reader {reader}")))).await
        };
        let (first, others, ()) = tokio::join!(first, others, self.told(name, seen));
        proxy.set_link(Link::Open);
        for (status, took) in others {
            figure
                .claim(status == Some(503), || format!("a reader without a connection was told {status:?}"));
            if anew {
                seen.acquire_anew = seen.acquire_anew.max(Some(took));
            } else {
                seen.acquire = seen.acquire.max(took);
            }
            seen.told += 1;
        }
        let (status, took) = first;
        figure.claim(status == Some(503), || format!("a reader of a silent database was told {status:?}"));
        seen.request = seen.request.max(took);
        seen.told += 1;
        self.settle(name, figure).await;
    }

    /// Transfers from one account at once, each asked for once.
    async fn told(&self, name: &str, seen: &mut Seen) {
        let asked = (0..CALLERS).map(|caller| async move {
            let mut random = self.run.seed.stream(&format!("{name} {caller}"));
            let sent = Instant::now();
            let told = self.caller.ask(&self.transfer(name, caller), &mut random).await;
            (told.map(|told| told.status), sent.elapsed())
        });
        for (status, took) in join_all(asked).await {
            seen.told += u64::from(status == Some(503));
            seen.request = seen.request.max(took);
        }
    }

    /// The same transfers, until they are done.
    async fn settle(&self, name: &str, figure: &mut Figure) {
        let asked = (0..CALLERS).map(|caller| async move {
            let mut random = self.run.seed.stream(&format!("{name} again {caller}"));
            // Whatever the first attempt did, it was invoked before.
            self.caller.transfer_since(0, &self.transfer(name, caller), &mut random, PATIENCE).await
        });
        for outcome in join_all(asked).await {
            figure.claim(outcome == Outcome::Ok, || format!("{name}: afterwards a transfer was {outcome:?}"));
        }
    }

    async fn read(&self, name: String) -> (Option<u16>, Duration) {
        let (sent, mut random) = (Instant::now(), self.run.seed.stream(&name));
        let told = self.caller.read(2, &mut random).await;
        (told.map(|told| told.status), sent.elapsed())
    }

    fn transfer(&self, name: &str, caller: usize) -> Transfer {
        Transfer { key: format!("{name}-{}-{caller}", self.round), from: 1, to: 2 + caller, amount: 1 }
    }
}

/// The longest time that a lane's statement was seen in a state, by the server's clock.
struct Watch {
    stop: Arc<AtomicBool>,
    watching: JoinHandle<anyhow::Result<Duration>>,
}

impl Watch {
    fn start(admin: Client, state: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let watching = tokio::spawn(async move {
            let sql = format!(
                "select coalesce(max(extract(epoch from clock_timestamp() - query_start) * 1000), 0)::bigint
                   from pg_stat_activity
                  where datname = current_database() and application_name = 'zerosum lane' and state = 'active' and {state}"
            );
            let mut longest = 0_i64;
            while !stopped.load(Ordering::Relaxed) {
                longest = longest.max(admin.query_one(&sql, &[]).await?.try_get(0)?);
                sleep(Duration::from_millis(10)).await;
            }
            Ok(Duration::from_millis(longest.unsigned_abs()))
        });
        Self { stop, watching }
    }

    async fn finish(self) -> anyhow::Result<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        self.watching.await?
    }
}
