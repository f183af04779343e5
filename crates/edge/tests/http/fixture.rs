//! A small service on a real port, and a client that sends exactly what it is told to.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use zerosum_edge::{
    Api, BearerConfig, BearerTokens, Call, Contract, Dialect, Drained, Edge, ErrorMessage, Problem,
    Readiness, Reply, ServeLimits, Settings, StatusCode, TokenKeys, serve, system_clock, tokens::DevKey,
};

pub const DOCUMENT: &str = r#"
openapi: 3.1.0
info: { title: fixture, version: 1.0.0 }
paths:
  /v1/echo/{name}:
    post:
      operationId: echo
      x-scope: write:echo
      parameters:
        - { name: name, in: path, required: true, schema: { type: string } }
        - { name: limit, in: query, schema: { type: integer, minimum: 1, maximum: 200 } }
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [amount]
              properties:
                amount: { type: integer, exclusiveMinimum: 0 }
                user: { type: string, minLength: 1 }
                entries: { type: array, maxItems: 1000 }
                metadata: { type: [object, 'null'] }
      responses: { '200': { description: Echoed, content: { application/json: {} } } }
    get:
      operationId: look
      x-scope: read:echo_past
      parameters: [{ name: name, in: path, required: true, schema: { type: string } }]
      responses: { '200': { description: Seen, content: { application/json: {} } } }
  /v1/large:
    post:
      operationId: large
      x-scope: write:echo
      x-max-body-bytes: 1048576
      requestBody: { required: true, content: { application/json: { schema: {} } } }
      responses: { '200': { description: Read, content: { application/json: {} } } }
  /v1/sleep:
    post:
      operationId: sleep
      x-scope: write:echo
      requestBody: { content: { application/json: { schema: { type: integer } } } }
      responses: { '200': { description: Slept, content: { application/json: {} } } }
  /v1/panic:
    get: { operationId: panic, x-scope: read:echo, responses: {} }
  /v1/open:
    get: { operationId: open, x-public: true, responses: {} }
  /v1/mine:
    get: { operationId: mine, x-scope: 'key:own', responses: {} }
"#;

pub const ISSUER: &str = "https://issuer.example";
pub const AUDIENCE: &str = "zerosum";

async fn echo(_: (), call: Call) -> Result<Reply, Problem> {
    Reply::ok(&json!({
        "name": call.path("name")?, "limit": call.query_integer("limit"), "body": call.body(), "brand": call.brand(),
        "subject": &*call.principal.subject, "target": call.target(), "request_id": call.request_id.as_str(),
    }))
}

async fn length(_: (), call: Call) -> Result<Reply, Problem> {
    Reply::ok(&json!({ "bytes": call.raw_body().len() }))
}

async fn sleep(_: (), call: Call) -> Result<Reply, Problem> {
    let ms = call.body().as_u64().unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Reply::ok(&json!({ "slept": ms }))
}

async fn panic(_: (), _: Call) -> Result<Reply, Problem> {
    panic!("on purpose");
}

async fn brand(_: (), call: Call) -> Result<Reply, Problem> {
    Reply::ok(&json!({ "brand": call.brand() }))
}

/// The edge of the fixture, in a dialect, with settings changed as a test needs.
pub fn edge(
    key: &DevKey,
    dialect: impl Dialect,
    readiness: Readiness,
    change: impl FnOnce(&mut Settings),
) -> Edge {
    let keys = TokenKeys::from_jwks(&key.jwks()).unwrap();
    let tokens = BearerTokens::new(BearerConfig::new(ISSUER, AUDIENCE), keys);
    let mut settings = Settings::new("fixture", dialect, tokens, readiness);
    change(&mut settings);
    routed(settings)
}

pub fn routed(settings: Settings) -> Edge {
    Api::new(Contract::parse(DOCUMENT).unwrap(), (), settings)
        .on("echo", echo)
        .on("look", brand)
        .on("large", length)
        .on("sleep", sleep)
        .on("panic", panic)
        .on("open", brand)
        .on("mine", brand)
        .build()
        .unwrap()
}

pub struct Server {
    pub address: std::net::SocketAddr,
    pub key: DevKey,
    pub edge: Edge,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<std::io::Result<Drained>>,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(|_| {}, quick()).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings), limits: ServeLimits) -> Self {
        let key = DevKey::ephemeral().unwrap();
        let edge = edge(&key, ErrorMessage, Readiness::always(), change);
        Self::of(key, edge, limits).await
    }

    pub async fn of(key: DevKey, edge: Edge, limits: ServeLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, edge.clone(), limits, async {
            let _ = stopped.await;
        }));
        Self { address, key, edge, stop: Some(stop), serving }
    }

    pub async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    pub fn token(&self) -> String {
        self.token_with(json!({}))
    }

    /// A good token, with some claims replaced (null: removed).
    pub fn token_with(&self, changes: Value) -> String {
        let now = system_clock()();
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "till-7", "brand_id": "acme", "iat": now, "nbf": now,
            "exp": now + 600, "scope": "write:echo read:echo",
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.key.sign(&claims).unwrap()
    }

    /// A POST to the echo with these bytes.
    pub fn post(&self, body: &[u8]) -> Vec<u8> {
        self.post_to("/v1/echo/x", "", body)
    }

    /// A POST with more header lines, each ended by CR LF.
    pub fn post_to(&self, target: &str, lines: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n{lines}Content-Length: {}\r\n\r\n",
            self.token(),
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    pub fn begin_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub async fn stopped(self) -> Drained {
        self.serving.await.unwrap().unwrap()
    }
}

/// Bounds short enough for tests, and long enough for a machine that is busy with others.
pub fn quick() -> ServeLimits {
    ServeLimits {
        head_time_max: Duration::from_millis(800),
        idle_time_max: Duration::from_millis(1800),
        write_time_max: Duration::from_millis(1000),
        drain_grace: Duration::from_millis(100),
        drain_time_max: Duration::from_millis(2000),
        ..ServeLimits::default()
    }
}

pub struct Client(pub TcpStream);

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }

    pub fn message(&self) -> String {
        self.json()["message"].as_str().unwrap().to_owned()
    }
}

impl Client {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    pub async fn ask(&mut self, bytes: &[u8]) -> Answer {
        self.send(bytes).await;
        match self.answer().await {
            Some(answer) => answer,
            None => panic!("no answer to {}", String::from_utf8_lossy(bytes)),
        }
    }

    /// The next answer; none if the connection ends first.
    pub async fn answer(&mut self) -> Option<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => {
                    assert!(head.is_empty(), "half an answer");
                    return None;
                }
            }
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length =
            headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, n)| n.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        Some(Answer { status: StatusCode::from_u16(status).unwrap(), headers, body })
    }

    /// Whether the server ends the connection within `time`.
    pub async fn ends_within(&mut self, time: Duration) -> bool {
        let mut rest = Vec::new();
        tokio::time::timeout(time, self.0.read_to_end(&mut rest)).await.is_ok()
    }
}
