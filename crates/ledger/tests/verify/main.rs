//! A checker is itself tested: each fault is planted behind the engine's back, and verify finds it and names the row.

mod books;
mod since;

use books::{Books, Command, books};
use zerosum_ledger::verify::{Checker, FINDINGS_MAX, Report};

/// Accounts of brand north, for use in SQL.
const TILL: &str =
    "(select account_id from ledger.accounts where brand_key = ledger.brand_key('north') and code = 'till')";
const SAFE: &str =
    "(select account_id from ledger.accounts where brand_key = ledger.brand_key('north') and code = 'safe')";
const ALICE: &str =
    "(select account_id from ledger.accounts where brand_key = ledger.brand_key('north') and code = 'alice')";

/// Books with a fault planted.
async fn planted(sql: &str) -> (Books, Report) {
    let books = books().await;
    books.plant(sql).await;
    let report = books.verify().await;
    (books, report)
}

/// The report has this finding: the checker, the row and a part of what it says.
fn assert_finds(report: &Report, checker: Checker, what: &str, message: &str) {
    assert!(
        report.of(checker).any(|finding| {
            finding.brand == "north" && finding.what.contains(what) && finding.message.contains(message)
        }),
        "{checker} {what} {message}\n{report}"
    );
}

async fn account(books: &Books, account: &str) -> String {
    format!("account {}", books.text(&format!("select {account}::text")).await)
}

#[tokio::test]
async fn clean_books_verify_clean_and_were_looked_at() {
    let books = books().await;
    let report = books.verify().await;
    assert!(report.is_clean(), "{report}");
    assert!(report.to_string().ends_with("\nOK"));
    let counts = report.counts;
    assert_eq!((counts.brands, counts.accounts, counts.transactions), (2, 8, 14));
    assert_eq!((counts.lots, counts.holds, counts.open_holds), (4, 4, 2));
    assert_eq!(counts.entries, 28);
}

#[tokio::test]
async fn an_empty_database_verifies_clean() {
    let database = zerosum_testkit::TestDatabase::new().await;
    let report = zerosum_ledger::verify(database.app_url()).await.unwrap();
    assert!(report.is_clean(), "{report}");
}

#[tokio::test]
async fn books_verify_clean_while_they_are_written() {
    let books = books().await;
    let writing = async {
        for _ in 0..200 {
            books.done("north", Command::Transfer { from: "till", to: "bank", amount: 1 }).await;
        }
    };
    let verifying = async {
        let mut entries = Vec::new();
        for _ in 0..5 {
            let report = books.verify().await;
            assert!(report.is_clean(), "{report}");
            entries.push(report.counts.entries);
        }
        entries
    };
    let ((), entries) = tokio::join!(writing, verifying);
    assert!(entries.first() < entries.last(), "nothing was written meanwhile: {entries:?}");
}

#[tokio::test]
async fn a_changed_amount_is_found() {
    let (books, report) = planted(&format!(
        "update ledger.entries set amount = amount + 1 where account_id = {SAFE} and version = 2"
    ))
    .await;
    let transaction = books
        .text(&format!(
            "select transaction_id::text from ledger.entries where account_id = {SAFE} and version = 2"
        ))
        .await;
    let safe = account(&books, SAFE).await;
    assert_finds(&report, Checker::C1, &transaction, "do not sum to zero");
    assert_finds(&report, Checker::C2, &safe, "not the sum of the entries");
    assert_finds(&report, Checker::C7, &safe, "do not follow");
    assert!(!report.to_string().ends_with("OK"));
}

#[tokio::test]
async fn an_unbalanced_transaction_with_right_balances_is_found() {
    // Whoever plants it mends the balance and the chain too: only the sum can tell.
    let (_, report) = planted(&format!(
        "update ledger.entries set amount = amount + 7, balance_after = balance_after + 7
          where account_id = {SAFE} and version = 3;
         update ledger.balances set posted = posted + 7 where account_id = {SAFE}"
    ))
    .await;
    assert_eq!(report.total_of_all(), 1, "{report}");
    let finding = &report.findings[0];
    assert_eq!((finding.checker, &*finding.expected, &*finding.found), (Checker::C1, "0 USD", "7 USD"));
}

#[tokio::test]
async fn an_entry_of_another_account_is_found() {
    let (books, report) = planted(&format!(
        "update ledger.entries set account_id = {TILL}, version = 4 where account_id = {SAFE} and version = 3"
    ))
    .await;
    for name in [TILL, SAFE] {
        let account = account(&books, name).await;
        assert_finds(&report, Checker::C2, &account, "not the sum of the entries");
        assert_finds(&report, Checker::C4, &account, "not that of the last entry");
    }
    assert_eq!(report.total(Checker::C1), 0, "{report}");
}

#[tokio::test]
async fn a_deleted_entry_is_found() {
    let (books, report) =
        planted(&format!("delete from ledger.entries where account_id = {SAFE} and version = 2")).await;
    let safe = account(&books, SAFE).await;
    assert_finds(&report, Checker::C1, "transaction", "two entries or more");
    assert_finds(&report, Checker::C2, &safe, "not the sum");
    assert_finds(&report, Checker::C4, &safe, "a gap or a repetition");
    assert_finds(&report, Checker::C7, &safe, "do not follow");
}

#[tokio::test]
async fn a_deleted_last_entry_is_found() {
    let (books, report) =
        planted(&format!("delete from ledger.entries where account_id = {SAFE} and version = 3")).await;
    assert_finds(&report, Checker::C4, &account(&books, SAFE).await, "not that of the last entry");
}

#[tokio::test]
async fn a_deleted_transaction_is_found() {
    let (books, report) = planted(&format!(
        "delete from ledger.transactions
          where transaction_id = (select transaction_id from ledger.entries where account_id = {SAFE} and version = 1)"
    ))
    .await;
    let transaction = books
        .text(&format!(
            "select transaction_id::text from ledger.entries where account_id = {SAFE} and version = 1"
        ))
        .await;
    assert_finds(&report, Checker::C1, &transaction, "does not have");
    assert_eq!(report.total_of_all(), 1, "{report}");
}

#[tokio::test]
async fn a_transaction_without_entries_is_found() {
    let (_, report) = planted(
        "insert into ledger.transactions (brand_key, transaction_id, type, posted_at)
         values (ledger.brand_key('north'), '00000000-0000-7000-8000-000000000001', 'test', now())",
    )
    .await;
    assert_finds(&report, Checker::C1, "00000000-0000-7000-8000-000000000001", "two entries or more");
    assert_eq!(report.total_of_all(), 1, "{report}");
}

#[tokio::test]
async fn a_duplicated_entry_is_found_even_without_the_primary_key() {
    let (books, report) = planted(&format!(
        "alter table ledger.entries drop constraint entries_pkey;
         insert into ledger.entries select * from ledger.entries where account_id = {SAFE} and version = 2"
    ))
    .await;
    let safe = account(&books, SAFE).await;
    assert_finds(&report, Checker::C1, "transaction", "do not sum to zero");
    assert_finds(&report, Checker::C1, "transaction", "is there twice");
    assert_finds(&report, Checker::C2, &safe, "not the sum");
    assert_finds(&report, Checker::C4, &safe, "a gap or a repetition");
}

#[tokio::test]
async fn a_whole_transaction_posted_twice_is_found() {
    // Both sides again, with the next versions and the right balances: the lines still tell.
    let (_, report) = planted(&format!(
        "alter table ledger.entries drop constraint entries_pkey;
         insert into ledger.entries (brand_key, account_id, version, amount, balance_after, transaction_id, line,
                                     previous_transaction, previous_line, lot_id, posted_at, currency, memo)
         select brand_key, account_id, 4, e.amount, 30 * sign(e.amount) + e.amount, e.transaction_id, e.line,
                last.transaction_id, last.line, e.lot_id, e.posted_at, e.currency, e.memo
           from ledger.entries e join ledger.entries last using (brand_key, account_id)
          where account_id in ({SAFE}, {TILL}) and e.version = 2 and last.version = 3;
         update ledger.balances b
            set posted = posted + 10 * sign(posted), version = 4, last_transaction = e.transaction_id, last_line = e.line
           from ledger.entries e
          where e.account_id = b.account_id and e.version = 4 and b.account_id in ({SAFE}, {TILL})"
    ))
    .await;
    assert_finds(&report, Checker::C1, "transaction", "is there twice");
    assert_eq!(report.total_of_all(), 1, "{report}");
}

#[tokio::test]
async fn a_version_gap_is_found() {
    let (books, report) = planted(&format!(
        "update ledger.entries set version = 4 where account_id = {SAFE} and version = 3;
         update ledger.balances set version = 4 where account_id = {SAFE}"
    ))
    .await;
    assert_finds(&report, Checker::C4, &account(&books, SAFE).await, "a gap");
    assert_eq!(report.total_of_all(), 1, "{report}");
}

#[tokio::test]
async fn an_entry_outside_the_chain_is_found() {
    // Each names another entry that is there, and no figure is wrong.
    let first = "e.version = 1 and e.brand_key = x.brand_key and e.account_id = x.account_id";
    let (books, report) = planted(&format!(
        "update ledger.entries x set previous_transaction = e.transaction_id, previous_line = e.line
           from ledger.entries e where {first} and x.account_id = {SAFE} and x.version = 3"
    ))
    .await;
    assert_finds(&report, Checker::C4, &account(&books, SAFE).await, "does not name the one before it");
    assert_eq!(report.total_of_all(), 1, "{report}");
    let (books, report) = planted(&format!(
        "update ledger.balances x set last_transaction = e.transaction_id, last_line = e.line
           from ledger.entries e where {first} and x.account_id = {SAFE}"
    ))
    .await;
    assert_finds(&report, Checker::C4, &account(&books, SAFE).await, "does not name the last entry");
    assert_eq!(report.total_of_all(), 1, "{report}");
}

#[tokio::test]
async fn a_wrong_balance_is_found() {
    let (books, report) =
        planted(&format!("update ledger.balances set posted = posted + 1 where account_id = {SAFE}")).await;
    assert_finds(&report, Checker::C2, &account(&books, SAFE).await, "not the sum of the entries");
    let finding = &report.findings[0];
    assert_eq!((report.total_of_all(), &*finding.expected, &*finding.found), (1, "30", "31"), "{report}");
}

#[tokio::test]
async fn a_wrong_balance_after_is_found() {
    let (books, report) = planted(&format!(
        "update ledger.entries set balance_after = balance_after + 1 where account_id = {SAFE} and version = 1"
    ))
    .await;
    assert_finds(&report, Checker::C7, &account(&books, SAFE).await, "do not follow");
}

#[tokio::test]
async fn a_balance_beyond_its_limits_is_found_now_and_in_the_past() {
    let (books, report) = planted(&format!(
        "alter table ledger.balances drop constraint balances_floor_check;
         update ledger.balances set floor = 31 where account_id = {SAFE}"
    ))
    .await;
    let safe = account(&books, SAFE).await;
    assert_finds(&report, Checker::C5, &safe, "below the floor");
    // -30 now, but -5 after the first entry.
    let (books, report) =
        planted(&format!("update ledger.balances set ceiling = -10 where account_id = {TILL}")).await;
    assert_finds(&report, Checker::C5, &account(&books, TILL).await, "above the ceiling");
    assert_eq!(report.total_of_all(), 1, "{report}");
}

#[tokio::test]
async fn a_wrong_hold_is_found() {
    let (books, report) =
        planted(&format!("update ledger.balances set held = held - 1 where account_id = {ALICE}")).await;
    let alice = account(&books, ALICE).await;
    assert_finds(&report, Checker::C2, &alice, "not the sum of the open holds");
    assert_finds(&report, Checker::C2, &alice, "held parts");
    let (books, report) =
        planted("update ledger.holds set amount = amount - 1 where brand_key = ledger.brand_key('north') and status = 'open'")
            .await;
    let hold = books
        .text("select hold_id::text from ledger.holds where brand_key = ledger.brand_key('north') and status = 'open'")
        .await;
    assert_finds(&report, Checker::C2, &hold, "do not make up its amount");
    assert_finds(&report, Checker::C2, &account(&books, ALICE).await, "not the sum of the open holds");
}

#[tokio::test]
async fn a_hold_that_vanished_is_found() {
    let (books, report) =
        planted("delete from ledger.holds where brand_key = ledger.brand_key('north') and status = 'open'")
            .await;
    assert_finds(&report, Checker::C2, &account(&books, ALICE).await, "not the sum of the open holds");
    assert_finds(&report, Checker::C2, "lot", "not the sum of the open holds that name it");
}

#[tokio::test]
async fn a_voided_hold_that_captured_is_found() {
    let (_, report) =
        planted("update ledger.holds set status = 'voided' where brand_key = ledger.brand_key('north') and status = 'captured'")
            .await;
    assert_finds(&report, Checker::C2, "hold", "voided captured something");
    assert_eq!(report.total_of_all(), 1, "{report}");
}

#[tokio::test]
async fn a_wrong_lot_is_found() {
    let first = "(select lot_id from ledger.lots where brand_key = ledger.brand_key('north') order by lot_id limit 1)";
    let (books, report) =
        planted(&format!("update ledger.lots set remaining = remaining + 1 where lot_id = {first}")).await;
    let lot = books.text(&format!("select {first}::text")).await;
    assert_finds(&report, Checker::C2, &lot, "what remains is not the sum");
    assert_finds(
        &report,
        Checker::C2,
        &account(&books, ALICE).await,
        "lots do not sum to the posted balance",
    );
}

#[tokio::test]
async fn an_amount_moved_between_lots_is_found() {
    // The lots still sum to the balance.
    let (_, report) = planted(
        "update ledger.lots set remaining = remaining + case when lot_id = (
           select lot_id from ledger.lots where brand_key = ledger.brand_key('north') order by lot_id limit 1) then 1 else -1 end
          where brand_key = ledger.brand_key('north')",
    )
    .await;
    assert_finds(&report, Checker::C2, "lot", "what remains is not the sum");
    assert_eq!(report.total_of_all(), 2, "{report}");
}

#[tokio::test]
async fn an_entry_that_lost_its_lot_is_found() {
    let (books, report) = planted(&format!(
        "update ledger.entries set lot_id = null where account_id = {ALICE} and version = 1"
    ))
    .await;
    assert_finds(&report, Checker::C2, &account(&books, ALICE).await, "name a lot where");
    assert_finds(&report, Checker::C2, "lot", "what remains is not the sum");
}

#[tokio::test]
async fn an_entry_moved_to_another_brand_is_found() {
    let (books, report) = planted(&format!(
        "update ledger.entries set brand_key = ledger.brand_key('south') where account_id = {SAFE} and version = 3"
    ))
    .await;
    assert_finds(&report, Checker::C1, "transaction", "do not sum to zero");
    let safe = books.text(&format!("select {SAFE}::text")).await;
    assert!(
        report.findings.iter().any(|finding| finding.brand == "south" && finding.what.contains(&*safe)),
        "{report}"
    );
}

#[tokio::test]
async fn an_entry_in_another_currency_is_found() {
    // Both entries of a transaction, so that it still sums to zero.
    let (books, report) = planted(&format!(
        "update ledger.entries set currency = 'EUR' where account_id in ({SAFE}, {TILL}) and version = 2"
    ))
    .await;
    assert_finds(&report, Checker::C1, &account(&books, SAFE).await, "not in the currency");
    assert_eq!(report.total_of_all(), 2, "{report}");
}

#[tokio::test]
async fn a_lost_balance_and_a_lost_account_are_found() {
    let (books, report) = planted(&format!("delete from ledger.balances where account_id = {SAFE}")).await;
    assert_finds(&report, Checker::C2, &account(&books, SAFE).await, "the account has no balance");
    let books = books::books().await;
    let safe = account(&books, SAFE).await;
    books.plant(&format!("delete from ledger.accounts where account_id = {SAFE}")).await;
    assert_finds(&books.verify().await, Checker::C2, &safe, "an account that their brand does not have");
}

#[tokio::test]
async fn figures_at_the_edge_of_64_bits_are_found_and_not_an_error() {
    let (_, report) = planted(&format!(
        "alter table ledger.balances drop constraint balances_floor_check;
         update ledger.entries set amount = 9223372036854775807, balance_after = -9223372036854775808
          where account_id in ({SAFE}, {TILL});
         update ledger.balances set posted = -9223372036854775808, held = 9223372036854775807
          where account_id = {SAFE}"
    ))
    .await;
    for checker in [Checker::C1, Checker::C2, Checker::C5, Checker::C7] {
        assert!(report.total(checker) > 0, "{checker}\n{report}");
    }
}

#[tokio::test]
async fn a_report_names_a_bounded_number_of_findings_and_counts_the_rest() {
    let (_, report) = planted(
        "insert into ledger.transactions (brand_key, transaction_id, type, posted_at)
         select ledger.brand_key('north'), gen_random_uuid(), 'test', now() from generate_series(1, 250)",
    )
    .await;
    assert_eq!(report.of(Checker::C1).count(), FINDINGS_MAX);
    assert_eq!(report.total(Checker::C1), 250);
    assert!(report.to_string().contains("and 150 more"), "{report}");
    assert!(report.to_string().ends_with("\n250 findings"), "{report}");
}
