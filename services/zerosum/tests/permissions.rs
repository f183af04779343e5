//! `zerosum permission set` and PUT /services/permissions of one brand: one after the other, whoever comes first.
//!
//! What comes second runs whole, and meets what came first half way: a transaction of the test's own that has done what
//! the other does, in its order, and not yet committed. What came second must wait for it. Without its lock it is done
//! before, and what it leaves or tells is then no order of the two.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use zerosum_edge::ServeLimits;
use zerosum_testkit::TestDatabase;
use zerosum_wallet_spend::service::{Parts, Service};

const TARGET: &str = "/services/permissions";
const SECRET: &str = "0987654321";
/// What both take; see `lock_rules.sql` of wallet-spend.
const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('wallet.permission_rules ' || ledger.brand_key('north'), 0))";
/// Longer than a program takes to start on a busy machine. Nothing is shown by waiting so long: it fails.
const PATIENCE: Duration = Duration::from_secs(30);

async fn database() -> TestDatabase {
    let database = TestDatabase::new().await;
    let brand = "
        insert into ledger.brands (brand_id, name) values ('north', 'North');
        insert into wallet.clients (brand_key, client_id, name, secret) values (ledger.brand_key('north'), 'till', 'A till', '0987654321')";
    database.admin().await.batch_execute(brand).await.expect("a brand and a client");
    database
}

fn set(database: &TestDatabase, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_zerosum"))
        .args(["permission", "set", "north"])
        .args(arguments)
        .env("DATABASE_URL", database.admin_url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run zerosum")
}

/// What the command has said, once it has ended; waited for off the runtime.
async fn said(command: Child) -> Value {
    let output = tokio::task::spawn_blocking(move || command.wait_with_output());
    let output = output.await.expect("wait").expect("wait for zerosum");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// PUTs these rules; its status.
async fn put(database: &TestDatabase, rules: &Value) -> u16 {
    let service = Service::start(Parts::new(database.app_url().parse().expect("an address"))).expect("start");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = format!("http://{}{TARGET}", listener.local_addr().expect("an address"));
    tokio::spawn(service.serve(listener, ServeLimits::default(), std::future::pending()));
    let body = json!({"rules": rules}).to_string();
    let hash = zerosum_edge::signature(TARGET, body.as_bytes(), SECRET);
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = http.put(address).header("content-type", "application/json").body(body);
    let request = request.header("x-ees-auth-client-id", "till").header("x-ees-auth-hash", hash);
    request.send().await.expect("an answer").status().as_u16()
}

fn rule(subject: &str, state: Option<&str>, earn: bool, spend: bool) -> Value {
    json!({"subject": subject, "status": null, "state": state, "mayEarn": earn, "maySpend": spend})
}

/// Returns when somebody waits for an advisory lock, or the second has ended without.
async fn until_it_waits_or(database: &TestDatabase, mut ended: impl FnMut() -> bool) {
    let (watcher, until) = (database.admin().await, Instant::now() + PATIENCE);
    let waiting = "select exists (select from pg_stat_activity
                                   where datname = current_database() and wait_event = 'advisory')";
    while !ended() && !watcher.query_one(waiting, &[]).await.expect("look").get::<_, bool>(0) {
        assert!(Instant::now() < until, "it neither waited nor ended");
        sleep(Duration::from_millis(10)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "it stands in for the service's PUT: no money is written")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_is_set_waits_for_a_put_that_is_under_way() {
    let database = database().await;
    let mut putting = database.admin().await;
    let put = putting.transaction().await.expect("begin");
    put.batch_execute(LOCK).await.expect("lock");
    put.batch_execute("delete from wallet.permission_rules where brand_key = ledger.brand_key('north')")
        .await
        .expect("delete");
    let mut command = set(&database, &["account", "--state", "FROZEN", "--no-spend"]);
    until_it_waits_or(&database, || command.try_wait().expect("look").is_some()).await;
    let insert = "insert into wallet.permission_rules values (ledger.brand_key('north'), 'wallet', null, null, true, true)";
    put.batch_execute(insert).await.expect("insert");
    put.commit().await.expect("commit");
    let both = json!([rule("account", Some("FROZEN"), true, false), rule("wallet", None, true, true)]);
    assert_eq!(said(command).await["rules"], both, "it was told before the PUT, and stands behind it");
}

#[expect(clippy::disallowed_methods, reason = "it stands in for the command: no money is written")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_waits_for_a_rule_that_is_being_set() {
    let database = database().await;
    let mut setting = database.admin().await;
    let set = setting.transaction().await.expect("begin");
    set.batch_execute(LOCK).await.expect("lock");
    let insert = "insert into wallet.permission_rules values (ledger.brand_key('north'), 'identity', null, 'NEW', true, false)";
    set.batch_execute(insert).await.expect("insert");
    let putting = tokio::spawn({
        let database = database.clone();
        async move { put(&database, &json!([rule("wallet", None, true, true)])).await }
    });
    until_it_waits_or(&database, || putting.is_finished()).await;
    set.commit().await.expect("commit");
    assert_eq!(putting.await.expect("a PUT"), 200);
    let sql = "select subject from wallet.permission_rules order by subject";
    let left = database.admin().await.query(sql, &[]).await.expect("rules");
    let left: Vec<String> = left.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        left,
        ["wallet"],
        "a PUT replaces every rule, and one that it did not see stands beside its own"
    );
}
