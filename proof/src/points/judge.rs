//! What must be true of the points in the end, from what the tills were told alone.
//!
//! - Every request that was acknowledged answers the same now, byte for byte, and is in the wallet's rows once.
//! - Nothing that was refused is there, and nothing that nobody asked for.
//! - Each account has what it began with, less what was settled, plus what was given back; locked is what the tills
//!   locked and did not end. `zerosum verify`, which proves lots and holds, is asked beside this.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
    time::Duration,
};

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use rand::rngs::SmallRng;
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use zerosum_testkit::{TestDatabase, schedule::Seed};

use super::{Act, Asked, Points, Told, is_definite, lock, never_done};
use crate::{Figure, stage::BRAND};

/// Of refusals that these purchases can meet.
const CODES: &[&str] = &["INSUFFICIENT_POINTS", "TRANSACTION_VOIDED", "TRANSACTION_SETTLED"];
/// For one answer once nothing is broken any more.
const TOLD_MAX: Duration = Duration::from_secs(30);
/// A long run has tens of thousands of answers.
const AT_ONCE: usize = 8;

/// A row of the wallet's transactions.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    kind: String,
    status: String,
    points: i64,
    settled: i64,
    refunded: i64,
}

/// What the tills know of a spend.
#[derive(Debug, Default, Clone, Copy)]
struct Known {
    holder: usize,
    points: i64,
    locked: bool,
    voided: bool,
    settled: i64,
    refunded: i64,
}

impl Points {
    /// Judges everything; the services must be running. Answers how many requests were acknowledged.
    pub async fn conclude(&self, figure: &mut Figure, database: &TestDatabase) -> anyhow::Result<u64> {
        let asked = std::mem::take(&mut *lock(&self.asked));
        self.judge_answers(figure, &asked).await;
        let rows = rows(database).await?;
        judge_rows(figure, &asked, &rows);
        let spends = known(figure, &asked);
        judge_spends(figure, &spends, &rows);
        self.judge_balances(figure, &spends).await?;
        self.show(figure, &asked);
        Ok(asked.iter().filter(|asked| asked.done()).count() as u64)
    }

    /// All of them are asked for once more.
    async fn judge_answers(&self, figure: &mut Figure, asked: &[Asked]) {
        let again = stream::iter(asked).map(|earlier| self.judge_answer(earlier)).buffer_unordered(AT_ONCE);
        figure.findings.extend(again.filter_map(std::future::ready).collect::<Vec<_>>().await);
        figure.findings.append(&mut lock(&self.differing));
    }

    /// What is wrong with one, if anything is; other bytes are kept with those that differ.
    async fn judge_answer(&self, earlier: &Asked) -> Option<String> {
        let wish = &earlier.wish;
        let (status, body) = match &earlier.answer {
            None => return Some(format!("{wish:?} was never answered")),
            Some(answer) => answer,
        };
        if earlier.refused() {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let code = body["errorCode"].as_str().unwrap_or_default();
            return (!CODES.contains(&code)).then(|| format!("{wish:?} was told {status} {body}"));
        }
        let mut random = Seed(0).stream(&wish.reference);
        let until = Instant::now() + TOLD_MAX;
        while Instant::now() < until {
            if let Some(told) = self.ask(wish, &mut random).await.filter(is_definite) {
                self.compare(earlier, &told);
                return None;
            }
            sleep(Duration::from_millis(20)).await;
        }
        Some(format!("{wish:?} is not answered any more"))
    }

    async fn judge_balances(
        &self,
        figure: &mut Figure,
        spends: &BTreeMap<&str, Known>,
    ) -> anyhow::Result<()> {
        let mut random = Seed(0).stream("balances");
        for (n, holder) in self.holders.iter().enumerate() {
            let of = || spends.values().filter(|known| known.holder == n);
            let taken: i64 = of().map(|known| known.settled - known.refunded).sum();
            let locked: i64 = of()
                .filter(|known| known.locked && !known.voided && known.settled == 0)
                .map(|known| known.points)
                .sum();
            let target = format!("/wallet/{}/account/{}", holder.wallet, holder.account);
            let told = self.read(&target, &mut random).await.context("an account cannot be read any more")?;
            let body: Value = serde_json::from_slice(&told.body)?;
            let told = ["current", "locked", "usable"].map(|name| body["balances"][name].as_i64());
            let current = holder.opening - taken;
            let wanted = [current, locked, current - locked].map(Some);
            figure.claim(told == wanted, || {
                format!(
                    "{} has current, locked and usable {told:?}; what the tills were told makes {wanted:?}",
                    holder.identity
                )
            });
        }
        Ok(())
    }

    /// Reads as a till does: what cannot be answered now, on a connection that a fault has cut, is asked again.
    async fn read(&self, target: &str, random: &mut SmallRng) -> Option<Told> {
        let until = Instant::now() + TOLD_MAX;
        while Instant::now() < until {
            let told = self.send(Method::GET, target, "", None, random).await;
            if let Some(told) = told.filter(|told| told.status == 200) {
                return Some(told);
            }
            sleep(Duration::from_millis(20)).await;
        }
        None
    }

    fn show(&self, figure: &mut Figure, asked: &[Asked]) {
        let count = |act: Act| {
            let of = || asked.iter().filter(|asked| asked.wish.act == act);
            let (done, refused) =
                (of().filter(|asked| asked.done()).count(), of().filter(|asked| asked.refused()).count());
            format!("{done} and {refused} {act:?}")
        };
        figure.see("points, done and refused", Act::ALL.map(count).join(", "));
        for act in never_done(asked) {
            figure.find(format!("never reached: a {act:?} of points that was done"));
        }
        let repeated = self.repeated.load(Ordering::Relaxed);
        figure.see("points answers asked for again, all equal", repeated);
        let statuses = lock(&self.statuses).clone();
        for (status, times) in &statuses {
            let allowed = matches!(status, 200 | 201 | 400 | 409 | 429 | 503);
            figure.claim(allowed, || format!("wallet-spend answered {status} {times} times"));
        }
        let shown: Vec<String> =
            statuses.iter().map(|(status, times)| format!("{times} × {status}")).collect();
        let cut = self.cut.load(Ordering::Relaxed);
        figure.see("answers about points", format!("{}; {cut} attempts were cut", shown.join(", ")));
        let missing = self.without_retry_after.load(Ordering::Relaxed);
        figure.claim(missing == 0, || {
            format!("{missing} times wallet-spend said 429 or 503 without Retry-After")
        });
    }
}

/// What each acknowledged spend came to, as its tills were told.
fn known<'a>(figure: &mut Figure, asked: &'a [Asked]) -> BTreeMap<&'a str, Known> {
    let mut spends: BTreeMap<&str, Known> = BTreeMap::new();
    for asked in asked.iter().filter(|asked| asked.done()) {
        let wish = &asked.wish;
        let known = spends.entry(&wish.spend).or_default();
        match wish.act {
            Act::Lock | Act::Spend => {
                (known.holder, known.points, known.locked) =
                    (wish.holder, wish.points, wish.act == Act::Lock);
                known.settled += if known.locked { 0 } else { wish.points };
            }
            Act::Void => known.voided = true,
            Act::Settle => known.settled += wish.points,
            Act::Refund => known.refunded += wish.points,
        }
    }
    for (spend, known) in &spends {
        let ended_twice = known.voided && known.settled > 0;
        let sound = known.points > 0
            && !ended_twice
            && known.refunded <= known.settled
            && known.settled <= known.points;
        figure.claim(sound, || format!("{spend}: what was acknowledged contradicts itself: {known:?}"));
    }
    spends
}

fn judge_rows(figure: &mut Figure, asked: &[Asked], rows: &BTreeMap<String, Vec<Row>>) {
    let wished: BTreeSet<&str> = asked.iter().map(|asked| &*asked.wish.reference).collect();
    for reference in rows.keys().filter(|reference| !wished.contains(&***reference)) {
        figure.find(format!("nobody asked for the wallet transaction {reference}"));
    }
    for asked in asked {
        let wish = &asked.wish;
        let found = rows.get(&wish.reference).map_or(&[][..], Vec::as_slice);
        let sound = match (wish.act, asked.done(), asked.refused()) {
            // Its reference is the spend's.
            (Act::Void, true, _) => matches!(found, [row] if row.status == "VOIDED" && row.settled == 0),
            (Act::Void, ..) => true,
            (Act::Lock | Act::Spend, true, _) => {
                matches!(found, [row] if row.kind == "SPEND" && row.points == wish.points)
            }
            (Act::Settle | Act::Refund, true, _) => found.len() == 1,
            (_, _, true) => found.is_empty(),
            (_, false, false) => found.len() <= 1,
        };
        figure.claim(sound, || {
            let answer = asked.answer.as_ref().map(|(status, _)| status);
            format!("{wish:?} was answered {answer:?}, and the wallet has {found:?}")
        });
    }
}

/// The row of every spend tells of it what the tills were told.
fn judge_spends(figure: &mut Figure, spends: &BTreeMap<&str, Known>, rows: &BTreeMap<String, Vec<Row>>) {
    for (spend, known) in spends {
        let Some(row) = rows.get(*spend).and_then(|rows| rows.first()) else { continue };
        let voided = (row.status == "VOIDED") == known.voided;
        let equal = voided && row.settled == known.settled && row.refunded == known.refunded;
        figure.claim(equal, || format!("{spend}: the tills know {known:?}, the wallet has {row:?}"));
    }
}

async fn rows(database: &TestDatabase) -> anyhow::Result<BTreeMap<String, Vec<Row>>> {
    let sql = "select reference, type, status, points, settled_points, refunded_points
                 from wallet.wallet_transactions where brand_key = ledger.brand_key($1)";
    let mut rows: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in database.admin().await.query(sql, &[&BRAND]).await? {
        let of = Row {
            kind: row.try_get(1)?,
            status: row.try_get(2)?,
            points: row.try_get(3)?,
            settled: row.try_get(4)?,
            refunded: row.try_get(5)?,
        };
        rows.entry(row.try_get(0)?).or_default().push(of);
    }
    Ok(rows)
}
