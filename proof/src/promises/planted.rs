//! Every checker is shown to find its planted fault: twelve kinds of corruption, planted one at a time by SQL as a
//! superuser with the triggers off, in books that were made by the services' own engines. It is the shipped program that
//! is asked, as an operator asks it: `zerosum verify` ends with 0 before the plant and with 1 after it, and its output
//! names the checker and the row.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use tokio::{process::Command, time::Instant};
use zerosum_cash::command as cash;
use zerosum_domain::Cents;
use zerosum_ledger::{Engine, EngineConfig, Key, KeyLifetime, Submission, verify::Checker};
use zerosum_testkit::TestDatabase;

use crate::{
    Figure, Run,
    stage::{Accounts, BRAND, Stage},
};

/// A kind of corruption: what it is called, what does it, who must find it and where.
struct Plant {
    kind: &'static str,
    sql: &'static str,
    checker: Checker,
    /// The beginning of the row's name; `row` answers the rest.
    what: &'static str,
    row: &'static str,
}

/// An account that has entries with the versions 1, 2 and 3; each statement may name it and one other.
const VICTIM: &str = "'0193a1f0-0000-7000-8000-000000000001'";
const OTHER: &str = "'0193a1f0-0000-7000-8000-000000000003'";
const LOT: &str = "(select lot_id from ledger.lots order by lot_id limit 1)";
const KEY: &str = "(select min(key) from ledger.idempotency_keys where scope like 'accounting:%')";

const PLANTS: &[Plant] = &[
    Plant {
        kind: "changed amount",
        sql: "update ledger.entries set amount = amount + 1 where account_id = VICTIM and version = 2",
        checker: Checker::C1,
        what: "transaction ",
        row: "select transaction_id::text from ledger.entries where account_id = VICTIM and version = 2",
    },
    Plant {
        kind: "swapped account",
        sql: "update ledger.entries set account_id = OTHER, version = 99 where account_id = VICTIM and version = 3",
        checker: Checker::C2,
        what: "account ",
        row: "select VICTIM",
    },
    Plant {
        kind: "deleted entry",
        sql: "delete from ledger.entries where account_id = VICTIM and version = 2",
        checker: Checker::C4,
        what: "account ",
        row: "select VICTIM",
    },
    Plant {
        kind: "duplicated entry",
        sql: "alter table ledger.entries drop constraint entries_pkey;
              insert into ledger.entries select * from ledger.entries where account_id = VICTIM and version = 2",
        checker: Checker::C1,
        what: "transaction ",
        row: "select min(transaction_id::text) from ledger.entries where account_id = VICTIM and version = 2",
    },
    Plant {
        kind: "version gap",
        sql: "update ledger.entries set version = 7 where account_id = VICTIM and version = 3;
              update ledger.balances set version = 7 where account_id = VICTIM",
        checker: Checker::C4,
        what: "account ",
        row: "select VICTIM",
    },
    Plant {
        kind: "wrong balance",
        sql: "update ledger.balances set posted = posted + 1 where account_id = VICTIM",
        checker: Checker::C2,
        what: "account ",
        row: "select VICTIM",
    },
    Plant {
        kind: "wrong hold",
        sql: "update ledger.holds set amount = amount + 1",
        checker: Checker::C2,
        what: "account ",
        row: "select account_id::text from ledger.holds",
    },
    Plant {
        kind: "wrong lot",
        sql: "update ledger.lots set remaining = remaining + 1 where lot_id = LOT",
        checker: Checker::C2,
        what: "lot ",
        row: "select LOT::text",
    },
    Plant {
        kind: "orphan key",
        // Its answer names a transaction that was never posted.
        sql: "update ledger.idempotency_keys
                 set outcome = replace(outcome, outcome::json -> 'posted' ->> 'id', '00000000-0000-7000-8000-000000000000')
               where key = KEY",
        checker: Checker::C3,
        what: "key ",
        row: "select KEY || ' of accounting:prover'",
    },
    Plant {
        kind: "answer that differs",
        sql: "update ledger.idempotency_keys set outcome = replace(outcome, '\"n\":5', '\"n\":6') where key = KEY",
        checker: Checker::C3,
        what: "key ",
        row: "select KEY || ' of accounting:prover'",
    },
    Plant {
        kind: "cross-brand entry",
        sql: "update ledger.entries set brand_id = 'another' where account_id = VICTIM and version = 3",
        checker: Checker::C1,
        what: "transaction ",
        row: "select transaction_id::text from ledger.entries where account_id = VICTIM and version = 3",
    },
    Plant {
        kind: "unbalanced transaction",
        // Whoever plants it mends the balance and the chain too: only the sum can tell.
        sql: "update ledger.entries set amount = amount + 7, balance_after = balance_after + 7
               where account_id = VICTIM and version = 3;
              update ledger.balances set posted = posted + 7 where account_id = VICTIM",
        checker: Checker::C1,
        what: "transaction ",
        row: "select transaction_id::text from ledger.entries where account_id = VICTIM and version = 3",
    },
];

fn with_names(sql: &str) -> String {
    sql.replace("VICTIM", VICTIM).replace("OTHER", OTHER).replace("LOT", LOT).replace("KEY", KEY)
}

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "zerosum verify finds every planted fault, names the row and ends with 1";
    let mut figure = Figure::begin(0, claim, "kinds of corruption planted, one at a time");
    let zerosum = run.zerosum()?;
    let made = books().await?;
    let mut found = 0;
    for plant in PLANTS {
        let database = made.copy().await;
        let (code, said) = verify(zerosum, &database).await?;
        let clean = code == Some(0) && said.trim_end().ends_with("OK");
        figure.claim(clean, || format!("before {} it ended with {code:?}:\n{said}", plant.kind));
        let admin = database.admin().await;
        let row: String = admin.query_one(&with_names(plant.row), &[]).await?.try_get(0)?;
        let planting = format!("set session_replication_role = replica; {}", with_names(plant.sql));
        admin.batch_execute(&planting).await.with_context(|| format!("planting a {} failed", plant.kind))?;
        let (code, said) = verify(zerosum, &database).await?;
        let (checker, named) = (format!("{} brand ", plant.checker), format!(", {}{row}", plant.what));
        let line = said.lines().find(|line| line.trim_start().starts_with(&checker) && line.contains(&named));
        figure.claim(code == Some(1) && line.is_some(), || {
            format!("{}: it ended with {code:?}, and no line has {checker}…{named}:\n{said}", plant.kind)
        });
        if let Some(line) = line {
            found += 1;
            figure.see(plant.kind, line.trim());
        }
    }
    figure.see("found, of planted", format!("{found} of {}", PLANTS.len()));
    Ok(figure.end(PLANTS.len() as u64))
}

/// The program's exit code and what it printed.
async fn verify(zerosum: &Path, database: &TestDatabase) -> anyhow::Result<(Option<i32>, String)> {
    let mut command = Command::new(zerosum);
    // The URL has a password: not on the command line.
    command.arg("verify").env("DATABASE_URL", database.admin_url());
    let output = command.output().await.context("zerosum could not be run")?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&said).into_owned()))
}

/// Transfers with keys, and cash with lots, a hold and a spend.
async fn books() -> anyhow::Result<TestDatabase> {
    let stage = Stage::on(TestDatabase::new().await, Accounts { customers: 3, opening: 100 }).await?;
    let engine = Stage::engine(stage.database.app_url())?;
    for (key, from, to) in [("one", 1, 2), ("two", 2, 1), ("three", 3, 2)] {
        let command = stage.transfer(Some(key), from, to, 5)?;
        let answer = engine.submit(Submission {
            brand: Stage::brand(),
            key: named("accounting:prover", key),
            command,
            deadline: soon(),
        });
        anyhow::ensure!(answer.await?.outcome.is_ok(), "a transfer was refused");
    }
    let cash = Engine::start(cash::Cash, EngineConfig::new(stage.database.app_url().parse()?));
    let user = || cash::text::UserId::parse("u1");
    let grant = cash::Grant {
        user: user()?,
        amount: Cents::new(50)?,
        source: cash::text::Source::parse("proof")?,
        reason: None,
        expires_at: None,
        memo: None,
    };
    let spend = cash::Spend {
        user: user()?,
        amount: Cents::new(20)?,
        reason: cash::text::Reason::parse("proof")?,
        memo: None,
    };
    let commands = [
        ("a", cash::Command::Grant(grant.clone())),
        ("b", cash::Command::Grant(grant)),
        ("c", cash::Command::Spend(spend)),
    ];
    for (key, command) in commands {
        let submission =
            Submission { brand: Stage::brand(), key: named("cash:prover", key), command, deadline: soon() };
        anyhow::ensure!(cash.submit(submission).await?.outcome.is_ok(), "cash was refused");
    }
    // A hold as the engine writes one, on the lot that was not touched.
    let hold = "with held as (
                  update ledger.lots set held = 10
                   where lot_id = (select lot_id from ledger.lots order by remaining desc limit 1)
                  returning brand_id, account_id, lot_id
                ), balance as (
                  update ledger.balances b set held = 10 from held where b.account_id = held.account_id
                )
                insert into ledger.holds (brand_id, hold_id, account_id, amount, lot_ids, lot_amounts, status, captured, created_at)
                select brand_id, gen_random_uuid(), account_id, 10, array[lot_id], array[10], 'open', 0, now() from held";
    let admin = stage.database.admin().await;
    admin.batch_execute(hold).await?;
    let another = format!("insert into ledger.brands (brand_id, name) values ('another', 'not {BRAND}')");
    admin.batch_execute(&another).await?;
    Ok(stage.database.clone())
}

fn named(scope: &str, key: &str) -> Option<Key> {
    Some(Key {
        scope: scope.into(),
        key: key.into(),
        fingerprint: [1; 32],
        lifetime: KeyLifetime::DEFAULT,
        remembers_refusals: true,
    })
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}
