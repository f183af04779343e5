//! What is asked at the end of every proof, whatever was broken meanwhile.

use zerosum_testkit::{
    checkers::{self, Books},
    history::{Kept, Outcome},
};

use crate::{caller::Caller, figure::Figure, stage::Stage};

/// Books, history and sessions as they must be. Takes the caller's history and answers it.
pub async fn conclude(
    figure: &mut Figure,
    stage: &Stage,
    history: Kept,
    reached: &[(&str, u64)],
) -> anyhow::Result<Kept> {
    let report = zerosum_ledger::verify(stage.database.app_url()).await?;
    figure.findings.extend(report.findings.iter().map(ToString::to_string));
    let admin = stage.database.admin().await;
    let books = Books::read(&admin).await?;
    let mut history = history;
    books.resolve(&mut history);
    let findings = checkers::check(&history, &books, reached);
    figure.findings.extend(findings.iter().map(ToString::to_string));
    if !findings.is_empty() {
        let path = std::env::temp_dir().join(format!("zerosum-history-{}.tsv", figure.number));
        if std::fs::write(&path, history.lines()).is_ok() {
            figure.see("the history is in", path.display());
        }
    }
    let poisoned: i64 = admin
        .query_one(
            "select count(*) from pg_stat_activity
              where datname = current_database() and state like 'idle in transaction%'
                and state_change < clock_timestamp() - interval '6 seconds'",
            &[],
        )
        .await?
        .try_get(0)?;
    figure.claim(poisoned == 0, || format!("{poisoned} sessions are stuck in a transaction"));
    figure.see(
        "operations",
        format!(
            "{} done, {} refused, {} never answered; {} answers compared, {} balances read",
            history.count(Outcome::Ok),
            history.count(Outcome::Refused),
            history.count(Outcome::Unknown),
            history.answered,
            history.readings.len()
        ),
    );
    for (state, times) in reached {
        figure.see(*state, times);
    }
    Ok(history)
}

/// No client may ever see anything but done, refused, or "ask again".
pub fn judge_statuses(figure: &mut Figure, caller: &Caller) {
    let statuses = caller.take_statuses();
    for (status, times) in &statuses {
        let allowed = matches!(status, 200 | 201 | 409 | 429 | 503);
        figure.claim(allowed, || format!("status {status} was answered {times} times"));
    }
    let shown: Vec<String> = statuses.iter().map(|(status, times)| format!("{times} × {status}")).collect();
    figure.see("answers", format!("{}; {} attempts were cut", shown.join(", "), caller.cut()));
    let missing = caller.without_retry_after();
    figure.claim(missing == 0, || format!("{missing} times 429 or 503 came without Retry-After"));
}
