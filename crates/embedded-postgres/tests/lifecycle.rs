//! A server's life: started, stopped, killed, started again, and kept to one run at a time.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};
use zerosum_embedded_postgres::{Address, Config, Durability, Error, Server};

/// Set in the environment of a second copy of this test program: it then starts a server and waits.
const HOLD: &str = "ZEROSUM_TEST_HOLD";

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connect");
    tokio::spawn(connection);
    client
}

async fn shown(client: &Client, setting: &str) -> String {
    client.query_one(&format!("show {setting}"), &[]).await.expect("show").get(0)
}

fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(30), "{what}: not within 30 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn alive(pid: u32) -> bool {
    rustix::process::test_kill_process(rustix::process::Pid::from_raw(pid as i32).expect("pid")).is_ok()
}

fn postmaster(home: &Path) -> u32 {
    let text = std::fs::read_to_string(home.join("postgres/data/postmaster.pid")).expect("postmaster.pid");
    text.lines().next().expect("a line").trim().parse().expect("a number")
}

/// The body of the second copy; in the test run itself it does nothing.
#[tokio::test]
async fn hold_a_server_when_told_to() {
    let Some(what) = std::env::var_os(HOLD) else { return };
    let config = if what == "temporary" {
        Config::temporary().durability(Durability::Off)
    } else {
        Config::kept(PathBuf::from(what))
    };
    match Server::start(config).await {
        Ok(server) => {
            println!("held {}", server.data_dir().display());
            std::future::pending::<()>().await;
        }
        Err(error) => println!("error {error}"),
    }
}

/// Starts that second copy and waits for its line: `held <dir>` or `error <why>`.
fn second_copy(what: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "hold_a_server_when_told_to", "--nocapture"])
        .env(HOLD, what)
        .stdout(Stdio::piped())
        .spawn()
        .expect("start a second copy");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines().map_while(Result::ok);
    let line = lines
        // The test harness may write the test's name on the same line before it.
        .find_map(|line| {
            ["held ", "error "].iter().find_map(|word| line.find(word).map(|at| line[at..].to_owned()))
        })
        .expect("the second copy says how it went");
    std::thread::spawn(move || lines.for_each(drop)); // So that what else it prints does not fail.
    (child, line)
}

#[tokio::test]
async fn data_stays_between_runs_and_durability_is_on() {
    let dir = tempfile::tempdir().expect("dir");
    let server = Server::start(Config::kept(dir.path())).await.expect("first start");
    server.ensure_database("books").await.expect("make");
    server.ensure_database("books").await.expect("already there");
    let db = client(&server.url("books")).await;
    for setting in ["fsync", "synchronous_commit", "full_page_writes", "data_checksums"] {
        assert_eq!(shown(&db, setting).await, "on", "{setting}");
    }
    assert_eq!(
        shown(&db, "min_wal_size").await,
        shown(&db, "max_wal_size").await,
        "files of the log are kept"
    );
    assert_eq!(shown(&db, "server_encoding").await, "UTF8");
    assert_eq!(shown(&db, "lc_collate").await, "C");
    db.batch_execute("create table kept (n int); insert into kept values (7)").await.expect("insert");
    server.stop().await.expect("stop");

    let server = Server::start(Config::kept(dir.path())).await.expect("second start");
    let db = client(&server.url("books")).await;
    let n: i32 = db.query_one("select n from kept", &[]).await.expect("select").get(0);
    assert_eq!(n, 7);
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn the_login_role_is_no_superuser_and_needs_its_password() {
    let server = Server::start(Config::temporary().durability(Durability::Off)).await.expect("start");
    let db = client(&server.app_url("postgres")).await;
    let row =
        db.query_one("select current_user::text, usesuper from pg_user where usename = current_user", &[]);
    let row = row.await.expect("select");
    assert_eq!((row.get::<_, &str>(0), row.get::<_, bool>(1)), ("zerosum", false));

    let lz4 =
        "select 'lz4' = any (enumvals), setting = 'lz4' from pg_settings where name = 'wal_compression'";
    // The owner's sessions are as vacuum's, which is no role's.
    for db in [&db, &client(&server.url("postgres")).await] {
        let row = db.query_one(lz4, &[]).await.expect("select");
        assert_eq!(
            row.get::<_, bool>(0),
            row.get::<_, bool>(1),
            "pages are logged compressed where they can be"
        );
    }

    let wrong = format!("postgresql://zerosum:wrong@127.0.0.1:{}/postgres", server.port());
    assert!(tokio_postgres::connect(&wrong, NoTls).await.is_err());
    let secrets = server.data_dir().join("secrets").metadata().expect("secrets");
    assert_eq!(secrets.permissions().mode() & 0o777, 0o600);
    assert!(!format!("{server:?}").contains(&server.url("x")[22..40]), "no password in the debug form");
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn a_temporary_folder_is_gone_after_a_stop() {
    let server = Server::start(Config::temporary().durability(Durability::Off)).await.expect("start");
    let dir = server.data_dir().to_owned();
    assert!(dir.exists());
    server.stop().await.expect("stop");
    assert!(!dir.exists());
}

#[tokio::test]
async fn what_is_acknowledged_for_good_is_never_kept_in_memory_alone() {
    let server = Server::start(Config::temporary()).await.expect("start");
    let memory = Path::new("/dev/shm");
    assert!(!server.data_dir().starts_with(memory) || std::env::temp_dir().starts_with(memory));
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn a_dropped_server_stops_by_itself() {
    let server = Server::start(Config::temporary().durability(Durability::Off)).await.expect("start");
    let (dir, pid) = (server.data_dir().to_owned(), postmaster(server.data_dir()));
    drop(server);
    eventually("stopped and removed", || !alive(pid) && !dir.exists());
}

#[test]
fn a_killed_run_leaves_no_server_and_no_temporary_folder() {
    let (mut child, line) = second_copy(Path::new("temporary"));
    let dir = PathBuf::from(line.strip_prefix("held ").expect("a server"));
    let pid = postmaster(&dir);
    child.kill().expect("kill -9");
    child.wait().expect("wait");
    eventually("stopped and removed", || !alive(pid) && !dir.exists());
}

#[tokio::test]
async fn a_start_right_after_a_kill_takes_over() {
    let dir = tempfile::tempdir().expect("dir");
    for _ in 0..3 {
        let (mut child, line) = second_copy(dir.path());
        assert!(line.starts_with("held "), "{line}");
        child.kill().expect("kill -9");
        child.wait().expect("wait");
    }
    let server = Server::start(Config::kept(dir.path())).await.expect("start after kill -9");
    client(&server.app_url("postgres")).await.batch_execute("select 1").await.expect("select");
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn a_server_whose_watcher_was_killed_too_is_stopped_by_the_next_run() {
    let dir = tempfile::tempdir().expect("dir");
    let (mut child, line) = second_copy(dir.path());
    assert!(line.starts_with("held "), "{line}");
    let pid = postmaster(dir.path());
    // The watcher is the shells of this server: they carry the data folder in their command line.
    let data = dir.path().join("postgres/data").display().to_string();
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(shell) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        if line.starts_with("sh\0") && line.contains(&data) {
            let shell = rustix::process::Pid::from_raw(shell).expect("pid");
            let _ = rustix::process::kill_process(shell, rustix::process::Signal::KILL);
        }
    }
    child.kill().expect("kill -9");
    child.wait().expect("wait");
    let found = Address::of_running(dir.path()).expect("read").expect("running");
    client(&found.app_url("postgres")).await.batch_execute("select 1").await.expect("reachable for others");
    assert!(alive(pid), "the server outlives its watcher");
    let server = Server::start(Config::kept(dir.path())).await.expect("start beside a survivor");
    assert_ne!(postmaster(dir.path()), pid);
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn a_second_run_on_the_same_folder_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("dir");
    let server = Server::start(Config::kept(dir.path())).await.expect("start");
    let (mut child, line) = second_copy(dir.path());
    child.wait().expect("wait");
    assert!(
        line.contains("is in use by another run") && line.contains(&*dir.path().to_string_lossy()),
        "{line}"
    );
    assert!(line.contains(&std::process::id().to_string()), "{line}");
    client(&server.url("postgres"))
        .await
        .batch_execute("select 1")
        .await
        .expect("the first is not disturbed");
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_committed() {
    let mut server = Server::start(Config::temporary()).await.expect("start");
    let url = server.url("postgres");
    client(&url).await.batch_execute("create table kept (n int)").await.expect("create");
    for n in 1..=3_i32 {
        let db = client(&url).await;
        db.execute("insert into kept values ($1)", &[&n]).await.expect("insert");
        server.kill().await.expect("kill");
        server.start_again().await.expect("start again");
        let row = client(&url).await.query_one("select count(*) from kept", &[]).await.expect("count");
        assert_eq!(row.get::<_, i64>(0), i64::from(n));
    }
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let dir = tempfile::tempdir().expect("dir");
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let port = listener.local_addr().expect("address").port();
    let error = Server::start(Config::kept(dir.path()).port(port)).await.expect_err("taken");
    assert!(matches!(error, Error::PortTaken { port: named } if named == port), "{error}");
    drop(listener);
    let server = Server::start(Config::kept(dir.path()).port(port)).await.expect("free now");
    assert_eq!(server.port(), port);
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn an_unwritable_folder_is_named() {
    let dir = tempfile::tempdir().expect("dir");
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("write");
    let error = Server::start(Config::kept(file.join("data"))).await.expect_err("below a file");
    assert!(error.to_string().contains("cannot write in the data folder"), "{error}");
    assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
}

#[tokio::test]
async fn a_folder_that_the_servers_user_may_not_pass_still_works() {
    let dir = tempfile::tempdir().expect("dir");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).expect("chmod");
    let data_dir = dir.path().join("data");
    let server = Server::start(Config::kept(&data_dir)).await.expect("start");
    server.stop().await.expect("stop");
    let server = Server::start(Config::kept(&data_dir)).await.expect("the same data again");
    server.stop().await.expect("stop");
    // Elsewhere only when we are root; then the link's target is ours to remove.
    let elsewhere = std::fs::read_link(data_dir.join("postgres"));
    assert_eq!(elsewhere.is_ok(), rustix::process::geteuid().is_root());
    if let Ok(target) = elsewhere {
        std::fs::remove_dir_all(target).expect("remove");
    }
}

#[tokio::test]
async fn a_half_made_database_is_made_anew() {
    let dir = tempfile::tempdir().expect("dir");
    let half_made = dir.path().join("postgres/data.new-0123");
    std::fs::create_dir_all(half_made.join("base")).expect("left by a killed initdb");
    let server = Server::start(Config::kept(dir.path())).await.expect("start");
    assert!(!half_made.exists());
    server.stop().await.expect("stop");
}

#[tokio::test]
async fn data_without_its_passwords_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().expect("dir");
    Server::start(Config::kept(dir.path())).await.expect("start").stop().await.expect("stop");
    std::fs::remove_file(dir.path().join("secrets")).expect("remove");
    let error = Server::start(Config::kept(dir.path())).await.expect_err("no passwords");
    assert!(matches!(error, Error::SecretsMissing { .. }), "{error}");
}

#[tokio::test]
async fn a_bad_database_name_never_reaches_the_server() {
    let server = Server::start(Config::temporary().durability(Durability::Off)).await.expect("start");
    for name in ["", "a b", "x; drop database postgres", "Ä", "1a"] {
        assert!(matches!(server.ensure_database(name).await, Err(Error::BadName { .. })), "{name:?}");
    }
    server.stop().await.expect("stop");
}
