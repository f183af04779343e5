//! The incremental pass finds what went wrong since its moment, and every figure that no longer follows.

use zerosum_ledger::verify::Checker;

use super::{ALICE, SAFE, TILL, account, assert_finds, books::books};

/// Everything in these books is newer than this, overlap included; and nothing is newer than the next.
const BEFORE_ALL: i64 = -3_600;
const AFTER_ALL: i64 = 3_600;

#[tokio::test]
async fn clean_books_are_clean_since_any_moment_and_only_new_entries_are_looked_at() {
    let books = books().await;
    let all = books.verify_since(BEFORE_ALL).await;
    assert!(all.is_clean(), "{all}");
    assert_eq!((all.counts.transactions, all.counts.entries), (14, 28));
    let none = books.verify_since(AFTER_ALL).await;
    assert!(none.is_clean(), "{none}");
    assert_eq!((none.counts.transactions, none.counts.entries, none.counts.accounts), (0, 0, 8));
    assert!(none.to_string().contains("entries since"), "{none}");
}

#[tokio::test]
async fn what_is_wrong_with_new_entries_is_found() {
    for (checker, message, sql) in [
        (
            Checker::C1,
            "do not sum to zero",
            format!(
                "update ledger.entries set amount = amount + 1 where account_id = {SAFE} and version = 2"
            ),
        ),
        (
            Checker::C1,
            "two entries or more",
            format!("delete from ledger.entries where account_id = {SAFE} and version = 2"),
        ),
        (
            Checker::C4,
            "a gap",
            format!("update ledger.entries set version = 9 where account_id = {SAFE} and version = 2"),
        ),
        (
            Checker::C4,
            "not one chain",
            // The second is named by nobody now, and the first by two.
            format!(
                "update ledger.entries x set previous_transaction = e.transaction_id, previous_line = e.line
                   from ledger.entries e
                  where x.account_id = {SAFE} and x.version = 3 and e.account_id = {SAFE} and e.version = 1"
            ),
        ),
        (
            Checker::C4,
            "not one chain",
            // It follows what is not there, and the second is named by nobody.
            format!(
                "update ledger.entries set previous_transaction = gen_random_uuid() where account_id = {SAFE} and version = 3"
            ),
        ),
        (
            Checker::C7,
            "do not follow",
            format!(
                "update ledger.entries set balance_after = balance_after + 1 where account_id = {SAFE} and version = 2"
            ),
        ),
        (
            Checker::C1,
            "not in the currency",
            format!(
                "update ledger.entries set currency = 'EUR' where account_id in ({SAFE}, {TILL}) and version = 2"
            ),
        ),
        (
            Checker::C2,
            "name a lot where",
            format!("update ledger.entries set lot_id = null where account_id = {ALICE} and version = 1"),
        ),
    ] {
        let books = books().await;
        books.plant(&sql).await;
        let report = books.verify_since(BEFORE_ALL).await;
        assert_finds(&report, checker, "", message);
    }
}

#[tokio::test]
async fn a_figure_that_no_longer_follows_is_found_however_old_its_entries_are() {
    for (checker, message, sql) in [
        (
            Checker::C2,
            "not the one after the last entry",
            format!("update ledger.balances set posted = posted + 1 where account_id = {SAFE}"),
        ),
        (
            Checker::C4,
            "not that of the last entry",
            format!("update ledger.balances set version = version + 1 where account_id = {SAFE}"),
        ),
        (
            Checker::C4,
            "not that of the last entry",
            format!(
                "update ledger.balances x set last_transaction = e.transaction_id, last_line = e.line
                   from ledger.entries e where x.account_id = {SAFE} and e.account_id = {SAFE} and e.version = 1"
            ),
        ),
        (
            Checker::C2,
            "not the one after the last entry",
            format!("delete from ledger.entries where account_id = {SAFE} and version = 3"),
        ),
        (
            Checker::C5,
            "above the ceiling",
            format!("update ledger.balances set ceiling = 1 where account_id = {SAFE}"),
        ),
        (
            Checker::C2,
            "not the sum of the open holds",
            format!("update ledger.balances set held = held - 1 where account_id = {ALICE}"),
        ),
        (
            Checker::C2,
            "lots do not sum",
            "update ledger.lots set remaining = remaining + 1 where brand_key = ledger.brand_key('north')"
                .to_owned(),
        ),
    ] {
        let books = books().await;
        books
            .plant(&format!("alter table ledger.balances drop constraint balances_ceiling_check; {sql}"))
            .await;
        let report = books.verify_since(AFTER_ALL).await;
        assert_finds(&report, checker, "", message);
    }
}

#[tokio::test]
async fn an_old_entry_that_was_changed_takes_the_whole_pass() {
    let books = books().await;
    books
        .plant(&format!(
            "update ledger.entries set amount = amount + 1 where account_id = {SAFE} and version = 2"
        ))
        .await;
    assert!(books.verify_since(AFTER_ALL).await.is_clean());
    assert_finds(&books.verify().await, Checker::C7, &account(&books, SAFE).await, "do not follow");
}
