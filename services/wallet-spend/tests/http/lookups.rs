//! What a request reads does not grow with the wallets of its brand, whatever the server knows of its tables.
//!
//! The worst case is a table that was empty when the server last looked at it: by its statistics, any index that begins
//! with the brand finds a row as well as the right one does.

use futures_util::{StreamExt as _, stream};
use tokio_postgres::Client;

use super::{
    round_trips::reads,
    stage::{BRAND, Holder, Stage, patient, signed},
};

/// So few that the right index is not cheaper by the server's reckoning: it may read them all, once for each look-up,
/// but never all of one table for each of another.
const FEW: usize = 150;
const FEW_READ_MAX: usize = 5 * FEW;
/// So many that a look-up takes what it looks for. A request reads ten rows on the average.
const MANY: usize = 1_000;
const MANY_READ_MAX: usize = 50;
/// The server makes a plan for each of the first five, and then one for all.
const TIMES: usize = 8;
const FORGET: &str = "
do $$
declare
  name text;
begin
  for name in select format('%I.%I', schemaname, relname) from pg_stat_user_tables
               where schemaname in ('ledger', 'wallet') loop
    execute format('alter table %s set (autovacuum_enabled = off)', name);
  end loop;
end
$$";
const OTHER_ACCOUNTS: &str = "
with made as (
  insert into ledger.accounts (brand_key, account_id, name, type, steward, currency, keeps_lots, created_at, updated_at)
  select ledger.brand_key('demo'), gen_random_uuid(), 'account ' || n, 'asset', 'general', 'USD', false, now(), now()
    from generate_series(1, 300) n
  returning brand_key, account_id
)
insert into ledger.balances (brand_key, account_id, posted, held, version)
select brand_key, account_id, 0, 0, 0 from made";
/// Whoever is cut off says at once what it has read.
pub const CUT: &str = "
select pg_terminate_backend(pid, 5000) from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
const READ: &str = "
select name, sum(rows)::bigint
  from (select relname, seq_tup_read from pg_stat_user_tables where schemaname in ('ledger', 'wallet')
        union all
        select indexrelname, idx_tup_read from pg_stat_user_indexes where schemaname in ('ledger', 'wallet')
       ) as counted (name, rows)
 group by name order by 2 desc";

/// What was read so far, by table and index, the most first.
async fn read(admin: &Client) -> Vec<(String, i64)> {
    admin.query(CUT, &[]).await.unwrap();
    let rows = admin.query(READ, &[]).await.unwrap();
    rows.iter().map(|row| (row.get::<_, String>(0), row.get(1))).collect()
}

/// Wallets of one scheme, each with points.
async fn open(stage: &Stage, scheme: &str, numbers: std::ops::Range<usize>) -> Vec<Holder> {
    let made = stream::iter(numbers).map(async |n| {
        let holder = stage.holder_of(&format!("card-{n}"), &[(scheme, "POINTS")]).await;
        stage.credit(&holder, 500_000).await;
        holder
    });
    made.buffer_unordered(16).collect().await
}

/// Everything that can be read of a wallet, and purchases. Answers how many requests that were.
async fn use_it(stage: &Stage, holder: &Holder) -> usize {
    let mut asked = 0;
    for n in 0..TIMES {
        for (operation, method, target, body) in reads(holder) {
            let request = || signed(BRAND, method.clone(), &target, body.as_bytes(), &[]);
            patient(stage.till(), operation, request()).await.expect(200);
            asked += 1;
        }
        let (reference, basket) = (stage.name("spend"), stage.name("basket"));
        stage.spend(holder, &reference, 10_000, n % 2 == 0).await.expect(200);
        asked += 1;
        match n % 4 {
            0 => stage.void(holder, &reference).await.expect(200),
            2 => stage.settle(holder, &basket, &[&reference]).await.expect(200),
            _ => continue,
        };
        asked += 1;
    }
    asked
}

#[tokio::test]
async fn a_request_reads_no_more_rows_where_there_are_more_wallets_and_no_statistics() {
    let stage = Stage::new().await;
    let admin = stage.database.admin().await;
    admin.batch_execute(FORGET).await.unwrap();
    // It has looked at the ledger when accounting was in use already, and nobody had a wallet.
    admin.batch_execute(OTHER_ACCOUNTS).await.unwrap();
    admin.batch_execute("vacuum analyze").await.unwrap();
    let scheme = stage.scheme("POINTS").await;
    for (wallets, most) in [(0..FEW, FEW_READ_MAX), (FEW..MANY, MANY_READ_MAX)] {
        let count = wallets.end;
        let holders = open(&stage, &scheme, wallets).await;
        let holder = &holders[holders.len() / 2];
        // Some reads ask for it by this name.
        if count == FEW {
            stage.spend(holder, "locked", 10_000, true).await.expect(200);
        }
        let before = read(&admin).await;
        let asked = use_it(&stage, holder).await;
        let after = read(&admin).await;
        let mut more: Vec<(String, i64)> = after
            .into_iter()
            .map(|(name, rows)| {
                let earlier =
                    before.iter().find(|(earlier, _)| *earlier == name).map_or(0, |(_, rows)| *rows);
                (name, rows - earlier)
            })
            .collect();
        let rows: i64 = more.iter().map(|(_, rows)| rows).sum();
        more.sort_by_key(|(_, rows)| -rows);
        more.truncate(5);
        println!("{asked} requests over {count} wallets read {rows} rows, most by {more:?}");
        assert!(rows <= i64::try_from(asked * most).unwrap(), "{rows} rows, most by {more:?}");
    }
    stage.books_hold().await;
}
