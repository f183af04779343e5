//! Reads over a real PostgreSQL.

use zerosum_domain::BrandId;
use zerosum_ledger::reads::{Query, ReadError, Reads};
use zerosum_testkit::TestDatabase;

const PID: Query<'static> = Query { sql: "select pg_backend_pid()", params: &[] };
const TOO_SLOW: Query<'static> = Query { sql: "select pg_backend_pid(), pg_sleep(3)", params: &[] };

/// What made it slow is most likely a plan, and the plan is the connection's.
#[tokio::test]
async fn a_connection_whose_query_ran_into_the_limit_is_not_used_again() {
    let database = TestDatabase::new().await;
    let reads = Reads::new(&database.app_url().parse().unwrap(), 1).unwrap();
    let brand = BrandId::parse("acme").unwrap();
    let pid = async || reads.query(&brand, PID).await.unwrap()[0].get::<_, i32>(0);
    let first = pid().await;
    assert_eq!(pid().await, first, "a connection is used again");
    let failed = reads.query(&brand, TOO_SLOW).await.unwrap_err();
    assert!(matches!(failed, ReadError::Unavailable(_)), "{failed:?}");
    assert_ne!(pid().await, first);
}

/// A plan made over an empty table reads the whole of it in a row, and the right one for what the table has become looks
/// a row up. On one connection, without the server's own statistics, which would renew it.
#[tokio::test]
async fn a_plan_is_made_anew_when_its_table_has_grown() {
    let database = TestDatabase::new().await;
    let admin = database.admin().await;
    // Any table that the reading role may see will do: reads have no other rights.
    let make =
        "create table ledger.grown (n bigint not null, m bigint not null) with (autovacuum_enabled = off);
                create index grown_idx on ledger.grown (n);
                analyze ledger.grown;
                grant select on ledger.grown to zerosum_read";
    admin.batch_execute(make).await.unwrap();
    let reads = Reads::new(&database.app_url().parse().unwrap(), 1).unwrap();
    let brand = BrandId::parse("acme").unwrap();
    let look = async || {
        let sql = "select m from ledger.grown where n = $1";
        reads.query(&brand, Query { sql, params: &[&7_i64] }).await.unwrap().len()
    };
    // The server settles for one plan after five.
    for _ in 0..10 {
        assert_eq!(look().await, 0);
    }
    admin
        .batch_execute("insert into ledger.grown select n, n from generate_series(1, 200000) n")
        .await
        .unwrap();
    let scans = async || {
        // What a session has counted is told when it is idle, after a second at the latest.
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        look().await;
        tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        let sql = "select seq_scan, idx_scan from pg_stat_user_tables where relname = 'grown'";
        let row = admin.query_one(sql, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, i64>(1))
    };
    scans().await;
    let before = scans().await;
    for _ in 0..20 {
        assert_eq!(look().await, 1);
    }
    let after = scans().await;
    assert_eq!(after.0, before.0, "no whole table is read any more: {before:?} {after:?}");
    assert!(after.1 >= before.1 + 20, "{before:?} {after:?}");
}

/// One connection serves all brands in turn, alone and several queries at a time, and every read only reads.
#[tokio::test]
async fn a_read_sees_its_own_brand_whoever_used_the_connection_before() {
    const SEEN: Query<'static> = Query {
        sql: "select brand_id, current_setting('transaction_read_only') from ledger.brands",
        params: &[],
    };
    let database = TestDatabase::new().await;
    let admin = database.admin().await;
    for brand in ["acme", "rival"] {
        let sql = "insert into ledger.brands (brand_id, name) values ($1, $1)";
        admin.execute(sql, &[&brand]).await.unwrap();
    }
    let reads = Reads::new(&database.app_url().parse().unwrap(), 1).unwrap();
    let mut turns = 0;
    for (brand, together) in
        ["acme", "rival", "nobody", "rival", "acme"].into_iter().zip([false, true].into_iter().cycle())
    {
        let id = BrandId::parse(brand).unwrap();
        // Somebody goes away in the middle of a read of another brand.
        let other = BrandId::parse(if brand == "acme" { "rival" } else { "acme" }).unwrap();
        let gone = tokio::time::timeout(std::time::Duration::from_micros(50), reads.query(&other, SEEN));
        drop(gone.await);
        let rows = if together {
            let mut answers = reads.queries(&id, &[SEEN, SEEN]).await.unwrap();
            let rows = answers.pop().unwrap();
            assert_eq!(answers.pop().unwrap().len(), rows.len());
            rows
        } else {
            reads.query(&id, SEEN).await.unwrap()
        };
        let seen: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let own = (brand != "nobody").then(|| (brand.to_owned(), "on".to_owned()));
        assert_eq!(seen, Vec::from_iter(own));
        // The same again, and now the connection is known to be this brand's.
        for _ in 0..2 {
            let again = reads.query(&id, SEEN).await.unwrap();
            assert_eq!(
                again.iter().map(|row| row.get(0)).collect::<Vec<String>>().first(),
                seen.first().map(|row| &row.0)
            );
        }
        turns += 1;
    }
    println!("{turns} reads of three brands over one connection");
}
