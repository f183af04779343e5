//! `zerosum permission set` while PUT /services/permissions replaces the rules of the same brand: one after the other.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use zerosum_edge::ServeLimits;
use zerosum_testkit::TestDatabase;
use zerosum_wallet_spend::service::{Parts, Service};

const TARGET: &str = "/services/permissions";
const SECRET: &str = "0987654321";
const ROUNDS: usize = 8;

async fn database() -> TestDatabase {
    let database = TestDatabase::new().await;
    let brand = "
        insert into ledger.brands (brand_id, name) values ('north', 'North');
        insert into wallet.clients (brand_id, client_id, name, secret) values ('north', 'till', 'A till', '0987654321')";
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

fn rule(subject: &str, state: Option<&str>, earn: bool, spend: bool) -> Value {
    json!({"subject": subject, "status": null, "state": state, "mayEarn": earn, "maySpend": spend})
}

#[expect(clippy::disallowed_methods, reason = "it stands in for the service's PUT: no money is written")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_waits_for_a_put_that_is_under_way() {
    let database = database().await;
    let mut putting = database.admin().await;
    // What the service does in a PUT: the lock, the delete, the insert.
    let put = putting.transaction().await.expect("begin");
    let lock = "select pg_advisory_xact_lock(hashtextextended('wallet.permission_rules north', 0))";
    put.batch_execute(lock).await.expect("lock");
    put.batch_execute("delete from wallet.permission_rules where brand_id = 'north'").await.expect("delete");
    let mut command = set(&database, &["account", "--state", "FROZEN", "--no-spend"]);
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert!(command.try_wait().expect("look").is_none(), "it did not wait");
    let insert =
        "insert into wallet.permission_rules values ('north', 'account', null, 'FROZEN', false, false)";
    put.batch_execute(insert).await.expect("insert");
    put.commit().await.expect("commit");
    assert_eq!(said(command).await["rules"], json!([rule("account", Some("FROZEN"), true, false)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn puts_and_single_rules_at_once_are_all_done_and_leave_one_of_them_whole() {
    let database = database().await;
    let service = Service::start(Parts::new(database.app_url().parse().expect("an address"))).expect("start");
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = format!("http://{}{TARGET}", listener.local_addr().expect("an address"));
    tokio::spawn(service.serve(listener, ServeLimits::default(), std::future::pending()));
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let body =
        json!({"rules": [rule("account", Some("FROZEN"), true, true), rule("wallet", None, true, true)]});
    let put = || async {
        let text = body.to_string();
        let hash = zerosum_edge::signature(TARGET, text.as_bytes(), SECRET);
        let request = http.put(&address).header("content-type", "application/json").body(text);
        let request = request.header("x-ees-auth-client-id", "till").header("x-ees-auth-hash", hash);
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert_eq!(status, 200, "{text}");
    };
    let mut puts = 0;
    for _ in 0..ROUNDS {
        let command = tokio::spawn(said(set(&database, &["account", "--state", "FROZEN", "--no-spend"])));
        while !command.is_finished() {
            put().await;
            puts += 1;
        }
        let told = command.await.expect("the command");
        let wallet = rule("wallet", None, true, true);
        let frozen = rule("account", Some("FROZEN"), true, false);
        // Before the first PUT there is nothing else; after it both are always there.
        assert!([json!([frozen]), json!([frozen, wallet])].contains(&told["rules"]), "{told}");
        put().await;
        let sql = "select subject, may_spend from wallet.permission_rules order by subject";
        let left = database.admin().await.query(sql, &[]).await.expect("rules");
        let left: Vec<(String, bool)> = left.iter().map(|row| (row.get(0), row.get(1))).collect();
        assert_eq!(left, [("account".to_owned(), true), ("wallet".to_owned(), true)]);
    }
    assert!(puts > ROUNDS, "hardly anything was at once");
    println!("{ROUNDS} single rules among {puts} PUTs: all done, none mixed");
}
