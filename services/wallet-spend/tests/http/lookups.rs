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

/// A look-up by the wrong index reads as many rows. Over a few hundred the right one is not cheaper by the server's
/// reckoning, and may not be taken; nothing grows from that.
const WALLETS: usize = 1_000;
/// The server makes a plan for each of the first five, and then one for all.
const TIMES: usize = 8;
/// Rows of tables and entries of indexes that a request reads on the average. They are ten.
const ROWS_MAX: i64 = 50;

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
/// Whoever is cut off says at once what it has read.
const CUT: &str = "
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

#[tokio::test]
async fn a_request_reads_no_more_rows_where_there_are_more_wallets_and_no_statistics() {
    let stage = Stage::new().await;
    let admin = stage.database.admin().await;
    admin.batch_execute(FORGET).await.unwrap();
    admin.batch_execute("vacuum analyze").await.unwrap();
    let scheme = stage.scheme("POINTS").await;
    let made = stream::iter(0..WALLETS).map(async |n| {
        let holder = stage.holder_of(&format!("card-{n}"), &[(&scheme, "POINTS")]).await;
        stage.credit(&holder, 200_000).await;
        holder
    });
    let holders: Vec<Holder> = made.buffer_unordered(16).collect().await;
    let holder = &holders[WALLETS / 2];
    stage.spend(holder, "locked", 10_000, true).await.expect(200);

    let before = read(&admin).await;
    let mut asked = 0;
    for n in 0..TIMES {
        for (operation, method, target, body) in reads(holder) {
            let request = || signed(BRAND, method.clone(), &target, body.as_bytes(), &[]);
            patient(stage.till(), operation, request()).await.expect(200);
            asked += 1;
        }
        asked += 1;
        let (reference, basket) = (format!("spend-{n}"), format!("basket-{n}"));
        stage.spend(holder, &reference, 10_000, n % 2 == 0).await.expect(200);
        match n % 4 {
            0 => stage.void(holder, &reference).await.expect(200),
            2 => stage.settle(holder, &basket, &[&reference]).await.expect(200),
            _ => continue,
        };
        asked += 1;
    }
    let after = read(&admin).await;
    let mut more: Vec<(String, i64)> = after
        .into_iter()
        .map(|(name, rows)| {
            let earlier = before.iter().find(|(earlier, _)| *earlier == name).map_or(0, |(_, rows)| *rows);
            (name, rows - earlier)
        })
        .collect();
    more.sort_by_key(|(_, rows)| -rows);
    more.truncate(8);
    let rows: i64 = more.iter().map(|(_, rows)| rows).sum();
    println!("{asked} requests over {WALLETS} wallets read {rows} rows, most by {more:?}");
    assert!(rows <= ROWS_MAX * asked, "{asked} requests read {rows} rows, most by {more:?}");
    stage.books_hold().await;
}
