//! Promises 2 and 4: the database itself refuses what our code would never do.

use serde_json::json;
use tokio_postgres::error::SqlState;
use zerosum_tests::{
    Stage,
    accounting::{reverse, transfer},
    cash::{grant, spend},
};

/// A stage with something in every table of the ledger.
async fn played() -> Stage {
    let stage = Stage::new().await;
    let (accounting, cash) = (stage.accounting().await, stage.cash().await);
    let bank = accounting.account("bank").await;
    let till = accounting.account_with("till", &json!({"min_balance_cents": 0})).await;
    let posted = accounting.ask(transfer(&bank, &till, 5)).await.expect(201);
    accounting.ask(reverse(posted["id"].as_str().expect("an id"))).await.expect(201);
    cash.ask(grant("ada", 100, None)).await.expect(201);
    cash.ask(spend("ada", 30)).await.expect(201);
    stage
}

/// Everything in the ledger, as one number.
async fn fingerprint(stage: &Stage) -> i64 {
    stage
        .number(
            "select sum(hashtextextended(line, 0) % 1000000007)::bigint from (
               select t::text as line from ledger.transactions t union all select e::text from ledger.entries e
               union all select a::text from ledger.accounts a union all select b::text from ledger.balances b
               union all select l::text from ledger.lots l union all select h::text from ledger.holds h
               union all select k::text from ledger.idempotency_keys k
               union all select s::text from ledger.shared_outcomes s) everything",
        )
        .await
}

/// A transaction of its own, for entries to belong to.
fn posting(entries: &str) -> String {
    format!(
        "insert into ledger.transactions (brand_key, transaction_id, type, posted_at)
         values (ledger.brand_key('demo'), '01900000-0000-7000-8000-0000000000aa', 'test', now());
         {entries}"
    )
}

/// Entries of (account's name, amount, currency).
fn entries(rows: &[(&str, i64, &str)]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(line, (name, amount, currency))| {
            format!(
                "(ledger.brand_key('demo'), (select account_id from ledger.accounts where brand_key = ledger.brand_key('demo') and name = '{name}'), 1000,
                  {amount}, {amount}, '01900000-0000-7000-8000-0000000000aa'::uuid, {line}, '01900000-0000-7000-8000-0000000000bb'::uuid, 0, null::uuid, now(), '{currency}')"
            )
        })
        .collect();
    format!(
        "insert into ledger.entries (brand_key, account_id, version, amount, balance_after, transaction_id, line,
                                     previous_transaction, previous_line, lot_id, posted_at, currency) values {};",
        rows.join(", ")
    )
}

/// Promise 2.
#[tokio::test]
async fn an_unbalanced_transaction_is_impossible_even_if_our_code_is_wrong() {
    let stage = played().await;
    let before = fingerprint(&stage).await;
    let app = stage.as_application().await;
    let unbalanced = [
        posting(&entries(&[("bank", 5, "USD")])),
        posting(&entries(&[("bank", 5, "USD"), ("till", -4, "USD")])),
        // Zero in all, but not in each currency.
        posting(&entries(&[("bank", 5, "USD"), ("till", -5, "EUR")])),
        // Two statements whose sum is zero: a transaction's entries arrive together.
        posting(&(entries(&[("bank", 5, "USD")]) + &entries(&[("till", -5, "USD")]))),
        posting(&entries(&[("bank", i64::MAX, "USD"), ("till", i64::MAX, "USD")])),
    ];
    for sql in &unbalanced {
        let error = app.batch_execute(&format!("begin; {sql} commit")).await.expect_err("unbalanced");
        let refused = error.as_db_error().expect("the database's own no");
        assert_eq!(refused.constraint(), Some("entries_zero_sum"), "{sql}\n{refused}");
        app.batch_execute("rollback").await.expect("roll back");
    }
    let zero = posting(&entries(&[("bank", 0, "USD"), ("till", 0, "USD")]));
    assert!(app.batch_execute(&format!("begin; {zero} commit")).await.is_err(), "an entry of zero");
    app.batch_execute("rollback").await.expect("roll back");
    assert_eq!(fingerprint(&stage).await, before);
    stage.books_hold().await;
    println!("{} unbalanced transactions sent as the application role: all refused", unbalanced.len());
}

/// Promise 4.
#[tokio::test]
async fn posted_rows_never_change_for_the_application() {
    const REFUSED: &[&str] = &[
        "update ledger.transactions set memo = 'x'",
        "delete from ledger.transactions",
        "truncate ledger.transactions",
        "update ledger.entries set amount = amount + 1",
        "update ledger.entries set memo = 'x' where false",
        "delete from ledger.entries",
        "truncate ledger.entries",
        "truncate ledger.entries, ledger.transactions cascade",
        "update ledger.accounts set name = 'x'",
        "delete from ledger.accounts",
        "truncate ledger.accounts cascade",
        "delete from ledger.balances",
        "truncate ledger.balances",
        "update ledger.balances set floor = null",
        "update ledger.balances set ceiling = null",
        "delete from ledger.lots",
        "truncate ledger.lots",
        "delete from ledger.holds",
        "truncate ledger.holds",
        "update ledger.idempotency_keys set outcome = '{}'",
        "delete from ledger.idempotency_keys",
        "truncate ledger.idempotency_keys",
        "update ledger.shared_outcomes set outcomes = outcomes[2:]",
        "delete from ledger.shared_outcomes",
        "truncate ledger.shared_outcomes",
        "delete from ledger.answers",
        "update ledger.brands set halted_reason = null",
        "delete from ledger.brands",
        "alter table ledger.entries disable trigger all",
        "alter table ledger.entries disable trigger entries_zero_sum",
        "alter table ledger.balances drop constraint balances_floor_check",
        "drop trigger entries_append_only on ledger.entries",
        "drop table ledger.entries",
        "drop function ledger.refuse_change() cascade",
        "create or replace function ledger.refuse_change() returns trigger language plpgsql as $$ begin return null; end $$",
        "set session_replication_role = replica",
        "alter table ledger.entries disable row level security",
        "create rule hush as on delete to ledger.entries do instead nothing",
        "set role postgres",
    ];
    let stage = played().await;
    let before = fingerprint(&stage).await;
    for role in ["zerosum_app", "zerosum_read", "none"] {
        let app = stage.database.app().await;
        app.batch_execute(&format!("set role {role}")).await.expect("a role of the login role");
        // A grant of what one may not grant is a warning and grants nothing, as what follows shows.
        app.batch_execute("grant update on ledger.entries to zerosum_app").await.expect("a warning");
        for sql in REFUSED {
            let error = app.batch_execute(sql).await.expect_err(sql);
            let code = error.code().cloned();
            assert_eq!(code, Some(SqlState::INSUFFICIENT_PRIVILEGE), "as {role}: {sql}: {error}");
        }
        assert_eq!(fingerprint(&stage).await, before, "as {role}");
    }
    stage.books_hold().await;
    println!("{} statements as 3 roles: all refused, nothing changed", REFUSED.len());
}

/// Promise 4: not even for the owner, as long as the triggers are on.
#[tokio::test]
async fn posted_rows_do_not_change_by_a_slip_of_the_owner() {
    const REFUSED: &[&str] = &[
        "update ledger.transactions set memo = 'x'",
        "delete from ledger.transactions",
        "truncate ledger.transactions",
        "update ledger.entries set amount = amount + 1",
        "delete from ledger.entries",
        "truncate ledger.entries",
        "update ledger.accounts set name = 'x'",
        "delete from ledger.accounts",
        "delete from ledger.balances",
        "truncate ledger.balances",
        "delete from ledger.lots",
        "delete from ledger.holds",
        "truncate ledger.idempotency_keys",
        "update ledger.shared_outcomes set outcomes = outcomes[2:]",
        "delete from ledger.shared_outcomes",
        "truncate ledger.shared_outcomes",
    ];
    let stage = played().await;
    let before = fingerprint(&stage).await;
    let owner = stage.database.admin().await;
    for sql in REFUSED {
        let error = owner.batch_execute(sql).await.expect_err(sql);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}: {error}");
    }
    assert_eq!(fingerprint(&stage).await, before);
    stage.books_hold().await;
}
