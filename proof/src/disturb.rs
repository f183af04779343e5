//! What breaks while tills work: backends that are terminated, processes that are killed, snapshots that are taken.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinHandle, time::sleep};

use crate::stage::Stage;

/// Counts what it did, and what it found wrong.
#[derive(Debug, Default)]
pub struct Done {
    pub times: u64,
    pub findings: Vec<String>,
}

/// Something that goes on until it is told to stop.
pub struct Disturbance {
    stop: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<Done>>,
}

impl Disturbance {
    /// Runs `act` again and again, `pause` apart; each answers what it did and found.
    pub fn start<F, A>(pause: Duration, mut act: A) -> Self
    where
        A: FnMut() -> F + Send + 'static,
        F: Future<Output = anyhow::Result<Done>> + Send,
    {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut all = Done::default();
            while !stopped.load(Ordering::Relaxed) {
                sleep(pause).await;
                let done = act().await?;
                all.times += done.times;
                all.findings.extend(done.findings);
            }
            Ok(all)
        });
        Self { stop, task }
    }

    pub async fn finish(self) -> anyhow::Result<Done> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await?
    }
}

/// Terminates one of the services' backends every `pause`.
pub async fn terminate_backends(stage: &Stage, pause: Duration) -> Disturbance {
    let admin = Arc::new(stage.database.admin().await);
    Disturbance::start(pause, move || {
        let admin = admin.clone();
        async move {
            let rows = admin
                .query(
                    "select pg_terminate_backend(pid) from pg_stat_activity
                      where datname = current_database() and application_name like 'zerosum %' and pid <> pg_backend_pid()
                      order by random() limit 1",
                    &[],
                )
                .await?;
            Ok(Done { times: rows.len() as u64, ..Done::default() })
        }
    })
}

/// Money is neither made nor lost, in every snapshot: the balances and the entries both sum to zero.
pub async fn take_snapshots(stage: &Stage, pause: Duration) -> Disturbance {
    let admin = Arc::new(stage.database.admin().await);
    let taken = Arc::new(AtomicU64::new(0));
    Disturbance::start(pause, move || {
        let (admin, taken) = (admin.clone(), taken.clone());
        async move {
            let row = admin
                .query_one(
                    "select (select coalesce(sum(posted), 0)::text from ledger.balances),
                            (select coalesce(sum(amount), 0)::text from ledger.entries),
                            (select count(*) from ledger.balances where posted - held < floor)",
                    &[],
                )
                .await?;
            let sums: (String, String, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let number = taken.fetch_add(1, Ordering::Relaxed);
            let sound = sums.0 == "0" && sums.1 == "0" && sums.2 == 0;
            let findings = if sound {
                vec![]
            } else {
                vec![format!("snapshot {number}: balances, entries, overdrawn {sums:?}")]
            };
            Ok(Done { times: 1, findings })
        }
    })
}
