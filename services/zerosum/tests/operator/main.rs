//! What an operator does about books that do not hold: find it, stop the brand, look, mend, release.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use zerosum_testkit::TestDatabase;

/// A transaction of one brand, as the engine writes it.
const BOOKS: &str = "
    insert into ledger.brands (brand_id, name) values ('north', 'North'), ('south', 'South');
    insert into ledger.accounts (brand_key, account_id, name, type, steward, currency, keeps_lots, created_at, updated_at)
      select ledger.brand_key('north'), id, 'a', 'asset', 'general', 'USD', false, now(), now()
        from unnest(array['00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000b']::uuid[]) id;
    insert into ledger.balances (brand_key, account_id, posted, held, version, last_transaction, last_line)
      select brand_key, account_id, case when account_id::text like '%a' then -5 else 5 end, 0, 1,
             '019a9f00-0000-7000-8000-000000000001', case when account_id::text like '%a' then 0 else 1 end
        from ledger.accounts;
    insert into ledger.transactions (brand_key, transaction_id, type, posted_at)
      values (ledger.brand_key('north'), '019a9f00-0000-7000-8000-000000000001', 'test', now());
    insert into ledger.entries (brand_key, account_id, version, amount, balance_after, transaction_id, line, posted_at, currency)
      select brand_key, account_id, 1, posted, posted, '019a9f00-0000-7000-8000-000000000001',
             case when posted < 0 then 0 else 1 end, now(), 'USD'
        from ledger.balances";

const FAULT: &str = "update ledger.balances set posted = posted + 1 where posted = 5";

fn zerosum(database: &TestDatabase, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_zerosum"))
        .args(arguments)
        .env("DATABASE_URL", database.admin_url())
        .output()
        .expect("run zerosum")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

#[track_caller]
fn halted_reason(database: &TestDatabase, brand: &str) -> Value {
    let shown = zerosum(database, &["brand", "show", brand]);
    assert!(shown.status.success(), "{}", text(&shown));
    serde_json::from_slice::<Value>(&shown.stdout).expect("JSON")["halted_reason"].clone()
}

#[tokio::test]
async fn a_fault_is_named_the_brand_halted_and_released_only_once_its_books_hold() {
    let database = TestDatabase::new().await;
    let admin = database.admin().await;
    admin.batch_execute(BOOKS).await.expect("books");
    let clean = zerosum(&database, &["verify"]);
    assert_eq!(clean.status.code(), Some(0), "{}", text(&clean));
    assert!(text(&clean).trim_end().ends_with("OK"));

    admin.batch_execute(FAULT).await.expect("plant");
    let found = zerosum(&database, &["verify", "--halt"]);
    assert_eq!(found.status.code(), Some(1), "{}", text(&found));
    assert!(text(&found).contains("account 00000000-0000-7000-8000-00000000000b"), "{}", text(&found));
    assert!(halted_reason(&database, "north").as_str().is_some_and(|reason| reason.contains("C2")));
    assert_eq!(halted_reason(&database, "south"), Value::Null);

    let refused = zerosum(&database, &["brand", "release", "north"]);
    assert!(!refused.status.success() && text(&refused).contains("do not hold"), "{}", text(&refused));
    assert!(halted_reason(&database, "north").is_string());
    admin.batch_execute("update ledger.balances set posted = 5 where posted = 6").await.expect("mend");
    let released = zerosum(&database, &["brand", "release", "north"]);
    assert!(released.status.success(), "{}", text(&released));
    assert_eq!(halted_reason(&database, "north"), Value::Null);
}

#[tokio::test]
async fn a_brand_is_halted_by_hand_and_one_that_is_not_there_is_said() {
    let database = TestDatabase::new().await;
    database.admin().await.batch_execute(BOOKS).await.expect("books");
    let halted = zerosum(&database, &["brand", "halt", "north", "--reason", "an audit"]);
    assert!(halted.status.success(), "{}", text(&halted));
    assert_eq!(halted_reason(&database, "north"), "an audit");
    let none = zerosum(&database, &["brand", "halt", "nobody", "--reason", "an audit"]);
    assert!(
        !none.status.success() && text(&none).contains("there is no brand \"nobody\""),
        "{}",
        text(&none)
    );
}

#[tokio::test]
async fn a_watermark_moves_only_over_books_that_hold() {
    let database = TestDatabase::new().await;
    let admin = database.admin().await;
    admin.batch_execute(BOOKS).await.expect("books");
    let folder = tempfile::tempdir().expect("dir");
    let file = folder.path().join("watermark");
    let verify = || zerosum(&database, &["verify", "--watermark", file.to_str().expect("a path")]);
    let moment = |file: &Path| std::fs::read_to_string(file).ok();

    assert!(moment(&file).is_none());
    let whole = verify();
    assert!(whole.status.success() && !text(&whole).contains("entries since"), "{}", text(&whole));
    let first = moment(&file).expect("a moment");
    let newer = verify();
    assert!(newer.status.success() && text(&newer).contains("entries since"), "{}", text(&newer));
    let second = moment(&file).expect("a moment");
    assert_ne!(first, second);
    admin.batch_execute(FAULT).await.expect("plant");
    assert_eq!(verify().status.code(), Some(1));
    assert_eq!(moment(&file), Some(second));
}

#[tokio::test]
async fn what_a_brand_decides_of_its_points_is_set_listed_and_removed() {
    let database = TestDatabase::new().await;
    let insert = "insert into ledger.brands (brand_id, name) values ('north', 'North')";
    database.admin().await.batch_execute(insert).await.expect("brand");
    let said = |arguments: &[&str]| {
        let output = zerosum(&database, arguments);
        assert!(output.status.success(), "{}", text(&output));
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let settings = said(&["brand", "set", "north", "--lock-seconds", "60"]);
    assert_eq!((&settings["lockSeconds"], &settings["refundGraceDays"]), (&60.into(), &30.into()));
    let settings = said(&["brand", "set", "north", "--refund-grace-days", "7"]);
    assert_eq!((&settings["lockSeconds"], &settings["refundGraceDays"]), (&60.into(), &7.into()));

    assert_eq!(said(&["permission", "list", "north"])["rules"], Value::Array(Vec::new()));
    said(&["permission", "set", "north", "account", "--state", "FROZEN", "--no-earn", "--no-spend"]);
    said(&["permission", "set", "north", "wallet", "--no-spend"]);
    let rules = said(&["permission", "set", "north", "account", "--state", "FROZEN", "--no-spend"]);
    let expected = r#"[
        {"subject": "account", "status": null, "state": "FROZEN", "mayEarn": true, "maySpend": false},
        {"subject": "wallet", "status": null, "state": null, "mayEarn": true, "maySpend": false}]"#;
    assert_eq!(rules["rules"], serde_json::from_str::<Value>(expected).expect("JSON"));
    let left = said(&["permission", "remove", "north", "wallet"]);
    assert_eq!(left["rules"].as_array().map(Vec::len), Some(1));

    for (arguments, expected) in [
        (&["brand", "set", "north"][..], "--lock-seconds"),
        (&["brand", "set", "north", "--lock-seconds", "0"], "1..=31536000"),
        (&["brand", "set", "south", "--lock-seconds", "1"], "there is no brand"),
        (&["permission", "remove", "north", "wallet"], "no such rule"),
        (&["permission", "set", "south", "wallet"], "there is no brand"),
        (&["permission", "set", "north", "basket"], "wallet, identity, account"),
        (&["permission", "set", "north", "wallet", "--status", "ASLEEP"], "--status"),
    ] {
        let output = zerosum(&database, arguments);
        assert!(!output.status.success() && text(&output).contains(expected), "{}", text(&output));
    }
}
