//! A running `zerosum up`, as another program sees it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub const ZEROSUM: &str = env!("CARGO_BIN_EXE_zerosum");
/// A first start makes a database and flushes it; on a busy machine with a slow disk that takes its time.
const READY_LIMIT: Duration = Duration::from_secs(90);

/// The command with nothing of our own environment that would steer it.
pub fn zerosum(arguments: &[&str]) -> Command {
    let mut command = Command::new(ZEROSUM);
    command.args(arguments);
    for name in ["DATABASE_URL", "APP_DATABASE_URL", "ZEROSUM_DATA_DIR", "ZEROSUM_PORT_BASE", "ZEROSUM_HOST"]
    {
        command.env_remove(name);
    }
    command
}

pub fn run(command: &mut Command) -> Output {
    command.output().expect("run zerosum")
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub struct Up {
    child: Child,
    pub ready_file: PathBuf,
    pub facts: Value,
}

impl Up {
    /// On free ports, with its own PostgreSQL in `data_dir`.
    pub fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, |_| {})
    }

    pub fn start_with(data_dir: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let ready_file = data_dir.with_extension("ready");
        // One that a killed run has left is only gone once the new run is there.
        let _ = std::fs::remove_file(&ready_file);
        let mut command = zerosum(&["up", "--port-base", "0", "--data-dir"]);
        // What is expected to fail in some tests is not to fill the page.
        command.env("ZEROSUM_LOG", "error");
        command.arg(data_dir).arg("--ready-file").arg(&ready_file).stdout(Stdio::piped());
        change(&mut command);
        let mut up = Self { child: command.spawn().expect("start"), ready_file, facts: Value::Null };
        let start = Instant::now();
        while !up.ready_file.exists() {
            if let Some(status) = up.child.try_wait().expect("look") {
                panic!("zerosum ended before it was ready: {status}");
            }
            assert!(start.elapsed() < READY_LIMIT, "not ready within {READY_LIMIT:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        let text = std::fs::read_to_string(&up.ready_file).expect("the ready file");
        up.facts = serde_json::from_str(&text).expect("one JSON object");
        up
    }

    pub fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("{name} in {}", self.facts))
    }

    /// SIGTERM, and what was printed until the end.
    pub fn stop(mut self) -> (ExitStatus, String) {
        self.signal("TERM");
        let mut printed = String::new();
        self.child.stdout.take().expect("stdout").read_to_string(&mut printed).expect("read");
        (self.child.wait().expect("wait"), printed)
    }

    /// `kill -9`
    pub fn kill(mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill").success());
    }

    /// Gives 50.00 to `user`; the key decides whether it is the first time.
    pub async fn grant(&self, user: &str, key: &str) -> (u16, Value) {
        let body = serde_json::json!({
            "user_id": user, "brand_id": self.fact("brand_id"), "amount_cents": 5000, "source": "test"
        });
        let request = reqwest::Client::new().post(format!("{}/v1/cash/grants", self.fact("cash_url")));
        let request = request.bearer_auth(self.fact("token")).header("Idempotency-Key", key).json(&body);
        answer(request).await
    }

    /// The cents of `user`.
    pub async fn balance(&self, user: &str) -> i64 {
        let (status, body) = answer(self.balance_request(user)).await;
        assert_eq!(status, 200, "{body}");
        body["balance_cents"].as_i64().expect("cents")
    }

    pub fn balance_request(&self, user: &str) -> reqwest::RequestBuilder {
        let target = format!("/v1/cash/balance?user_id={user}&brand_id={}", self.fact("brand_id"));
        reqwest::Client::new()
            .get(format!("{}{target}", self.fact("cash_url")))
            .bearer_auth(self.fact("token"))
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

impl Drop for Up {
    fn drop(&mut self) {
        // After `stop` or `kill` there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
