//! Start-up refuses a server that could lose what it acknowledged.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use tokio_postgres::Config;
use zerosum_ledger::{Unfit, check_server};
use zerosum_testkit::TestDatabase;

fn config(url: &str) -> Config {
    url.parse().unwrap()
}

#[tokio::test]
async fn a_server_that_may_forget_a_commit_is_refused_unless_told_otherwise() {
    let database = TestDatabase::new().await;
    let refused = check_server(&config(database.app_url()), false).await;
    assert!(matches!(refused, Err(Unfit::NotDurable { setting: "fsync" })), "{refused:?}");
    check_server(&config(database.app_url()), true).await.unwrap();

    let durable = TestDatabase::durable().await;
    check_server(&config(durable.database.app_url()), false).await.unwrap();
    for setting in ["synchronous_commit=off"] {
        let mut asynchronous = config(durable.database.app_url());
        asynchronous.options(format!("-c {setting}"));
        let refused = check_server(&asynchronous, false).await;
        assert!(matches!(refused, Err(Unfit::NotDurable { setting: "synchronous_commit" })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_database_without_the_schema_and_one_that_is_not_there_are_told_apart() {
    let unmigrated = TestDatabase::unmigrated().await;
    let missing = check_server(&config(unmigrated.admin_url()), true).await;
    assert!(matches!(missing, Err(Unfit::NotMigrated)), "{missing:?}");
    let nowhere = check_server(&config("postgres://zerosum@127.0.0.1:1/none"), true).await;
    assert!(matches!(nowhere, Err(Unfit::Unreachable(_))), "{nowhere:?}");
}
