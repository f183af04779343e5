//! Promise 1: a bank under load, clean and under faults, is never seen out of balance.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use zerosum_tests::{
    Answer, Ask, BRAND, Client, Stage,
    accounting::{id, open, post, transaction},
    crowd::crowd,
};

const HOT: usize = 8;
const COLD: usize = 10_000;
const CLIENTS: usize = 32;

struct Bank {
    stage: Stage,
    instances: [Client; 2],
    hot: Vec<String>,
    cold: Vec<String>,
}

/// Everything that the workload was told, in all its phases.
#[derive(Default)]
struct Told {
    posted: HashSet<String>,
    refused: usize,
    resends: usize,
}

impl Bank {
    /// Hot accounts may owe 500 each, so that some transfers are refused; cold ones have no limits, and are there
    /// before the services are.
    async fn open() -> Self {
        const COLD_ONES: &str = "
            with opened as (
              insert into ledger.accounts
                (brand_key, account_id, name, type, steward, currency, keeps_lots, created_at, updated_at)
              select ledger.brand_key($1), gen_random_uuid(), 'cold', 'asset', 'general', 'USD', false, now(), now()
                from generate_series(1, $2)
              returning brand_key, account_id
            )
            insert into ledger.balances (brand_key, account_id, posted, held, version)
            select brand_key, account_id, 0, 0, 0 from opened
            returning account_id::text";
        let stage = Stage::new().await;
        let admin = stage.database.admin().await;
        let opened = admin.query(COLD_ONES, &[&BRAND, &i32::try_from(COLD).expect("small")]).await;
        let cold = opened.expect("cold accounts").iter().map(|row| row.get(0)).collect();
        let instances = [stage.accounting().await, stage.accounting().await];
        let hot = crowd(HOT, 0..HOT, |n| {
            let more = json!({"min_balance_cents": -500});
            let (client, ask) = (instances[n % 2].clone(), open(&format!("account {n}"), &more));
            async move { id(&client.until_decided(ask).await.0.expect(201)) }
        })
        .await;
        Self { stage, instances, hot, cold }
    }

    /// A transfer of up to 100 among two to four accounts, at least one of them hot.
    fn transfer(&self, random: &mut StdRng) -> Ask {
        let pick = |random: &mut StdRng, accounts: &[String]| {
            let at = random.random_range(0..accounts.len());
            accounts[at].clone()
        };
        let mut entries = vec![(pick(random, &self.hot), 0)];
        for _ in 0..random.random_range(1..=3) {
            let accounts = if random.random_bool(0.2) { &self.hot } else { &self.cold };
            let amount: i64 = random.random_range(1..=100);
            let amount = if random.random_bool(0.6) { amount } else { -amount };
            entries.push((pick(random, accounts), amount));
        }
        let sum: i64 = entries.iter().map(|(_, amount)| amount).sum();
        // An amount of zero is no entry.
        if sum == 0 {
            entries[1].1 += 1;
        }
        entries[0].1 = -entries[1..].iter().map(|(_, amount)| amount).sum::<i64>();
        if entries.iter().any(|(_, amount)| *amount == 0) {
            return self.transfer(random);
        }
        let entries: Vec<(&str, i64)> =
            entries.iter().map(|(account, amount)| (&**account, *amount)).collect();
        post(&transaction(&entries))
    }

    async fn work(&self, transfers: usize, seed: u64, told: &mut Told) {
        let mut random = StdRng::seed_from_u64(seed);
        let jobs: Vec<(usize, Ask)> = (0..transfers).map(|n| (n % 2, self.transfer(&mut random))).collect();
        let answers = crowd(CLIENTS, jobs, |(instance, ask)| {
            let client = self.instances[instance].clone();
            async move { client.until_decided(ask).await }
        })
        .await;
        told.hear(answers);
    }
}

impl Told {
    fn hear(&mut self, answers: Vec<(Answer, usize)>) {
        for (answer, resends) in answers {
            self.resends += resends;
            match (answer.status, answer.code()) {
                (201, _) => assert!(self.posted.insert(id(&answer.body)), "two keys share an effect"),
                (409, "insufficient_balance") => self.refused += 1,
                other => panic!("{other:?} {}", answer.body),
            }
        }
    }
}

/// Looks at the books again and again until told to stop, as a caller and as a verifier; answers how often.
async fn watch(bank: Arc<Bank>, stop: Arc<AtomicBool>) -> (usize, usize) {
    let (mut seen, mut verified) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let ask = Ask::get("getTrialBalance", "/v1/trial-balance");
        if let Ok(answer) = bank.instances[0].try_ask(&ask).await
            && answer.status == 200
        {
            assert_eq!(answer.body["balanced"], true, "{}", answer.body);
            seen += 1;
        }
        // The verifier's own connection may be cut, too.
        if let Ok(report) = zerosum_ledger::verify(bank.stage.database.app_url()).await {
            assert!(report.is_clean(), "{report}");
            verified += 1;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    (seen, verified)
}

/// Ends one of the services' connections to the database, five times a second.
async fn terminate_backends(bank: Arc<Bank>, stop: Arc<AtomicBool>) -> i64 {
    const ONE: &str = "select count(pg_terminate_backend(pid)) from (
        select pid from pg_stat_activity
         where datname = current_database() and usename = 'zerosum' order by random() limit 1) victim";
    let admin = bank.stage.database.admin().await;
    let mut ended = 0;
    while !stop.load(Ordering::Relaxed) {
        ended += admin.query_one(ONE, &[]).await.expect("terminate").get::<_, i64>(0);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    ended
}

/// Callers that send a transfer and go away before its answer; answers how many sent one.
async fn go_away(bank: Arc<Bank>, stop: Arc<AtomicBool>) -> usize {
    let mut random = StdRng::seed_from_u64(3);
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        let ask = bank.transfer(&mut random);
        let patience = Duration::from_micros(random.random_range(100..5_000));
        // Dropping the request closes its connection.
        let _gone = tokio::time::timeout(patience, bank.instances[sent % 2].try_ask(&ask)).await;
        sent += 1;
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_neither_made_nor_lost_clean_or_under_faults() {
    const CLEAN: usize = 6_000;
    const CUT: usize = 3_000;
    const DESERTED: usize = 3_000;
    let bank = Arc::new(Bank::open().await);
    let mut told = Told::default();
    let (stop_watching, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let watching = tokio::spawn(watch(bank.clone(), stop_watching.clone()));

    let started = Instant::now();
    bank.work(CLEAN, 1, &mut told).await;
    let clean = started.elapsed();
    assert_eq!(told.resends, 0, "nothing was resent where nothing failed");
    assert_eq!(
        bank.stage.number("select count(*) from ledger.transactions").await as usize,
        told.posted.len()
    );

    let terminating = tokio::spawn(terminate_backends(bank.clone(), stop.clone()));
    bank.work(CUT, 2, &mut told).await;
    stop.store(true, Ordering::Relaxed);
    let terminated = terminating.await.expect("the terminator");
    assert!(terminated > 0, "no backend was terminated, so nothing was proven");
    assert_eq!(
        bank.stage.number("select count(*) from ledger.transactions").await as usize,
        told.posted.len(),
        "what was acknowledged is there, and nothing else"
    );

    stop.store(false, Ordering::Relaxed);
    let deserting = tokio::spawn(go_away(bank.clone(), stop.clone()));
    bank.work(DESERTED, 4, &mut told).await;
    stop.store(true, Ordering::Relaxed);
    let deserted = deserting.await.expect("the deserters");

    stop_watching.store(true, Ordering::Relaxed);
    let (seen, verified) = watching.await.expect("the watcher");
    assert!(seen > 0 && verified > 0, "nobody looked");
    let there: HashSet<String> = bank
        .stage
        .database
        .admin()
        .await
        .query("select transaction_id::text from ledger.transactions", &[])
        .await
        .expect("ask")
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(told.posted.is_subset(&there), "what was acknowledged is there");
    assert!(
        there.len() - told.posted.len() <= deserted,
        "what nobody was told of was sent by those who left"
    );
    assert!(told.refused > 0, "no transfer was refused, so limits were not tried");
    let report = bank.stage.books_hold().await;
    println!(
        "{} transfers by {CLIENTS} clients over 2 instances, {HOT} hot and {COLD} cold accounts: {} posted, {} refused \
         ({CLEAN} clean in {clean:.1?}); {terminated} backends terminated, {} resends, {deserted} callers left; \
         {seen} trial balances and {verified} verifications in between, {} entries: nothing made or lost",
        CLEAN + CUT + DESERTED,
        told.posted.len(),
        told.refused,
        told.resends,
        report.counts.entries,
    );
}
