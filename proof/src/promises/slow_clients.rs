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
    pairs::{P99, Pairs},
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const CUSTOMERS: usize = 50;
/// Of each kind.
const CONNECTIONS: usize = 64;
/// What a busy machine may add to a limit.
const LATE: Duration = Duration::from_millis(1_500);
/// Of normal requests with and without the others.
const P99_PERCENT_MAX: u128 = 120;
/// For the others to be opened, or to be gone, before anything is measured.
const SETTLE: Duration = Duration::from_millis(300);

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
    let claim = "slow, silent and stalled connections are closed; the p99 of the others stays within 1.2×";
    let mut figure = Figure::begin(27, claim, "connections that were slow, silent or stalled, and closed");
    let stage = Arc::new(Stage::new(Accounts { customers: CUSTOMERS, opening: 10_000 }).await?);
    let plan = Plan::new(&run.program, &stage, stage.database.app_url())?;
    let service = Service::start(&plan).await?;
    let caller = Arc::new(Caller::new(&stage, &[plan.port])?);
    let shape = Shape { clients: 4, customers: CUSTOMERS, pause: Duration::from_millis(5) };
    let load = Load::start(&caller, run.seed, shape);
    let closed = each_is_closed(&mut figure, &stage, &plan).await;
    let time = match run.form {
        Form::Short => Duration::from_millis(1_200),
        Form::Long { .. } => Duration::from_secs(4),
    };
    let mut pairs = Pairs::default();
    while pairs.wants_more(run, P99_PERCENT_MAX) {
        let without = measure(&caller, time).await;
        let mut siege = JoinSet::new();
        for (_, sends, _) in KINDS {
            for _ in 0..CONNECTIONS {
                siege.spawn(besiege(plan.port, sends.replace("TOKEN", &stage.token)));
            }
        }
        let with = measure(&caller, time).await;
        siege.shutdown().await;
        pairs.add(without, with);
    }
    load.finish().await?;
    pairs.judge(&mut figure, "192 such connections", P99_PERCENT_MAX);
    figure.claim(caller.cut() == 0, || format!("{} normal requests had no answer", caller.cut()));
    judge_statuses(&mut figure, &caller);
    conclude(&mut figure, &stage, caller.history.take(), &[("connections closed", closed)]).await?;
    service.kill().await?;
    Ok(figure.end(closed))
}

/// What the others take now.
async fn measure(caller: &Caller, time: Duration) -> P99 {
    sleep(SETTLE).await;
    caller.take_latencies();
    sleep(time).await;
    P99::of(caller.take_latencies())
}

/// Opens all of them at once, and waits until each was closed, in its time.
async fn each_is_closed(figure: &mut Figure, stage: &Stage, plan: &Plan) -> u64 {
    let mut connections = JoinSet::new();
    for (kind, sends, limit) in KINDS {
        let sends = sends.replace("TOKEN", &stage.token);
        for _ in 0..CONNECTIONS {
            let ends = ends(plan.port, sends.clone(), *limit + LATE);
            connections.spawn(async move { (kind, limit, ends.await) });
        }
    }
    let mut closed = 0;
    for (kind, limit, ended) in connections.join_all().await {
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
    closed
}

/// Opens one, sends this and nothing more, and another as soon as that one is closed.
async fn besiege(port: u16, sends: String) {
    loop {
        // However it ends.
        let _ = ends(port, sends.clone(), Duration::MAX).await;
        // A refused connection is not tried in a spin.
        sleep(Duration::from_millis(50)).await;
    }
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
