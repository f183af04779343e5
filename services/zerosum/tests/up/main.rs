//! `zerosum up` and the commands beside it, as an operator runs them.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use zerosum_testkit::TestDatabase;

mod running;

use running::{Up, answer, run, stderr, zerosum};

/// A folder that goes with the test; the server's user may pass it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("dir");
    let data = dir.path().join("data");
    (dir, data)
}

#[tokio::test]
async fn everything_answers_and_a_second_run_finds_its_data() {
    let (_dir, data) = folder();
    let up = Up::start(&data);
    for service in ["cash_url", "accounting_url", "wallet_spend_url"] {
        for path in ["livez", "readyz"] {
            let answer = reqwest::get(format!("{}/{path}", up.fact(service))).await.expect("an answer");
            assert_eq!(answer.status(), 200, "{service}/{path}");
        }
    }
    let (status, body) = up.grant("u-1", "k-1").await;
    assert_eq!((status, &body["balance_cents"]), (201, &5000.into()), "{body}");
    let client = up.facts["client_secret"].clone();
    let ready_file = up.ready_file.clone();
    let (status, printed) = up.stop();
    assert!(status.success(), "{status}");
    assert!(printed.contains("Zerosum is up"), "{printed}");
    assert!(!ready_file.exists(), "what it says is over");

    let up = Up::start(&data);
    assert_eq!(up.facts["client_secret"], client);
    assert_eq!(up.balance("u-1").await, 5000);
    let (status, body) = up.grant("u-1", "k-1").await;
    assert_eq!((status, up.balance("u-1").await), (201, 5000), "the same key gives nothing twice: {body}");
}

#[tokio::test]
async fn a_run_right_after_a_kill_has_everything_that_was_acknowledged() {
    let (_dir, data) = folder();
    for n in 1..=3 {
        let up = Up::start(&data);
        let (status, body) = up.grant("u-1", &format!("k-{n}")).await;
        assert_eq!(status, 201, "{body}");
        up.kill();
    }
    assert_eq!(Up::start(&data).balance("u-1").await, 15_000);
}

#[tokio::test]
async fn a_killed_database_server_is_started_again() {
    let (_dir, data) = folder();
    let up = Up::start(&data);
    assert_eq!(up.grant("u-1", "k-1").await.0, 201);
    for _ in 0..5 {
        let pid = std::fs::read_to_string(data.join("postgres/data/postmaster.pid")).expect("pid file");
        let pid = pid.lines().next().expect("a line").to_owned();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().expect("kill").success());
        let start = Instant::now();
        loop {
            let answer = up.balance_request("u-1").send().await.expect("the service answers all the time");
            let status = answer.status().as_u16();
            let killed = std::fs::read_to_string(data.join("postgres/data/postmaster.pid"))
                .is_ok_and(|text| text.starts_with(&pid));
            if status == 200 && !killed {
                break;
            }
            assert!(status == 200 || status == 503, "{status}");
            assert!(start.elapsed() < Duration::from_secs(60), "not back within 60 s: {}", server_log(&data));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert_eq!(up.balance("u-1").await, 5000);
}

/// The end of what the database server has said.
fn server_log(data: &std::path::Path) -> String {
    let files = std::fs::read_dir(data.join("postgres/log")).expect("a folder of logs");
    let said: String =
        files.map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a log")).collect();
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

#[tokio::test]
async fn the_printed_lines_work_as_pasted() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("no curl here: the printed lines were not run");
        return;
    }
    let (_dir, data) = folder();
    let (status, printed) = Up::start(&data).stop();
    assert!(status.success());
    let ports: Vec<&str> = printed.lines().filter(|line| line.starts_with("CASH=")).collect();
    assert_eq!(ports.len(), 1, "{printed}");
    // Stopped to have all that was printed; then again on other ports, so take the new lines.
    let up = Up::start(&data);
    let moved: Vec<(&str, &str)> = vec![
        ("CASH", up.fact("cash_url")),
        ("LEDGER", up.fact("accounting_url")),
        ("WALLET", up.fact("wallet_spend_url")),
    ];
    let mut script = String::new();
    for line in printed.lines().skip_while(|line| !line.starts_with("CASH=")) {
        match line.starts_with("CASH=") {
            true => moved.iter().for_each(|(name, url)| script.push_str(&format!("{name}={url}\n"))),
            false if line.ends_with(':') && !line.starts_with(' ') => {}
            false => script.push_str(&format!("{line}\n")),
        }
    }
    for round in ["first", "second"] {
        let output = Command::new("sh").args(["-c", &script]).output().expect("run the lines");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let answers: Vec<serde_json::Value> = said
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{round}: {said}")))
            .collect();
        assert_eq!(answers.len(), 9, "{round}: {said}\n{}", stderr(&output));
        for answer in &answers {
            assert!(answer.get("error").is_none() && answer.get("errorCode").is_none(), "{round}: {answer}");
        }
        assert_eq!(answers[1]["amount_cents"], 1250, "{said}");
        assert_eq!(answers[4]["spendAdjudicationResults"]["pointsValue"], 2000, "{said}");
        assert_eq!(answers[8]["walletTransactions"][0]["status"], "VOIDED", "{said}");
        // In the same second the keys would be the same, and nothing would happen twice.
        std::thread::sleep(Duration::from_millis(1100));
    }
}

#[tokio::test]
async fn commands_beside_it_join_its_database() {
    let (_dir, data) = folder();
    let up = Up::start(&data);
    let folder = data.to_str().expect("UTF-8");
    let made = run(&mut zerosum(&["brand", "create", "acme", "--data-dir", folder]));
    assert!(made.status.success(), "{}", stderr(&made));
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).expect("JSON");
    assert_eq!(made["brand_id"], "acme");
    let twice = run(&mut zerosum(&["brand", "create", "acme", "--data-dir", folder]));
    assert!(!twice.status.success() && stderr(&twice).contains("exists already"), "{}", stderr(&twice));

    let token = run(&mut zerosum(&["token", "--brand", "acme", "--data-dir", folder]));
    let token = String::from_utf8(token.stdout).expect("text");
    let body = serde_json::json!({
        "user_id": "u-1", "brand_id": "acme", "amount_cents": 1, "source": "test"
    });
    let grant = reqwest::Client::new().post(format!("{}/v1/cash/grants", up.fact("cash_url")));
    let grant = grant.bearer_auth(token.trim()).header("Idempotency-Key", "k").json(&body);
    let (status, body) = answer(grant).await;
    assert_eq!(status, 201, "{body}");

    let verified = run(&mut zerosum(&["verify", "--data-dir", folder]));
    assert!(verified.status.success(), "{}", stderr(&verified));
    // One cent more than the entries say, planted behind the ledger's back.
    let address = zerosum_embedded_postgres::Address::of_running(&data).expect("read").expect("running");
    let (owner, connection) =
        tokio_postgres::connect(&address.url("zerosum"), tokio_postgres::NoTls).await.expect("connect");
    tokio::spawn(connection);
    let changed = owner.execute(
        "update ledger.balances set posted = posted + 1 where brand_key = ledger.brand_key('acme')",
        &[],
    );
    assert!(changed.await.expect("plant") > 0);
    let verified = run(&mut zerosum(&["verify", "--data-dir", folder]));
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.status.code(), Some(1), "{said}");
    assert!(said.contains("brand acme"), "{said}");
}

#[test]
fn a_second_run_on_the_same_folder_is_refused() {
    let (_dir, data) = folder();
    let _up = Up::start(&data);
    let second = run(zerosum(&["up", "--port-base", "0", "--data-dir"]).arg(&data));
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("in use by another run"), "{}", stderr(&second));
}

#[test]
fn a_taken_port_is_named_and_what_to_do() {
    let (_dir, data) = folder();
    let taken = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = taken.local_addr().expect("address").port().clamp(1, u16::MAX - 2).to_string();
    let refused = run(zerosum(&["up", "--port-base", &port, "--data-dir"]).arg(&data));
    assert_eq!(refused.status.code(), Some(1));
    let said = stderr(&refused);
    assert!(said.contains(&format!("127.0.0.1:{port}")) && said.contains("--port-base"), "{said}");
    assert!(!data.exists(), "nothing was started");
}

#[test]
fn an_unwritable_folder_is_named_and_what_to_do() {
    let (dir, _) = folder();
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("write");
    let refused = run(zerosum(&["up", "--port-base", "0", "--data-dir"]).arg(file.join("data")));
    assert_eq!(refused.status.code(), Some(1));
    let said = stderr(&refused);
    assert!(said.contains(&*file.to_string_lossy()) && said.contains("choose another"), "{said}");
}

#[test]
fn a_missing_database_is_named_without_its_password() {
    let (_dir, data) = folder();
    let mut command = zerosum(&["up", "--port-base", "0", "--data-dir"]);
    command.arg(&data).env("DATABASE_URL", "postgresql://someone:canary-4711@127.0.0.1:9/books");
    let said = stderr(&run(&mut command));
    assert!(said.contains("no database answers at 127.0.0.1:9"), "{said}");
    assert!(!said.contains("canary-4711"), "{said}");
}

#[tokio::test]
async fn a_database_of_the_operators_is_used_as_it_is() {
    let (_dir, data) = folder();
    let database = TestDatabase::unmigrated().await;
    let refused = run(zerosum(&["up", "--port-base", "0", "--data-dir"])
        .arg(&data)
        .env("DATABASE_URL", database.admin_url()));
    let said = stderr(&refused);
    assert!(said.contains("fsync") && said.contains("--i-accept-data-loss"), "{said}");

    let up = Up::start_with(&data, |command| {
        command.arg("--i-accept-data-loss");
        command.env("DATABASE_URL", database.admin_url()).env("APP_DATABASE_URL", database.app_url());
    });
    assert_eq!(up.fact("database_url"), database.app_url());
    assert_eq!(up.grant("u-1", "k-1").await.0, 201);
    assert!(!data.join("postgres").exists(), "no server of our own");
    up.kill();

    let missing = database.admin_url().replace("/test_", "/no_such_");
    let refused = run(zerosum(&["migrate", "--data-dir"]).arg(&data).env("DATABASE_URL", missing));
    assert!(stderr(&refused).contains("createdb no_such_"), "{}", stderr(&refused));
}

#[tokio::test]
async fn without_a_demo_there_is_no_brand() {
    let (_dir, data) = folder();
    let up = Up::start_with(&data, |command| {
        command.arg("--no-demo");
    });
    assert!(up.facts["brand_id"].is_null() && up.facts["token"].is_null(), "{}", up.facts);
    let (_, printed) = up.stop();
    assert!(printed.contains("zerosum brand create"), "{printed}");
}
