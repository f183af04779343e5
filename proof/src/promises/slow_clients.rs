//! Promise 27: slow, silent and stalled connections are closed (head 3 s, body 10 s), and the others do not feel them.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    Figure, Form, Run,
    caller::Caller,
    conclude::{conclude, judge_statuses},
    load::{Load, Shape},
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 50;
/// Of each kind.
const CONNECTIONS: usize = 64;
/// What a busy machine may add to a limit.
const LATE: Duration = Duration::from_millis(1_500);
/// In the long form, of normal requests with and without the others, in percent.
const P99_PERCENT_MAX: u128 = 120;

/// What a connection sends before it stops, and when it must be over.
const KINDS: &[(&str, &str, Duration)] = &[
    ("silent", "", Duration::from_secs(3)),
    ("slow in its head", "POST /v1/transactions HTTP/1.1\r\nHost: x\r\nX-Slow: ", Duration::from_secs(3)),
    (
        "stalled in its body",
        "POST /v1/transactions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nIdempotency-Key: stalled\r\n\
         Content-Type: application/json\r\nContent-Length: 200\r\n\r\n{\"type\":",
        Duration::from_secs(10),
    ),
];

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "slow, silent and stalled connections are closed, and the others do not feel them";
    let mut figure = Figure::begin(27, claim, "connections that were slow, silent or stalled");
    let stage = Arc::new(Stage::new(Accounts { customers: CUSTOMERS, opening: 10_000 }).await?);
    let plan = Plan::new(&run.program, &stage, stage.database.app_url())?;
    let service = Service::start(&plan).await?;
    let caller = Arc::new(Caller::new(&stage, &[plan.port])?);
    let shape = Shape { clients: 4, customers: CUSTOMERS, pause: Duration::from_millis(5) };
    let load = Load::start(&caller, run.seed, shape);
    sleep(Duration::from_secs(1)).await;
    caller.take_p99();
    sleep(run.time(Duration::from_secs(2)).min(Duration::from_secs(20))).await;
    let without = caller.take_p99();
    let mut closed = 0;
    for (kind, sends, limit) in KINDS {
        let sends = sends.replace("TOKEN", &stage.token);
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            connections.spawn(ends(plan.port, sends.clone(), *limit + LATE));
        }
        for ended in connections.join_all().await {
            match ended {
                Ok(after) => {
                    closed += 1;
                    figure.claim(after + LATE >= *limit, || {
                        format!("a {kind} connection was closed after {after:?}")
                    });
                }
                Err(error) => figure.find(format!("a {kind} connection: {error:#}")),
            }
        }
    }
    let with = caller.take_p99();
    load.finish().await?;
    figure.see(
        "p99 without them and with them",
        format!("{} µs, {} µs", without.as_micros(), with.as_micros()),
    );
    if matches!(run.form, Form::Long { .. }) {
        let most = without.as_micros() * P99_PERCENT_MAX / 100;
        figure.claim(with.as_micros() <= most, || {
            format!("p99 rose to {} µs, at most {most} wanted", with.as_micros())
        });
    }
    figure.claim(caller.cut() == 0, || format!("{} normal requests had no answer", caller.cut()));
    judge_statuses(&mut figure, &caller);
    conclude(&mut figure, &stage, caller.history.take(), &[("connections closed", closed)]).await?;
    service.kill().await?;
    Ok(figure.end(closed))
}

/// Sends this and nothing more; says how long the other side put up with it.
async fn ends(port: u16, sends: String, limit: Duration) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(sends.as_bytes()).await?;
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = timeout(limit, stream.read_to_end(&mut answer)).await.context("it is still open")?;
    Ok(start.elapsed())
}
