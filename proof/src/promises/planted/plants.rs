//! The corruptions, each a few statements of SQL.

use zerosum_ledger::verify::Checker;

/// A corruption: what it is called, what does it, who must find it and where.
pub(super) struct Plant {
    pub kind: &'static str,
    pub sql: &'static str,
    pub checker: Checker,
    /// The beginning of the row's name; `row` answers the rest.
    pub what: &'static str,
    pub row: &'static str,
}

/// An account that has entries with the versions 1, 2 and 3; each statement may name it and one other.
const VICTIM: &str = "'0193a1f0-0000-7000-8000-000000000001'";
const OTHER: &str = "'0193a1f0-0000-7000-8000-000000000003'";
const LOT: &str = "(select lot_id from ledger.lots order by lot_id limit 1)";
const KEY: &str = "(select min(key) from ledger.idempotency_keys where scope like 'accounting:%')";

pub(super) const PLANTS: &[Plant] = &[
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
        kind: "entry outside the chain",
        // It names another entry of its account, and no figure is wrong.
        sql: "update ledger.entries x set previous_transaction = e.transaction_id, previous_line = e.line
                from ledger.entries e
               where x.account_id = VICTIM and x.version = 3 and e.account_id = VICTIM and e.version = 1",
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
        sql: "update ledger.holds set amount = amount + 1 where status = 'open'",
        checker: Checker::C2,
        what: "account ",
        row: "select account_id::text from ledger.holds where status = 'open'",
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
        kind: "answer under another name",
        // Its key still says whose it is, and nobody who asks by that key finds it.
        sql: "update ledger.idempotency_keys set name = gen_random_uuid() where key = KEY",
        checker: Checker::C3,
        what: "key ",
        row: "select KEY || ' of accounting:prover'",
    },
    Plant {
        kind: "cross-brand entry",
        sql: "update ledger.entries set brand_key = ledger.brand_key('another') where account_id = VICTIM and version = 3",
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
    Plant {
        kind: "wallet answer that differs: points of a spend",
        sql: "update ledger.idempotency_keys set outcome = regexp_replace(outcome, '\"points\":', '\"points\":1')
               where scope = 'wallet-spend/spend' and key = 'at once'",
        checker: Checker::C3,
        what: "key ",
        row: "select 'at once of wallet-spend/spend'",
    },
    Plant {
        kind: "wallet answer that differs: a void that was never done",
        sql: "update ledger.idempotency_keys
                 set outcome = regexp_replace(outcome, '\"moved\":\\{\"transaction\":\\{\"id\":\"', '\\&9')
               where scope = 'wallet-spend/void'",
        checker: Checker::C3,
        what: "key ",
        row: "select 'put off of holder 1 of wallet-spend/void'",
    },
    Plant {
        kind: "wallet answer that differs: posting of a settle",
        sql: "update ledger.idempotency_keys
                 set outcome = regexp_replace(outcome, '\"posting\":\"[^\"]+', '\"posting\":\"00000000-0000-7000-8000-000000000000')
               where scope = 'wallet-spend/settle'",
        checker: Checker::C3,
        what: "key ",
        row: "select 'bought of wallet-spend/settle'",
    },
    Plant {
        kind: "wallet answer that differs: points of a refund",
        sql: "update ledger.idempotency_keys set outcome = regexp_replace(outcome, '\"value\":', '\"value\":1')
               where scope = 'wallet-spend/refund'",
        checker: Checker::C3,
        what: "key ",
        row: "select 'given back of wallet-spend/refund'",
    },
    Plant {
        kind: "wallet answer that differs: points of a credit",
        sql: "update ledger.idempotency_keys set outcome = regexp_replace(outcome, '\"value\":', '\"value\":1')
               where key = 'credit 0 0'",
        checker: Checker::C3,
        what: "key ",
        row: "select 'credit 0 0 of wallet-spend:' || client_id from wallet.clients",
    },
    Plant {
        kind: "wallet answers that are each other's",
        sql: "update ledger.idempotency_keys k set outcome = o.outcome
                from ledger.idempotency_keys o
               where k.scope = 'wallet-spend/spend' and k.key = 'at once' and o.scope = k.scope and o.key = 'put aside'",
        checker: Checker::C3,
        what: "key ",
        row: "select 'at once of wallet-spend/spend'",
    },
];

pub(super) fn with_names(sql: &str) -> String {
    sql.replace("VICTIM", VICTIM).replace("OTHER", OTHER).replace("LOT", LOT).replace("KEY", KEY)
}
