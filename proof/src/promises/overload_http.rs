//! Promise 26 over HTTP: at ten times the load of what a running service can do, goodput stays at 80 % of its peak, every
//! request is answered, the rest is told when to come back, and it is back to normal within 10 s.
//!
//! The service is a process of its own behind real connections, one for each request that waits; its batches are small
//! and its database is far away.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;
use tokio::sync::oneshot;
use zerosum_testkit::proxy::{Link, Proxy, Quiet};

use crate::{
    Figure, Form, Run,
    caller::CLIENT_MAX,
    goodput::{self, Asker, BATCH_MAX},
    pairs::P99,
    serve::allow_many_connections,
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

/// With small batches over a link of 50 ms each way, about forty a second: ten times that is what a debug build can say
/// no to without being short of processor.
const LATE: Duration = Duration::from_millis(50);
/// A request has 3 s; what a busy machine adds is the rest.
const ACCEPTED_P99_MAX: Duration = Duration::from_millis(3_500);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Done,
    /// 503 or 429, with Retry-After.
    ComeBack,
    /// No answer at all.
    Lost,
    Wrong(u16),
}

struct Callers {
    http: reqwest::Client,
    url: String,
    stage: Arc<Stage>,
    /// The keys of what was acknowledged.
    acknowledged: Mutex<Vec<String>>,
}

impl Asker for Callers {
    type Told = Told;
    const DONE: Told = Told::Done;
    const NORMAL: Duration = Duration::from_millis(1_000);

    async fn ask(&self, key: String) -> Told {
        let body = json!({
            "type": "transfer", "memo": key,
            "entries": [
                {"account_id": self.stage.accounts[1].to_string(), "amount_cents": -1},
                {"account_id": self.stage.accounts[2].to_string(), "amount_cents": 1},
            ],
        });
        let request = self.http.post(&self.url).bearer_auth(&self.stage.token);
        let answer = async {
            let response = request.header("Idempotency-Key", &key).json(&body).send().await?;
            let retry_after = response.headers().contains_key("retry-after");
            let status = response.status().as_u16();
            response.bytes().await.map(|_| (status, retry_after))
        };
        let told = match answer.await {
            Ok((201, _)) => Told::Done,
            Ok((429 | 503, true)) => Told::ComeBack,
            Ok((status, _)) => Told::Wrong(status),
            Err(_) => Told::Lost,
        };
        if told == Told::Done {
            self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(key);
        }
        told
    }
}

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim =
        "over HTTP, at 10× load goodput stays ≥ 80 % of peak; the rest is told to come back, none is lost";
    let mut figure = Figure::begin(26, claim, "requests of an open load over HTTP");
    allow_many_connections();
    let stage = Arc::new(Stage::new(Accounts { customers: 2, opening: 1_000_000_000 }).await?);
    let (proxy, _away) = far_away(stage.database.app_url().to_owned()).await?;
    let url = proxy.url(stage.database.app_url());
    let plan = Plan { batch_max: Some(BATCH_MAX), ..Plan::new(&run.program, &stage, &url)? };
    let service = Service::start(&plan).await?;
    let callers = Arc::new(Callers {
        http: reqwest::Client::builder().timeout(CLIENT_MAX).no_proxy().build()?,
        url: format!("http://127.0.0.1:{}/v1/transactions", plan.port),
        stage: stage.clone(),
        acknowledged: Mutex::default(),
    });
    callers.ask("first".to_owned()).await;
    proxy.set_link(Link::Slow(LATE));
    let time = run.time(Duration::from_secs(3)).min(Duration::from_secs(10));
    let capacity = goodput::capacity(&callers, time).await;
    figure.see("capacity: callers that wait for their answers", format!("{capacity} a second"));
    // Longer than the deadline: a queue that grows to it shows what it does to goodput.
    let time = run.time(Duration::from_secs(6)).min(Duration::from_secs(30));
    let (mut asked, mut told_to_come_back, mut goodputs) = (0, 0, Vec::new());
    for times in goodput::loads(run).iter().copied() {
        let name = format!("{times}x");
        // A load that is within capacity shows the same all the time.
        let time = if run.form == Form::Short && times == 1 { time / 2 } else { time };
        let answers = goodput::load(&callers, &name, capacity * times, time).await;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for answer in &answers {
            *counts.entry(format!("{:?}", answer.told)).or_default() += 1;
        }
        let count = |what: Told| answers.iter().filter(|answer| answer.told == what).count() as u64;
        let accepted = answers.iter().filter(|answer| answer.told == Told::Done).map(|answer| answer.took);
        let p99 = P99::of(accepted.collect());
        let goodput = goodput::per_second::<Callers>(&answers, time);
        let back = goodput::back_to_normal(&mut figure, &*callers, &name).await;
        figure.see(
            format!("{name}, {} a second", capacity * times),
            format!(
                "{goodput} a second done, p99 of these {} ms; {counts:?}; back to normal after {back}",
                p99.latency.as_millis(),
            ),
        );
        let sound = answers.iter().all(|answer| matches!(answer.told, Told::Done | Told::ComeBack));
        figure.claim(sound, || format!("{name}: some were lost, or answered otherwise: {counts:?}"));
        figure.claim(p99.latency <= ACCEPTED_P99_MAX, || {
            format!("{name}: p99 of what was accepted is {} ms", p99.latency.as_millis())
        });
        asked += answers.len() as u64;
        told_to_come_back += count(Told::ComeBack);
        goodputs.push((times, goodput));
    }
    proxy.set_link(Link::Open);
    goodput::judge(&mut figure, capacity, &goodputs);
    figure.claim(told_to_come_back > 0, || "nobody was told to come back: it was no overload".to_owned());
    judge_books(&mut figure, &stage, &callers).await?;
    service.kill().await?;
    Ok(figure.end(asked))
}

/// A proxy on a thread of its own, which ends with the second value: beside the load generator it would be slower the
/// greater the load is.
async fn far_away(database: String) -> anyhow::Result<(Proxy, oneshot::Sender<()>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ((ready, made), (stop, stopped)) = (oneshot::channel(), oneshot::channel());
    std::thread::spawn(move || {
        runtime.block_on(async {
            // Nobody waits for it any more, if the proof has ended.
            let _ended = ready.send(Proxy::before(&database, Quiet).await);
            let _stopped: Result<(), _> = stopped.await;
        });
    });
    Ok((made.await?, stop))
}

/// What was acknowledged is there, once.
async fn judge_books(figure: &mut Figure, stage: &Stage, callers: &Callers) -> anyhow::Result<()> {
    let keys = std::mem::take(&mut *callers.acknowledged.lock().unwrap_or_else(PoisonError::into_inner));
    let sql = "select count(*), count(distinct memo) from ledger.transactions where memo = any($1)";
    let row = stage.database.admin().await.query_one(sql, &[&keys]).await?;
    let (effects, distinct): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    figure.claim(effects == distinct && distinct.unsigned_abs() == keys.len() as u64, || {
        format!("{} were acknowledged, {effects} effects of {distinct} are in the books", keys.len())
    });
    figure.see("acknowledged, and in the books once", effects);
    let report = zerosum_ledger::verify(stage.database.app_url()).await?;
    figure.findings.extend(report.findings.iter().map(ToString::to_string));
    Ok(())
}
