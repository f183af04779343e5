//! `zerosum verify` checks ten million entries in under two minutes, and from a watermark in seconds, while the
//! services serve.
//!
//! The books are made by SQL, as the engine would have made them: half as many transactions as entries, every one with
//! its key and its answer.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};
use zerosum_ledger::verify::{verify, verify_since};

use crate::{
    Figure, Form, Run,
    caller::Caller,
    load::{Load, Shape},
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

const WHOLE_MAX: Duration = Duration::from_secs(120);
const SINCE_MAX: Duration = Duration::from_secs(10);

/// Transfers of 1 between the customers in a round, so that versions and balances are known without counting.
/// Customer i pays customer i + 1 in every round: of a customer's two entries of a round the paying one is the first.
const MAKE: &[&str] = &[
    "create function pg_temp.made_id(round bigint, place bigint) returns uuid language sql immutable as $$
       select (lpad(to_hex(1790000000000 + round), 12, '0') || '7000' || '8' || lpad(to_hex(place), 15, '0'))::uuid $$",
    // What everyone begins with, older than all of it.
    "create temp table opening as
       select account_id, row_number() over (order by account_id) - 1 as line,
              case when floor is null then -1000 * (count(*) over () - 1) else 1000 end as amount
         from ledger.balances",
    "insert into ledger.transactions (brand_key, transaction_id, type, posted_at)
       values (ledger.brand_key('proof'), pg_temp.made_id(0, 0), 'opening', '2026-10-01T00:00:00Z')",
    "insert into ledger.entries (brand_key, account_id, version, amount, balance_after, transaction_id, line, posted_at, currency)
       select ledger.brand_key('proof'), account_id, 1, amount, amount, pg_temp.made_id(0, 0), line, '2026-10-01T00:00:00Z', 'USD' from opening",
    "update ledger.balances b set posted = amount, version = 1, last_transaction = pg_temp.made_id(0, 0), last_line = line
       from opening o where o.account_id = b.account_id",
    "create temp table plan as
       select b.account_id, row_number() over (order by b.account_id) - 1 as place, b.posted, b.version, b.last_transaction, b.last_line
         from ledger.balances b where b.floor is not null",
    "create temp table made as
       select r.round, p.place, payer.account_id as payer, payee.account_id as payee, payer.version + 2 * r.round - 1 as payer_version,
              payee.version + 2 * r.round as payee_version, payer.posted - 1 as payer_balance, payee.posted as payee_balance,
              pg_temp.made_id(r.round, p.place) as transaction_id,
              case when r.round = 1 then payer.last_transaction else pg_temp.made_id(r.round - 1, (p.place + n - 1) % n) end as payer_last,
              case when r.round = 1 then payer.last_line else 1 end as payer_line,
              pg_temp.made_id(r.round, (p.place + 1) % n) as payee_last
         from generate_series(1, $ROUNDS) r (round)
        cross join plan p
        cross join (select count(*) as n from plan) customers
         join plan payer on payer.place = p.place
         join plan payee on payee.place = (p.place + 1) % n",
    "insert into ledger.transactions (brand_key, transaction_id, type, memo, posted_at)
       select ledger.brand_key('proof'), transaction_id, 'transfer', null, '2026-10-01T00:00:00Z'::timestamptz + round * interval '1 ms' from made",
    "insert into ledger.entries (brand_key, account_id, version, amount, balance_after, transaction_id, line,
                                 previous_transaction, previous_line, posted_at, currency)
       select ledger.brand_key('proof'), payer, payer_version, -1, payer_balance, transaction_id, 0, payer_last, payer_line, '2026-10-01T00:00:00Z'::timestamptz + round * interval '1 ms', 'USD' from made
       union all
       select ledger.brand_key('proof'), payee, payee_version, 1, payee_balance, transaction_id, 1, payee_last, 0, '2026-10-01T00:00:00Z'::timestamptz + round * interval '1 ms', 'USD' from made",
    "insert into ledger.idempotency_keys (brand_key, name, scope, key, fingerprint, refused, outcome)
       select ledger.brand_key('proof'), ledger.key_name('accounting:maker', transaction_id::text), 'accounting:maker', transaction_id::text, '\\x00', false,
              '{\"posted\":{\"id\":\"' || transaction_id || '\",\"type\":\"transfer\",\"at\":\"' || to_char(('2026-10-01T00:00:00Z'::timestamptz + round * interval '1 ms') at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')
              || '\",\"entries\":[{\"a\":\"' || payer || '\",\"n\":-1},{\"a\":\"' || payee || '\",\"n\":1}]}}'
         from made",
    "update ledger.balances b set version = b.version + 2 * $ROUNDS, last_line = 1,
            last_transaction = pg_temp.made_id($ROUNDS, (p.place + n - 1) % n)
       from plan p cross join (select count(*) as n from plan) customers where p.account_id = b.account_id",
    "drop table made",
    "vacuum analyze ledger.transactions",
    "vacuum analyze ledger.entries",
    "vacuum analyze ledger.idempotency_keys",
    "vacuum analyze ledger.balances",
];

pub async fn prove(run: &Run) -> anyhow::Result<Figure> {
    let claim = "verify proves the books, whole and from a watermark, while the services serve";
    let mut figure = Figure::begin(0, claim, "entries proven by the whole pass");
    // Per round and customer: one transaction, two entries.
    let (customers, rounds) = match run.form {
        Form::Short => (100, 20),
        Form::Long { .. } => (10_000, 500),
    };
    let stage = Arc::new(Stage::new(Accounts { customers, opening: 0 }).await?);
    let admin = stage.database.admin().await;
    for sql in MAKE {
        admin.batch_execute(&sql.replace("$ROUNDS", &rounds.to_string())).await?;
    }
    let plan = Plan::new(&run.program, &stage, stage.database.app_url())?;
    let service = Service::start(&plan).await?;
    let caller = Arc::new(Caller::new(&stage, &[plan.port])?);
    let shape = Shape { clients: 4, customers, pause: Duration::from_millis(20) };
    let load = Load::start(&caller, run.seed, shape);
    sleep(Duration::from_millis(500)).await;
    let start = Instant::now();
    let whole = verify(stage.database.app_url()).await?;
    let took = start.elapsed();
    figure.see(
        "whole pass",
        format!(
            "{} entries, {} keys' answers, {} ms",
            whole.counts.entries,
            whole.counts.transactions,
            took.as_millis()
        ),
    );
    figure.findings.extend(whole.findings.iter().take(5).map(ToString::to_string));
    figure.claim(took <= WHOLE_MAX, || format!("the whole pass took {} s", took.as_secs()));
    sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    let newer = verify_since(stage.database.app_url(), whole.snapshot_at).await?;
    let took = start.elapsed();
    figure.see(
        "pass from the watermark",
        format!(
            "{} new entries, {} balances, {} ms",
            newer.counts.entries,
            newer.counts.accounts,
            took.as_millis()
        ),
    );
    figure.findings.extend(newer.findings.iter().take(5).map(ToString::to_string));
    figure.claim(took <= SINCE_MAX, || format!("the incremental pass took {} s", took.as_secs()));
    load.finish().await?;
    let served = caller.times(201);
    figure.see("postings meanwhile", served);
    figure.see("the longest wait for one of them", format!("{} ms", caller.slowest().as_millis()));
    figure.claim(served > 0 && caller.cut() == 0, || "the service did not serve meanwhile".to_owned());
    service.kill().await?;
    Ok(figure.end(whole.counts.entries))
}
