//! Every test has a migrated database of its own.

use zerosum_testkit::TestDatabase;

#[tokio::test]
async fn databases_are_migrated_and_apart() {
    let (one, two) = tokio::join!(TestDatabase::new(), TestDatabase::new());
    let insert = "insert into ledger.brands (brand_id, name) values ('brand', 'A brand')";
    one.admin().await.batch_execute(insert).await.expect("insert");
    // The same key again would fail if these were one database.
    two.admin().await.batch_execute(insert).await.expect("insert");
}

#[tokio::test]
async fn the_login_role_may_act_as_both_groups_and_as_nobody_else() {
    let database = TestDatabase::new().await;
    let app = database.app().await;
    for role in ["zerosum_app", "zerosum_read"] {
        app.batch_execute(&format!("set role {role}")).await.expect("a member");
        app.batch_execute("reset role").await.expect("reset");
    }
    assert!(app.batch_execute("set role postgres").await.is_err());
    assert!(app.batch_execute("create table ledger.mine (n int)").await.is_err());
}

#[tokio::test]
async fn an_unmigrated_database_is_empty() {
    let database = TestDatabase::unmigrated().await;
    let row =
        database.admin().await.query_one("select to_regnamespace('ledger') is null", &[]).await.expect("ask");
    assert!(row.get::<_, bool>(0));
}

#[tokio::test]
async fn a_durable_database_survives_a_kill() {
    let mut durable = TestDatabase::durable().await;
    durable
        .database
        .admin()
        .await
        .batch_execute("insert into ledger.brands (brand_id, name) values ('brand', 'A brand')")
        .await
        .expect("insert");
    durable.server.kill().await.expect("kill");
    durable.server.start_again().await.expect("start again");
    let row = durable
        .database
        .admin()
        .await
        .query_one("select count(*) from ledger.brands", &[])
        .await
        .expect("count");
    assert_eq!(row.get::<_, i64>(0), 1);
}
