//! The verifier over what real calls made: clean books are clean, and each fault planted in what the wallet keeps
//! beside the ledger is found. Faults in the ledger itself are planted in the ledger's own tests.

use futures_util::future::join_all;
use serde_json::json;
use zerosum_ledger::verify::{Checker, Report};
use zerosum_tests::{Ask, Stage, accounting, cash, wallet::Wallet};

/// A wallet with a spend in every state: locked, voided, settled in part, settled and refunded in part.
async fn played() -> Stage {
    let stage = Stage::new().await;
    let client = stage.wallet_spend().await;
    for (identity, fields) in
        [("ada", json!({})), ("ben", json!({"services": {"expiryPoints": {"days": 30}}}))]
    {
        let wallet = Wallet::open(&client, identity, &fields, 1_000).await;
        let name = |name: &str| format!("{identity}-{name}");
        for ask in [
            wallet.spend(&name("locked"), 50, true),
            wallet.spend(&name("voided"), 60, true),
            wallet.void(&name("voided")),
            wallet.spend(&name("part"), 70, true),
            wallet.settle(&name("purchase"), &name("part"), Some(30)),
            wallet.spend(&name("spent"), 80, false),
            wallet.refund(&name("refund"), &name("spent"), Some(10)),
        ] {
            client.need(ask, 200).await;
        }
    }
    stage
}

/// Plants a fault as only a superuser can, on top of those planted before, and verifies.
async fn planted(stage: &Stage, sql: &str) -> Report {
    stage.as_owner(&format!("set session_replication_role = replica; {sql}")).await;
    zerosum_ledger::verify(stage.database.app_url()).await.expect("verify")
}

#[track_caller]
fn assert_finds(report: &Report, checker: Checker, what: &str, message: &str) {
    assert!(
        report.of(checker).any(|finding| finding.what.starts_with(what) && finding.message.contains(message)),
        "{checker} {what} {message}\n{report}"
    );
}

#[tokio::test]
async fn wallets_in_every_state_verify_clean() {
    let report = played().await.books_hold().await;
    assert_eq!((report.counts.holds, report.counts.open_holds), (6, 2));
}

#[tokio::test]
async fn a_wallet_account_whose_points_are_elsewhere_is_found() {
    let stage = played().await;
    let report =
        planted(&stage, "update ledger.accounts set currency = 'USD' where steward = 'points'").await;
    assert_finds(&report, Checker::W1, "wallet account", "not its scheme's");
    let report = planted(&stage, "update wallet.accounts set ledger_account = gen_random_uuid()").await;
    assert_finds(&report, Checker::W1, "wallet account", "does not exist");
}

#[tokio::test]
async fn figures_of_an_account_that_its_transactions_did_not_move_are_found() {
    let stage = played().await;
    let keep = |figures: &str| {
        format!(
            "update ledger.balances b set figures = {figures} from wallet.accounts w
              where b.brand_key = w.brand_key and b.account_id = w.ledger_account"
        )
    };
    let report = planted(&stage, &keep("array[figures[1] + 1] || figures[2:4]")).await;
    assert_finds(&report, Checker::W1, "wallet account", "its lifetime is not");
    let report = planted(&stage, &keep("figures[1:1] || (figures[2] - 1) || figures[3:4]")).await;
    assert_finds(&report, Checker::W1, "wallet account", "its lifetime spend is not");
    let report = planted(&stage, &keep("figures[1:3]")).await;
    assert_finds(&report, Checker::W1, "wallet account", "not kept with its balance");
    let report = planted(&stage, &keep("null")).await;
    assert_finds(&report, Checker::W1, "wallet account", "not kept with its balance");
}

#[tokio::test]
async fn a_lock_without_its_hold_is_found() {
    let stage = played().await;
    let report =
        planted(&stage, "update wallet.wallet_transactions set hold_id = null where status = 'ACTIVE'").await;
    assert_finds(&report, Checker::W2, "wallet transaction", "no hold");
    assert_finds(&report, Checker::W2, "hold", "no spend holds them");
}

#[tokio::test]
async fn a_lock_of_other_points_or_of_another_end_is_found() {
    let stage = played().await;
    let report =
        planted(&stage, "update wallet.wallet_transactions set points = points + 1 where status = 'ACTIVE'")
            .await;
    assert_finds(&report, Checker::W2, "wallet transaction", "not of the points");
    let report =
        planted(&stage, "update wallet.wallet_transactions set status = 'ACTIVE' where status = 'VOIDED'")
            .await;
    assert_finds(&report, Checker::W2, "wallet transaction", "did not end as");
    let report =
        planted(&stage, "update ledger.holds set captured = captured - 1 where status = 'captured'").await;
    assert_finds(&report, Checker::W2, "wallet transaction", "did not end as");
}

#[tokio::test]
async fn an_account_transaction_that_tells_something_else_is_found() {
    let stage = played().await;
    let report = planted(
        &stage,
        "insert into wallet.account_transactions
         select brand_key, account_transaction_id + 500, parent_id, wallet_id, account_id, wallet_transaction_id, event,
                value, current_before, current_after, lifetime_before, lifetime_after, details, posting, created_at
           from wallet.account_transactions where event = 'SPEND'",
    )
    .await;
    assert_finds(&report, Checker::W3, "transaction", "more than once");
    let change = "insert into wallet.account_transactions
         select brand_key, account_transaction_id, parent_id, wallet_id, account_id + 1, wallet_transaction_id, event,
                value, current_before, current_after, lifetime_before, lifetime_after, details, null, created_at
           from wallet.account_transactions where event = 'SPEND'";
    let report = planted(&stage, change).await;
    assert_finds(&report, Checker::W3, "account transaction", "given more than once");
    let change = "update wallet.wallet_transactions
         set wallet_id = wallet_id + wallet_transaction_id, wallet_transaction_id = 1";
    assert_finds(&planted(&stage, change).await, Checker::W3, "wallet transaction", "given more than once");
    let change = "update wallet.account_transactions set value = value + 1 where event = 'CREDIT'";
    assert_finds(&planted(&stage, change).await, Checker::W3, "transaction", "tells other points");
    let change = "update wallet.account_transactions set posting = gen_random_uuid() where event = 'REFUND'";
    assert_finds(&planted(&stage, change).await, Checker::W3, "transaction", "were not posted");
    let change = "delete from wallet.account_transactions where event = 'SPEND'";
    assert_finds(&planted(&stage, change).await, Checker::W3, "transaction", "no account transaction tells");
}

#[tokio::test]
async fn refunds_that_do_not_sum_up_are_found() {
    let stage = played().await;
    let report = planted(
        &stage,
        "update wallet.wallet_transactions set refunded_points = refunded_points - 1 where refunded_points > 0",
    )
    .await;
    assert_finds(&report, Checker::W4, "wallet transaction", "not the sum of the refunds");
    let report = planted(
        &stage,
        "update wallet.wallet_transactions set original_id = 1 where original_id is not null",
    )
    .await;
    assert_finds(&report, Checker::W4, "wallet transaction", "does not exist");
}

#[tokio::test]
async fn points_of_a_scheme_that_are_neither_redeemed_nor_expired_nor_alive_are_found() {
    for gone in [
        "update ledger.lots set remaining = remaining - 1 where lot_id = (select min(lot_id::text)::uuid from ledger.lots where live)",
        "update ledger.balances b set posted = posted - 1 from wallet.accounts w
          join ledger.accounts a on a.account_id = w.ledger_account and not a.keeps_lots
         where b.account_id = w.ledger_account",
        "update ledger.entries e set amount = amount + 1 from wallet.schemes s where e.account_id = s.redemption_account",
    ] {
        let report = planted(&played().await, gone).await;
        assert_finds(&report, Checker::W5, "scheme", "not those redeemed, expired and alive");
    }
}

/// One answer of each kind, in books of accounting and cash.
async fn answered() -> Stage {
    let stage = Stage::new().await;
    let client = stage.accounting().await;
    let (till, safe) = (client.account("Till").await, client.account("Safe").await);
    client.need(accounting::transfer(&till, &safe, 5), 201).await;
    let batch =
        json!({"atomic": true, "transactions": [accounting::transaction(&[(&till, 7), (&safe, -7)])]});
    client.need(Ask::post("postTransactionBatch", "/v1/transactions/batch", &batch), 201).await;
    let client = stage.cash().await;
    client.need(cash::grant("ada", 500, None), 201).await;
    client.need(cash::spend("ada", 200), 201).await;
    stage
}

/// What an answer names that is not there, and what it says that is not so.
#[tokio::test]
async fn an_answer_of_any_kind_that_is_not_in_the_books_is_found() {
    const MISSING: &str = "names something that the books do not have";
    const DIFFERS: &str = "differs from what was";
    let stage = answered().await;
    stage.as_owner("create table kept as select name, outcome from ledger.idempotency_keys").await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    for (kind, from, to, message) in [
        ("posted", r#""id":"[^"]+"#, &*format!(r#""id":"{nobody}"#), MISSING),
        ("posted", r#""type":""#, r#""type":"x"#, DIFFERS),
        ("posted", r#""at":"2"#, r#""at":"3"#, DIFFERS),
        ("posted", r#""n":5"#, r#""n":6"#, DIFFERS),
        ("batch", r#""id":"[^"]+"#, &*format!(r#""id":"{nobody}"#), MISSING),
        ("batch", r#""n":7"#, r#""n":8"#, DIFFERS),
        ("opened", r#""id":"[^"]+"#, &*format!(r#""id":"{nobody}"#), MISSING),
        ("opened", r#""name":""#, r#""name":"x"#, DIFFERS),
        ("granted", r#""grant":"[^"]+"#, &*format!(r#""grant":"{nobody}"#), MISSING),
        ("granted", r#""amount":5"#, r#""amount":6"#, DIFFERS),
        ("granted", r#""account":"[^"]+"#, &*format!(r#""account":"{nobody}"#), DIFFERS),
        ("spent", r#""transaction":"[^"]+"#, &*format!(r#""transaction":"{nobody}"#), MISSING),
        ("spent", r#""account":"[^"]+"#, &*format!(r#""account":"{nobody}"#), MISSING),
        ("spent", r#""amount":2"#, r#""amount":3"#, DIFFERS),
    ] {
        let change = format!(
            "update ledger.idempotency_keys set outcome = regexp_replace(outcome, '{from}', '{to}')
              where outcome::jsonb ? '{kind}'"
        );
        assert_finds(&planted(&stage, &change).await, Checker::C3, "key ", message);
        let mend =
            "update ledger.idempotency_keys k set outcome = o.outcome from kept o where o.name = k.name";
        let report = planted(&stage, mend).await;
        assert!(report.is_clean(), "{report}");
    }
}

/// Answers that one batch has given share a row.
#[tokio::test]
async fn a_shared_answer_that_is_gone_or_another_is_found() {
    const SHARED: &str = "select count(*) from ledger.idempotency_keys where outcome like '[%'";
    let stage = Stage::new().await;
    let client = stage.wallet_spend().await;
    let names: Vec<String> = (0..16).map(|n| format!("holder {n}")).collect();
    let mut wallets = Vec::new();
    for name in &names {
        wallets.push(Wallet::open(&client, name, &json!({}), 1_000).await);
    }
    for round in 0..4 {
        let spend = |wallet: &Wallet, n| client.need(wallet.spend(&format!("{round}-{n}"), 10, true), 200);
        join_all(wallets.iter().enumerate().map(|(n, wallet)| spend(wallet, n))).await;
    }
    let shared = stage.number(SHARED).await;
    assert!(shared > 0, "no answer shares a row");
    stage.books_hold().await;
    stage.as_owner("create table kept as select shared_id, outcomes from ledger.shared_outcomes").await;
    for (change, message) in [
        // The first of each is another's, the last is nowhere.
        ("update ledger.shared_outcomes set outcomes = outcomes[2:]", "differs from what was done"),
        ("update ledger.shared_outcomes set outcomes = outcomes[2:]", "the books do not have"),
        (
            "update ledger.shared_outcomes set outcomes = replace(outcomes::text, 'value\\\":', 'value\\\":1')::text[]",
            "differs from what was done",
        ),
        ("delete from ledger.shared_outcomes", "not where its key says"),
    ] {
        let report = planted(&stage, change).await;
        assert_finds(&report, Checker::C3, "key ", message);
        let mend = "delete from ledger.shared_outcomes;
             insert into ledger.shared_outcomes (brand_key, shared_id, outcomes)
             select ledger.brand_key('demo'), shared_id, outcomes from kept";
        let report = planted(&stage, mend).await;
        assert!(report.is_clean(), "{report}");
    }
    println!("{shared} answers share rows");
}

/// The other way round: the rows are changed under their answers.
#[tokio::test]
async fn an_answer_of_the_wallet_whose_rows_are_gone_or_others_is_found() {
    for (change, told, message) in [
        ("update WTX set created_at = created_at - interval '1 day'", "spend", "differs"),
        ("update WTX set type = 'OPEN' where type = 'REFUND'", "refund", "differs"),
        ("update WTX set status = 'VOIDED' where type = 'SETTLE'", "settle", "differs"),
        ("update ATX set current_after = 7 where event = 'VOID'", "void", "differs"),
        ("update ATX set wallet_id = 1 where event = 'LOCK'", "spend", "differs"),
        ("update ATX set account_id = 1 where event = 'REFUND'", "refund", "do not have"),
        ("delete from ATX where event = 'SPEND'", "settle", "do not have"),
        ("update WTX set wallet_id = 1 where type = 'REFUND'", "refund", "do not have"),
        ("delete from WTX where status = 'VOIDED'", "void", "do not have"),
    ] {
        let tables = [("WTX", "wallet.wallet_transactions"), ("ATX", "wallet.account_transactions")];
        let change = tables.iter().fold(change.to_owned(), |sql, (short, name)| sql.replace(short, name));
        let report = planted(&played().await, &change).await;
        let found = report.of(Checker::C3).any(|finding| {
            finding.what.ends_with(&format!("wallet-spend/{told}")) && finding.message.contains(message)
        });
        assert!(found, "{change}: of {told}, {message}\n{report}");
    }
}
