//! Promise 10: a lost COMMIT acknowledgement heals by retry.
//!
//! A proxy cuts the connection before the commit and after it, alternating. The engine cannot tell which, and answers
//! both as unknown; the same key then finds out: done once, with one answer.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::{Instant, sleep};
use zerosum_accounting::command::{Accounting, Command};
use zerosum_ledger::{Answer, Engine, Fault, Key, Submission};
use zerosum_testkit::proxy::{CommitFault, Proxy};

use crate::{
    Figure, Run,
    stage::{Accounts, Stage},
};

/// Commands that share each commit that is lost.
const TOGETHER: usize = 3;
/// A retry finds the database within a few; more would be a lane that does not come back.
const RETRIES_MAX: usize = 50;

fn submission(key: &str, command: Command) -> Submission<Command> {
    Submission {
        brand: Stage::brand(),
        key: Some(Key::new("accounting:prover", key, [1; 32])),
        command,
        deadline: Instant::now() + Duration::from_secs(10),
    }
}

/// Submits until there is an answer; says how often it was told "unknown".
async fn until_told(
    engine: &Engine<Accounting>,
    key: &str,
    command: &Command,
) -> Result<(Answer<Accounting>, u64), String> {
    let mut unknown = 0;
    for _ in 0..RETRIES_MAX {
        match engine.submit(submission(key, command.clone())).await {
            Ok(answer) => return Ok((answer, unknown)),
            Err(Fault::Unknown) => unknown += 1,
            Err(fault) if fault.retryable() => sleep(Duration::from_millis(5)).await,
            Err(fault) => return Err(format!("{key} was told: {fault}")),
        }
    }
    Err(format!("{key} was never told"))
}

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let mut figure =
        Figure::begin(10, "a lost COMMIT acknowledgement heals by retry", "commits that were cut");
    let trials = run.trials(200, 2_000);
    let stage = Stage::new(Accounts { customers: 4, opening: 1_000_000 }).await?;
    let next = Arc::new(Mutex::new(CommitFault::Pass));
    let planned = next.clone();
    let script = move |_commit: u64| {
        std::mem::replace(&mut *planned.lock().unwrap_or_else(PoisonError::into_inner), CommitFault::Pass)
    };
    let proxy = Proxy::before(stage.database.app_url(), script).await;
    let engine = Stage::engine(&proxy.url(stage.database.app_url()))?;
    let (mut unknown, mut replayed) = (0, 0);
    for trial in 0..trials {
        let fault = if trial % 2 == 0 { CommitFault::CutBefore } else { CommitFault::CutAfter };
        *next.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        let keys: Vec<String> = (0..TOGETHER).map(|n| format!("{trial}-{n}")).collect();
        let commands: Vec<Command> =
            keys.iter().map(|key| stage.transfer(Some(key), 1, 2, 1)).collect::<Result<_, _>>()?;
        let answers =
            join_all(keys.iter().zip(&commands).map(|(key, command)| until_told(&engine, key, command)))
                .await;
        for ((key, command), answer) in keys.iter().zip(&commands).zip(answers) {
            let (answer, times) = match answer {
                Ok(told) => told,
                Err(finding) => {
                    figure.find(finding);
                    continue;
                }
            };
            unknown += times;
            replayed += u64::from(answer.replayed);
            let again = until_told(&engine, key, command).await;
            let equal =
                again.as_ref().is_ok_and(|(again, _)| again.replayed && again.outcome == answer.outcome);
            figure.claim(equal && answer.outcome.is_ok(), || format!("{key}: {answer:?}, then {again:?}"));
        }
    }
    let counts = proxy.counts();
    let commands = trials * TOGETHER as u64;
    figure.claim(counts.cut_before() + counts.cut_after() == trials, || {
        format!("not every commit was cut: {counts:?}")
    });
    figure.claim(unknown >= trials, || format!("only {unknown} commands were told unknown"));
    let admin = stage.database.admin().await;
    let effects = "select count(*), count(distinct memo) from ledger.transactions where memo is not null";
    let row = admin.query_one(effects, &[]).await?;
    let (effects, keys): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    figure.claim(effects == keys && keys.unsigned_abs() == commands, || {
        format!("{commands} commands have {effects} effects of {keys} keys")
    });
    let report = zerosum_ledger::verify(stage.database.app_url()).await?;
    figure.findings.extend(report.findings.iter().map(ToString::to_string));
    figure.see("cut before the commit", counts.cut_before());
    figure.see("cut after the commit, before its acknowledgement", counts.cut_after());
    figure.see("commands told unknown", unknown);
    figure.see("retries that found their effect there", replayed);
    figure.see("effects", effects);
    Ok(figure.end(trials))
}
