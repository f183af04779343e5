//! Lanes remember accounts with their lots: a command on them is one round trip, and what another process did meanwhile,
//! or time, is never missed.

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Arc, Mutex},
};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;
use tokio::time::{Instant, timeout};
use zerosum_cash::command::{
    Cash, Command, Done, Expire, Grant, Refused, Spend,
    text::{Reason, Source, UserId},
};
use zerosum_domain::{BrandId, Cents};
use zerosum_ledger::{Clock, Engine, EngineConfig, Key, Submission};
use zerosum_testkit::{
    TestDatabase,
    proxy::{Link, Proxy, Quiet},
    schedule::Seed,
};

use super::stage::{BRAND, NOON};

const USERS: u64 = 4;
const STEPS: usize = 600;

struct Ground {
    database: TestDatabase,
    clock: Arc<Mutex<Timestamp>>,
}

impl Ground {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let sql = "insert into ledger.brands (brand_id, name, currency) values ($1, $1, 'USD')";
        database.admin().await.execute(sql, &[&BRAND]).await.unwrap();
        Self { database, clock: Arc::new(Mutex::new(NOON.parse().unwrap())) }
    }

    fn engine(&self) -> Engine<Cash> {
        self.engine_of(EngineConfig::new(self.database.app_url().parse().unwrap()))
    }

    fn engine_of(&self, config: EngineConfig) -> Engine<Cash> {
        let clock = Clock::Set(self.clock.clone());
        Engine::start(Cash, EngineConfig { clock, own_thread: false, ..config })
    }

    fn now(&self) -> Timestamp {
        *self.clock.lock().unwrap()
    }

    fn wait(&self, seconds: i64) {
        let mut now = self.clock.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }

    async fn books_hold(&self) {
        let report = zerosum_ledger::verify::verify(self.database.app_url()).await.unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

async fn ask(engine: &Engine<Cash>, command: Command) -> Result<Done, Refused> {
    let deadline = Instant::now() + std::time::Duration::from_secs(30);
    let brand = BrandId::parse(BRAND).unwrap();
    engine.submit(Submission { brand, key: None, command, deadline }).await.unwrap().outcome
}

fn grant(user: u64, amount: i64, expires_at: Option<Timestamp>) -> Command {
    Command::Grant(Grant {
        user: UserId::parse(&format!("user {user}")).unwrap(),
        amount: Cents::new(amount).unwrap(),
        source: Source::parse("campaign").unwrap(),
        reason: None,
        expires_at,
        memo: None,
    })
}

fn spend(user: u64, amount: i64) -> Command {
    Command::Spend(Spend {
        user: UserId::parse(&format!("user {user}")).unwrap(),
        amount: Cents::new(amount).unwrap(),
        reason: Reason::parse("purchase").unwrap(),
        memo: None,
    })
}

#[tokio::test]
async fn a_spend_of_lots_that_the_lane_remembers_is_one_round_trip() {
    let ground = Ground::new().await;
    let engine = ground.engine();
    for amount in [10, 20, 30] {
        ask(&engine, grant(1, amount, None)).await.unwrap();
    }
    // The brand's own account is opened by the first.
    ask(&engine, spend(1, 1)).await.unwrap();
    let before = engine.stats().round_trips();
    for amount in [5, 12, 33] {
        ask(&engine, spend(1, amount)).await.unwrap();
    }
    ask(&engine, grant(1, 7, None)).await.unwrap();
    assert_eq!(engine.stats().round_trips() - before, 4);
    assert_eq!(engine.stats().stale(), 0);
    ground.books_hold().await;
}

/// Spends of lots that a batch on its way is to grant, sent behind it. Another process has granted them under the same
/// keys, as much to each: lots of other names.
#[tokio::test]
async fn lots_that_another_process_has_granted_are_not_taken_for_those_of_a_batch_that_failed() {
    const USERS: u64 = 100;
    let ground = Ground::new().await;
    let proxy = Proxy::before(ground.database.app_url(), Quiet).await;
    let database = proxy.url(ground.database.app_url()).parse().unwrap();
    let config = EngineConfig { batch_max: 100, connections: 1, ..EngineConfig::new(database) };
    let (engine, elsewhere) = (ground.engine_of(config), ground.engine());
    for user in 0..USERS {
        ask(&engine, grant(user, 1, None)).await.unwrap();
        ask(&engine, spend(user, 1)).await.unwrap();
    }
    let brand = BrandId::parse(BRAND).unwrap();
    let keyed = |name: String, command: Command| {
        let key = Some(Key::new("cash/caller", name, [1; 32]));
        let deadline = Instant::now() + std::time::Duration::from_secs(30);
        Submission { brand: brand.clone(), key, command, deadline }
    };
    let grants = || (0..USERS).map(|user| keyed(format!("grant {user}"), grant(user, 10, None)));
    let spends = (0..USERS).map(|user| keyed(format!("spend {user}"), spend(user, 10)));
    proxy.set_link(Link::Blackhole);
    let mut sent = pin!(join_all(grants().chain(spends).map(|submission| engine.submit(submission))));
    while engine.stats().followers() == 0 {
        let answered = timeout(std::time::Duration::from_millis(1), sent.as_mut()).await;
        assert!(answered.is_err(), "nothing was sent behind another");
    }
    let theirs = join_all(grants().map(|submission| elsewhere.submit(submission))).await;
    assert!(theirs.iter().all(|answer| answer.as_ref().is_ok_and(|answer| !answer.replayed)));
    proxy.set_link(Link::Open);
    for answer in sent.await {
        assert!(answer.unwrap().outcome.is_ok());
    }
    ground.books_hold().await;
    assert_eq!(engine.stats().stale(), 2, "the spends were decided again");
}

/// A crowd at a few users' lots, on two connections: batches wait for each other before they draw, and each draws what
/// the ones before it have left, the earliest grant first.
#[tokio::test]
async fn spends_of_the_same_lots_fly_beside_each_other_and_draw_in_order() {
    const SPENDS: i64 = 240;
    let ground = Ground::new().await;
    let config = EngineConfig::new(ground.database.app_url().parse().unwrap());
    let engine = ground.engine_of(EngineConfig { batch_max: 40, ..config });
    let later = |hours| Some(ground.now() + SignedDuration::from_hours(hours));
    for user in 0..USERS {
        for hours in [3, 1, 2] {
            ask(&engine, grant(user, 1_000_000, later(hours))).await.unwrap();
        }
        ask(&engine, spend(user, 1)).await.unwrap();
    }
    let (mut rounds, mut spent) = (0, 1);
    // The second connection is opened in the background, once it is wanted.
    while engine.stats().gated() < 20 {
        rounds += 1;
        assert!(rounds < 2_000, "nothing waited for another");
        let all = (0..SPENDS).map(|n| ask(&engine, spend(n as u64 % USERS, 10)));
        assert!(join_all(all).await.into_iter().all(|told| told.is_ok()));
        spent += SPENDS / USERS as i64 * 10;
    }
    assert_eq!((engine.stats().stale(), engine.stats().reruns()), (0, 0));
    let sql = "select remaining from ledger.lots order by account_id, expires_at";
    let rows = ground.database.admin().await.query(sql, &[]).await.unwrap();
    for lots in rows.chunks(3) {
        let left: Vec<i64> = lots.iter().map(|row| row.get(0)).collect();
        let mut expected = vec![
            (later(1).unwrap(), 1_000_000),
            (later(2).unwrap(), 1_000_000),
            (later(3).unwrap(), 1_000_000),
        ];
        take(&mut expected, spent, ground.now());
        assert_eq!(left, expected.iter().map(|(_, left)| *left).collect::<Vec<i64>>());
    }
    ground.books_hold().await;
}

/// What a user has: when each grant ends, and what is left of it, in the order of spending.
type Model = BTreeMap<u64, Vec<(Timestamp, i64)>>;

/// Two processes, a clock that goes on and a job that posts what has lapsed, against a model. Whoever is asked has
/// something to remember, and half of the time it is wrong.
#[tokio::test]
async fn whatever_lanes_remember_the_earliest_grants_are_spent_and_no_more_than_there_is() {
    let ground = Ground::new().await;
    let engines = [ground.engine(), ground.engine()];
    let mut random = Seed(1).stream("cash");
    let mut below = |most: u64| random.random_range(0..most);
    let mut model = Model::new();
    let mut refused = 0;
    for step in 0..STEPS {
        // Runs of one process, so that it comes to trust what it remembers.
        let engine = &engines[step / 8 % 2];
        let (user, now) = (below(USERS), ground.now());
        match below(10) {
            0 => ground.wait(i64::try_from(below(40)).unwrap()),
            1..=3 => {
                let amount = i64::try_from(1 + below(50)).unwrap();
                let expires = (below(3) > 0)
                    .then(|| now + SignedDuration::from_secs(i64::try_from(1 + below(120)).unwrap()));
                let Ok(Done::Granted(granted)) = ask(engine, grant(user, amount, expires)).await else {
                    panic!("step {step}: the grant was refused")
                };
                let lots = model.entry(user).or_default();
                lots.push((expires.unwrap_or(Timestamp::MAX), amount));
                // Stable: of two that end together, the older one first.
                lots.sort_by_key(|(expires, _)| *expires);
                assert_eq!(granted.balance, usable(lots, now), "step {step}");
            }
            4 => {
                let sql = "select account_id from ledger.accounts where code = $1";
                let code = format!("cash:user:user {user}");
                let rows = ground.database.admin().await.query(sql, &[&code]).await.unwrap();
                let accounts = rows.iter().map(|row| zerosum_domain::AccountId::new(row.get(0))).collect();
                ask(engine, Command::Expire(Expire { accounts })).await.unwrap();
            }
            _ => {
                let amount = i64::try_from(1 + below(60)).unwrap();
                let told = ask(engine, spend(user, amount)).await;
                let Some(lots) = model.get_mut(&user) else {
                    assert_eq!(told, Err(Refused::NoAccount), "step {step}");
                    continue;
                };
                let has = usable(lots, now);
                if has < amount {
                    let asked = Cents::new(amount).unwrap();
                    assert_eq!(told, Err(Refused::Insufficient { asked, usable: has }), "step {step}");
                    refused += 1;
                    continue;
                }
                let Ok(Done::Spent(spent)) = told else { panic!("step {step}: {told:?}, has {has}") };
                take(lots, amount, now);
                assert_eq!(spent.balance, usable(lots, now), "step {step}");
            }
        }
    }
    let counts =
        |engine: Engine<Cash>| (engine.stats().stale(), engine.stats().scouts(), engine.stats().batches());
    let [one, other] = engines.map(counts);
    println!(
        "stale, scouts and batches of each process: {one:?} and {other:?}; {refused} spends were refused"
    );
    assert!(one.0 > 1 && other.0 > 1, "memory was never wrong: {one:?} {other:?}");
    assert!(one.1 > 1 && other.1 > 1, "nothing was read ahead: {one:?} {other:?}");
    assert!(refused > 20, "{refused}");
    // What is left in the books, lot by lot.
    let sql = "select a.code, coalesce(l.expires_at, 'infinity')::text, l.remaining
                 from ledger.lots l join ledger.accounts a using (brand_key, account_id)
                where l.remaining > 0 and (l.expires_at is null or l.expires_at > $1::text::timestamptz)";
    let rows = ground.database.admin().await.query(sql, &[&ground.now().to_string()]).await.unwrap();
    let total: i64 = rows.iter().map(|row| row.get::<_, i64>(2)).sum();
    let now = ground.now();
    assert_eq!(total, model.values().map(|lots| usable(lots, now)).sum::<i64>());
    let live = |lots: &Vec<(Timestamp, i64)>| lots.iter().filter(|lot| lot.0 > now && lot.1 > 0).count();
    assert_eq!(rows.len(), model.values().map(live).sum::<usize>());
    ground.books_hold().await;
}

fn usable(lots: &[(Timestamp, i64)], now: Timestamp) -> i64 {
    lots.iter().filter(|(expires, _)| *expires > now).map(|(_, left)| left).sum()
}

fn take(lots: &mut [(Timestamp, i64)], mut amount: i64, now: Timestamp) {
    for (_, left) in lots.iter_mut().filter(|(expires, _)| *expires > now) {
        let part = amount.min(*left);
        *left -= part;
        amount -= part;
    }
    assert_eq!(amount, 0);
}
