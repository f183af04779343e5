//! What a lane remembers of wallets: it saves round trips, and is never believed where another process has been.

use std::{collections::HashMap, time::Duration};

use http::Method;
use serde_json::{Value, json};
use zerosum_ledger::engine::Stats;
use zerosum_testkit::http::Till;
use zerosum_wallet_spend::service::{Parts, Service};

use super::stage::{
    Answer, BRAND, Holder, Stage, UNIT, location, patient, refused, settle_body, signed, spend_body,
};

/// The least that the scheme lets be spent.
const LEAST: i64 = 10_000;

/// Locks and frees points until the lane has opened the connection that reads ahead, and remembers the wallet.
/// Answers after how many rounds that was.
async fn warm(stage: &Stage, holder: &Holder) -> usize {
    warm_by(stage.service.engine().stats(), async || lock_and_free(stage, holder).await).await
}

/// The same by these two calls.
async fn warm_by(stats: &Stats, lock_and_free: impl AsyncFn()) -> usize {
    for round in 0..100 {
        let before = stats.round_trips();
        lock_and_free().await;
        if stats.round_trips() == before + 2 {
            return round + 1;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the wallet is never remembered");
}

async fn lock_and_free(stage: &Stage, holder: &Holder) {
    let reference = stage.name("warm");
    stage.spend(holder, &reference, LEAST, true).await.expect(200);
    stage.void(holder, &reference).await.expect(200);
}

fn round_trips(stage: &Stage) -> u64 {
    stage.service.engine().stats().round_trips()
}

fn stale(stage: &Stage) -> u64 {
    stage.service.engine().stats().stale()
}

/// A scheme that gives points back.
async fn holder(stage: &Stage, points: i64) -> Holder {
    let step =
        json!({"floor": LEAST, "ceiling": 500_000, "step": 100, "rate": 0.1, "bonus": 0, "pointsBack": 3});
    let more = json!({"rates": {"redemption": {UNIT: [step]}}});
    let scheme = stage.scheme_with("BACK", more).await;
    let holder = stage.holder_of("card", &[(&scheme, "BACK")]).await;
    stage.credit(&holder, points).await;
    holder
}

/// What a till asks for on one wallet, with the answers.
async fn day(stage: &Stage, holder: &Holder) -> Vec<Value> {
    let mut answers = Vec::new();
    let mut keep = |answer: Answer| answers.push(json!([answer.status, answer.body]));
    keep(stage.spend(holder, "s-1", 10_000, true).await);
    keep(stage.spend(holder, "s-2", 20_000, true).await);
    keep(stage.settle(holder, "buy-1", &["s-1"]).await);
    keep(stage.void(holder, "s-2").await);
    keep(stage.spend(holder, "s-3", 30_000, false).await);
    keep(stage.open(holder, "buy-2").await);
    keep(stage.spend(holder, "s-4", 14_000, true).await);
    keep(stage.spend(holder, "s-5", 15_000, true).await);
    let gift = |points| json!({"type": "earn", "balances": {"current": points}, "targetedAccountId": holder.account});
    let mut settle = settle_body(holder, "buy-2", &["s-4", "s-5"]);
    settle["operations"] = json!([gift(70), {"operationType": "REDEEM", "token": "T"}]);
    settle["walletTransactions"][1]["pointsValue"] = json!(12_000);
    keep(stage.post("settle", "/connect/wallet/settle", &settle).await);
    // By its wallet alone, and by its spend alone.
    keep(stage.spend(holder, "s-6", 16_000, true).await);
    let mut settle = settle_body(holder, "buy-3", &["s-6"]);
    settle["walletId"] = json!(holder.wallet);
    settle.as_object_mut().unwrap().remove("identity");
    keep(stage.post("settle", "/connect/wallet/settle", &settle).await);
    keep(stage.spend(holder, "s-7", 17_000, true).await);
    let mut settle = settle_body(holder, "s-7", &[]);
    settle.as_object_mut().unwrap().remove("identity");
    keep(stage.post("settle", "/connect/wallet/settle", &settle).await);
    // Refused for what is remembered, for what is not, and for both at once.
    keep(stage.spend(holder, "s-8", 490_000, true).await);
    keep(stage.spend(holder, "buy-1", 490_000, true).await);
    keep(stage.settle(holder, "buy-4", &["s-4"]).await);
    keep(stage.settle(holder, "buy-1", &["nothing"]).await);
    keep(stage.settle(holder, "s-4", &[]).await);
    keep(stage.void(holder, "s-1").await);
    let mut stranger = spend_body(holder, "s-9", 10_000, true);
    stranger["identity"]["identityValue"] = json!("nobody");
    keep(stage.post("spend", "/connect/wallet/spend", &stranger).await);
    keep(stage.settle(holder, "buy-6", &[]).await);
    assert_eq!(stale(stage), 0, "none of it is a guess that fails");
    // Said again: taken to be new, and found out.
    keep(stage.spend(holder, "buy-1", 10_000, true).await);
    keep(stage.spend(holder, "s-1", 10_000, true).await);
    keep(stage.settle(holder, "buy-1", &["s-1"]).await);
    keep(stage.void(holder, "s-2").await);
    for reference in ["s-1", "s-2", "s-3", "s-4", "s-5", "s-6", "s-7", "buy-1", "buy-2", "buy-3", "buy-6"] {
        let target = format!("/wallet/transaction?reference={reference}");
        keep(stage.get("findTransaction", &target).await);
    }
    let target = format!("/wallet/{}/account/{}/transactions?limit=30", holder.wallet, holder.account);
    keep(stage.get("listAccountTransactions", &target).await);
    answers.extend(stage.events().await.into_iter().map(|(name, envelope)| json!([name, envelope])));
    answers
}

/// Ids and digests by the order in which they first appear, and no moments: two may be one, or not.
fn plain(answers: &[Value]) -> String {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-:+.".contains(letter);
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut text = String::new();
    let said = serde_json::to_string_pretty(answers).unwrap();
    for word in said.split_inclusive(|letter: char| !is_part(letter)) {
        let (word, rest) = word.split_at(word.trim_end_matches(|letter| !is_part(letter)).len());
        let is_number = word.len() >= 8 && word.chars().all(|letter| letter.is_ascii_digit());
        let is_digest =
            word.len() >= 32 && word.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-');
        if is_number || is_digest {
            let next = names.len();
            text += &format!("#{}", names.entry(word.to_owned()).or_insert(next));
        } else if word.contains('T') && word.matches(':').count() >= 2 {
            text += "moment";
        } else {
            text += word;
        }
        text += rest;
    }
    text
}

#[tokio::test]
async fn a_day_on_memory_is_answered_like_a_day_under_locks() {
    let (memory, locks) = (Stage::new().await, Stage::forgetful().await);
    let (mut told, mut rounds) = (Vec::new(), 0);
    for stage in [&memory, &locks] {
        let holder = holder(stage, 300_000).await;
        if rounds == 0 {
            rounds = warm(stage, &holder).await;
        } else {
            for _ in 0..rounds {
                lock_and_free(stage, &holder).await;
            }
        }
        told.push(plain(&day(stage, &holder).await));
        stage.books_hold().await;
    }
    let [on_memory, under_locks] = told.as_slice() else { unreachable!() };
    for (line, (locks, memory)) in under_locks.lines().zip(on_memory.lines()).enumerate() {
        assert_eq!(locks, memory, "line {line}");
    }
    assert_eq!(under_locks.lines().count(), on_memory.lines().count());
}

#[tokio::test]
async fn a_wallet_that_is_remembered_takes_one_round_trip() {
    let stage = Stage::new().await;
    let holder = stage.holder(1_000_000).await;
    warm(&stage, &holder).await;
    // The first settle reads the identity that it shows, and the accounts of the scheme.
    stage.spend(&holder, "first", 10_000, true).await.expect(200);
    stage.settle(&holder, "first-buy", &["first"]).await.expect(200);
    for n in 0..20 {
        let spend = format!("spend-{n}");
        let before = round_trips(&stage);
        stage.spend(&holder, &spend, 10_000, true).await.expect(200);
        assert_eq!(round_trips(&stage) - before, 1, "a spend");
        stage.settle(&holder, &format!("buy-{n}"), &[&spend]).await.expect(200);
        assert_eq!(round_trips(&stage) - before, 2, "a spend and its settle");
    }
    // What is refused is decided again under locks, and says nothing against what is remembered.
    for _ in 0..5 {
        refused(&stage.spend(&holder, "too-much", 1_000_000, true).await, 400, "ADJUDICATION_MISMATCH");
    }
    let before = round_trips(&stage);
    stage.spend(&holder, "last", 10_000, true).await.expect(200);
    assert_eq!(round_trips(&stage) - before, 1);
    assert_eq!(stale(&stage), 0);
    stage.books_hold().await;
}

/// What is open of such a wallet is too much to remember, and to be read twice for each command.
#[tokio::test]
async fn a_wallet_with_many_open_locks_goes_under_locks_and_is_not_looked_at_first() {
    let stage = Stage::new().await;
    let holder = stage.holder(1_000_000).await;
    warm(&stage, &holder).await;
    let locks: Vec<String> = (0..60).map(|n| format!("lock-{n}")).collect();
    let (few, more) = locks.split_at(40);
    for lock in few {
        stage.spend(&holder, lock, 10_000, true).await.expect(200);
    }
    let scouts = || stage.service.engine().stats().scouts();
    let before = (scouts(), round_trips(&stage));
    for lock in more {
        stage.spend(&holder, lock, 10_000, true).await.expect(200);
    }
    for lock in &locks[..30] {
        stage.void(&holder, lock).await.expect(200);
    }
    assert_eq!((scouts(), round_trips(&stage)), (before.0, before.1 + 50 * 3));
    assert_eq!(stage.figures(&holder).await[..3], [1_000_000, 700_000, 300_000]);
    // With what a wallet can be remembered with, it is again, after a while.
    warm(&stage, &holder).await;
    assert_eq!((scouts(), stale(&stage)), (before.0 + 1, 0));
    stage.books_hold().await;
}

#[tokio::test]
async fn a_strange_wallet_is_read_ahead_without_locks() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    // An instance that has seen the one, and no other.
    let second = Service::start(Parts::new(stage.database.app_url().parse().unwrap())).unwrap();
    let stats = second.engine().stats();
    warm_by(stats, async || {
        let reference = stage.name("warm");
        Other::of(&second, &holder).spend(&reference, LEAST).await.expect(200);
        Other::of(&second, &holder).void(&reference).await.expect(200);
    })
    .await;
    let mut strangers = 0;
    // The connection that reads is opened in the background, once something is to be read.
    let (stranger, before, open, settled) = loop {
        let (name, spend) = (format!("stranger-{strangers}"), format!("open-{strangers}"));
        let stranger = stage.holder_of(&name, &[(&holder.scheme, &holder.scheme_reference)]).await;
        stage.credit(&stranger, 50_000).await;
        let open = stage.spend(&stranger, &spend, 10_000, true).await.expect(200);
        let before = (stats.round_trips(), stats.scouts());
        let settled =
            Other::of(&second, &stranger).settle(&format!("buy-{strangers}"), &[&spend]).await.expect(200);
        if stats.scouts() > before.1 {
            break (stranger, before, open, settled);
        }
        strangers += 1;
        assert!(strangers < 100, "no connection to read with");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(
        (stats.round_trips(), stats.scouts()),
        (before.0 + 3, before.1 + 1),
        "two to read, one to write"
    );
    let id = |answer: &Value, at: usize| answer["walletTransactions"][at]["walletTransactionId"].clone();
    assert_eq!(id(&settled, 1), id(&open, 0), "{settled}");
    Other::of(&second, &stranger).spend("more", 20_000).await.expect(200);
    assert_eq!(stats.round_trips(), before.0 + 4, "now it is known");
    assert_eq!(
        (stats.stale(), stage.figures(&stranger).await[..3].to_vec()),
        (0, vec![40_000, 20_000, 20_000])
    );
    stage.books_hold().await;
}

/// The other instance, which has a memory of its own.
struct Other<'a> {
    till: Till,
    holder: &'a Holder,
}

impl<'a> Other<'a> {
    fn of(service: &Service, holder: &'a Holder) -> Self {
        Self { till: Till::new(service.edge().clone(), String::new()), holder }
    }

    async fn ask(&self, operation: &str, method: Method, target: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        patient(&self.till, operation, signed(BRAND, method, target, body.as_bytes(), &[])).await
    }

    async fn spend(&self, reference: &str, points: i64) -> Answer {
        let body = spend_body(self.holder, reference, points, true);
        self.ask("spend", Method::POST, "/connect/wallet/spend", &body).await
    }

    async fn void(&self, reference: &str) -> Answer {
        let body = json!({"identity": {"identityValue": self.holder.identity}, "reference": reference});
        self.ask("spendVoid", Method::POST, "/connect/wallet/spend/void", &body).await
    }

    async fn settle(&self, reference: &str, children: &[&str]) -> Answer {
        let body = settle_body(self.holder, reference, children);
        self.ask("settle", Method::POST, "/connect/wallet/settle", &body).await
    }
}

/// What one instance remembers, the other has changed: the lock that is open is ended, its points are gone, and held
/// again for something else, so that the account is as it was and the wallet is not.
#[tokio::test]
async fn what_another_instance_has_changed_is_not_decided_on() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    let other = Other { till: stage.second_instance(), holder: &holder };
    warm(&stage, &holder).await;
    let before = stale(&stage);

    stage.spend(&holder, "mine", 60_000, true).await.expect(200);
    other.void("mine").await.expect(200);
    other.spend("theirs", 60_000).await.expect(200);
    refused(&stage.settle(&holder, "buy", &["mine"]).await, 400, "TRANSACTION_VOIDED");
    assert!(stale(&stage) > before, "it went by what it remembered, and found out");

    warm(&stage, &holder).await;
    other.void("theirs").await.expect(200);
    other.spend("theirs-2", 60_000).await.expect(200);
    // The same void again changes nothing.
    stage.void(&holder, "theirs").await.expect(200);
    assert_eq!(stage.figures(&holder).await[..3], [100_000, 40_000, 60_000]);
    refused(&stage.spend(&holder, "too-much", 50_000, true).await, 400, "INSUFFICIENT_POINTS");

    warm(&stage, &holder).await;
    other.settle("buy-2", &["theirs-2"]).await.expect(200);
    stage.spend(&holder, "mine-2", 40_000, true).await.expect(200);
    refused(&other.spend("theirs-3", 10_000).await, 400, "INSUFFICIENT_POINTS");

    // Nothing of the wallet's points moves: it gets another identity.
    stage.void(&holder, "mine-2").await.expect(200);
    warm(&stage, &holder).await;
    let before = stale(&stage);
    let add = json!({"type": "CARD", "value": "second-card", "state": "DEFAULT", "status": "ACTIVE"});
    let target = format!("/wallet/{}/identity", holder.wallet);
    other.ask("createIdentity", Method::POST, &target, &add).await.expect(200);
    stage.spend(&holder, "mine-3", 10_000, true).await.expect(200);
    assert!(stale(&stage) > before, "whatever changes of a wallet, its version tells");
    stage.books_hold().await;
}

/// A batch that goes by memory locks no wallet, only the balances of its accounts, and commits while another waits for
/// those: what the other reads of the wallet must be of after that.
#[tokio::test]
async fn under_locks_a_wallet_is_read_after_the_balances_of_its_accounts_are_locked() {
    const WAITS: &str = "
        select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    stage.spend(&holder, "spend", 20_000, true).await.expect(200);
    let admin = stage.database.admin().await;
    let moves = "begin;
        update ledger.balances set revision = revision + 1;
        update wallet.wallet_transactions set store_id = 'moved' where reference = 'spend'";
    admin.batch_execute(moves).await.unwrap();

    // Runs under locks, whatever is remembered.
    let (target, named) = ("/connect/wallet/transaction", [("X-EES-TRANSACTION-ID", "spend")]);
    let body = json!({"meta": {"receipt": "4711"}}).to_string();
    let annotate = stage.ask_as(BRAND, "annotateTransaction", Method::PATCH, target, body.as_bytes(), &named);
    let commit = async {
        let other = stage.database.admin().await;
        while !other.query_one(WAITS, &[]).await.unwrap().get::<_, bool>(0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        admin.batch_execute("commit").await.unwrap();
    };
    let (answer, ()) = tokio::join!(annotate, commit);
    assert_eq!(answer.expect(200)["location"]["storeId"], "moved");
    stage.books_hold().await;
}

/// What an operator sets for a brand holds with the next command.
#[tokio::test]
async fn what_a_brand_has_set_is_not_remembered_past_its_change() {
    let stage = Stage::new().await;
    let holder = stage.holder(200_000).await;
    let admin = stage.database.admin().await;
    let minutes = async |reference: &str| -> i64 {
        let sql = "select extract(epoch from lock_expires_at - created_at)::bigint / 60
                     from wallet.wallet_transactions where reference = $1";
        admin.query_one(sql, &[&reference]).await.unwrap().get(0)
    };
    warm(&stage, &holder).await;
    let insert = "insert into wallet.brand_settings (brand_key, unit_id, unit_name, lock_seconds)
                  values (ledger.brand_key('demo'), $1, '', 600)";
    admin.execute(insert, &[&UNIT]).await.unwrap();
    stage.spend(&holder, "first", 10_000, true).await.expect(200);
    assert_eq!(minutes("first").await, 10);
    for (reference, seconds) in [("second", 1_200), ("third", 1_800)] {
        warm(&stage, &holder).await;
        admin.execute("update wallet.brand_settings set lock_seconds = $1", &[&seconds]).await.unwrap();
        stage.spend(&holder, reference, 10_000, true).await.expect(200);
        assert_eq!(minutes(reference).await, i64::from(seconds) / 60);
    }
    stage.books_hold().await;
}

/// A purchase that was opened elsewhere is taken to be new, and its reference finds out.
#[tokio::test]
async fn a_reference_that_another_instance_has_given_is_found_out() {
    let stage = Stage::new().await;
    let holder = stage.holder(100_000).await;
    let rival = stage.holder_of("rival", &[(&holder.scheme, &holder.scheme_reference)]).await;
    let other = Other { till: stage.second_instance(), holder: &rival };
    warm(&stage, &holder).await;
    stage.credit(&rival, 50_000).await;
    other.spend("taken", 10_000).await.expect(200);
    refused(&stage.spend(&holder, "taken", 20_000, true).await, 400, "REFERENCE_NOT_UNIQUE");

    warm(&stage, &holder).await;
    let open = json!({
        "identity": {"identityValue": holder.identity}, "reference": "basket", "lock": true, "location": location(),
    });
    other.ask("open", Method::POST, "/connect/wallet/open", &open).await.expect(200);
    stage.spend(&holder, "mine", 10_000, true).await.expect(200);
    let settled = stage.settle(&holder, "basket", &["mine"]).await.expect(200);
    assert_eq!(settled["walletTransactions"][0]["reference"], "basket", "{settled}");
    assert_eq!(stage.status("basket").await, "SETTLED");
    stage.books_hold().await;
}

/// A lock runs out while it is remembered: its points are usable at once, and it can only be settled late.
#[tokio::test]
async fn a_remembered_lock_runs_out_in_its_time() {
    let stage = Stage::new().await;
    let scheme = stage.scheme_with("SHORT", json!({"timeoutOverride": 1})).await;
    let holder = stage.holder_of("card", &[(&scheme, "SHORT")]).await;
    let neighbour = stage.holder_of("neighbour", &[(&scheme, "SHORT")]).await;
    stage.credit(&holder, 20_000).await;
    stage.credit(&neighbour, 20_000).await;
    warm(&stage, &neighbour).await;
    warm(&stage, &holder).await;
    stage.spend(&holder, "kept", 20_000, true).await.expect(200);
    refused(&stage.spend(&holder, "more", 10_000, true).await, 400, "INSUFFICIENT_POINTS");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    // After a second of silence the clock is asked for first.
    lock_and_free(&stage, &neighbour).await;
    let before = round_trips(&stage);
    stage.spend(&holder, "again", 10_000, true).await.expect(200);
    assert_eq!(round_trips(&stage) - before, 1);
    assert_eq!(stage.status("kept").await, "EXPIRED");
    refused(&stage.void(&holder, "kept").await, 400, "TRANSACTION_EXPIRED");
    stage.books_hold().await;
}
