//! Forgetting keys whose time is over: a few pages of the table at a time, round and round.
//!
//! Any number of processes may do it at once; each deletes only what has expired. A key is kept at least as long as
//! promised and until a sweep next comes by; until then it still answers.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio_postgres::{Client, Config, Error, NoTls};

use super::Stats;

/// Heap pages per step: 8 MB, which a step reads in milliseconds.
const PAGES: i32 = 1_024;
/// A step a minute reads 11 GB a day: at 400 bytes a key, 860 million keys in the 30 days that they live.
const PACE: Duration = Duration::from_secs(60);

/// Runs until its engine is gone.
pub(super) async fn run(database: Config, engine: Weak<Stats>) {
    let mut page = 0;
    loop {
        tokio::time::sleep(PACE).await;
        let Some(stats) = engine.upgrade() else { return };
        match step(&database, page, &stats).await {
            Ok(next) => page = next,
            // The next step tries again.
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot forget expired keys now")
            }
        }
    }
}

async fn step(database: &Config, page: i64, stats: &Arc<Stats>) -> Result<i64, Error> {
    let mut config = database.clone();
    config.options(format!("{} -c role=zerosum_app", config.get_options().unwrap_or_default()));
    let (client, connection) = config.connect(NoTls).await?;
    // Ends with the client.
    tokio::spawn(connection);
    let (forgotten, next) = forget(&client, page).await?;
    Stats::add(&stats.keys_forgotten, forgotten);
    Ok(next)
}

/// Forgets the expired keys of the pages from `page` on; answers how many, and the page to go on from.
async fn forget(client: &Client, page: i64) -> Result<(u64, i64), Error> {
    let row = client
        .query_one(
            "select ledger.forget_expired_keys($1, $2),
                    pg_relation_size('ledger.idempotency_keys') / current_setting('block_size')::bigint",
            &[&page, &PAGES],
        )
        .await?;
    let (forgotten, pages): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    let next = page + i64::from(PAGES);
    Ok((u64::try_from(forgotten).unwrap_or(0), if next < pages { next } else { 0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_expired_keys_are_forgotten_and_the_sweep_comes_round() {
        let database = zerosum_testkit::TestDatabase::new().await;
        let keys = "insert into ledger.idempotency_keys
            (brand_key, name, scope, key, fingerprint, refused, outcome, expires_at)
            select 1, ledger.key_name('s', n::text), 's', n::text, '\\x00', false, repeat('x', 1000),
                   case n % 3 when 0 then now() - interval '1 second' when 1 then now() + interval '1 day' end
              from generate_series(1, 30000) n";
        database.admin().await.batch_execute(keys).await.unwrap();
        let app = database.app().await;
        app.batch_execute("set role zerosum_app").await.unwrap();
        let (mut page, mut forgotten, mut steps) = (0, 0, 0);
        loop {
            let step = forget(&app, page).await.unwrap();
            (forgotten, page, steps) = (forgotten + step.0, step.1, steps + 1);
            if page == 0 {
                break;
            }
        }
        assert!(steps > 1, "the table is longer than one step");
        assert_eq!(forgotten, 10_000);
        let left = "select count(*) filter (where expires_at is null), count(*) from ledger.idempotency_keys";
        let row = app.query_one(left, &[]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (10_000, 20_000));
        // The application role itself may not delete a key.
        let refused = app.batch_execute("delete from ledger.idempotency_keys").await.unwrap_err();
        assert_eq!(refused.code(), Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE));
    }
}
