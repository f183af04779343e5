//! Transactions and their entries.

use jiff::Timestamp;
use tokio_postgres::Error;
use uuid::Uuid;
use zerosum_domain::BrandKey;

use super::{Books, brands, column};
use crate::{
    book::{EntryRow, TransactionRow},
    engine::{
        StateMachine,
        fault_points::{FaultPoint, reach},
        session::Session,
    },
};

pub(super) async fn transactions<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingTransactions);
    let rows: Vec<(BrandKey, &TransactionRow)> = books.rows(|book| &book.tape().transactions);
    if rows.is_empty() {
        return Ok(());
    }
    let brands = brands(&rows);
    let ids = column(&rows, |row| row.id.uuid());
    let kinds = column(&rows, |row| &*row.kind);
    let external_refs = column(&rows, |row| row.external_ref.as_deref());
    let memos = column(&rows, |row| row.memo.as_deref());
    let metadata = column(&rows, |row| row.metadata.as_deref());
    let reverses = column(&rows, |row| row.reverses.map(|id| id.uuid()));
    session
        .db()
        .execute(
            &session.statements.insert_transactions,
            &[&brands, &ids, &kinds, &external_refs, &memos, &metadata, &reverses, &now],
        )
        .await
        .map(drop)
}

pub(super) async fn entries<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingEntries);
    let rows: Vec<(BrandKey, &EntryRow)> = books.rows(|book| &book.tape().entries);
    if rows.is_empty() {
        return Ok(());
    }
    let brands = brands(&rows);
    let accounts = column(&rows, |row| row.account.uuid());
    let versions = column(&rows, |row| row.version);
    let amounts = column(&rows, |row| row.amount);
    let balances = column(&rows, |row| row.balance_after);
    let transactions = column(&rows, |row| row.transaction.uuid());
    let lines = column(&rows, |row| i16::try_from(row.line).unwrap_or(i16::MAX));
    let lots: Vec<Option<Uuid>> = column(&rows, |row| row.lot.map(|id| id.uuid()));
    let currencies = column(&rows, |row| row.currency.as_str());
    let memos = column(&rows, |row| row.memo.as_deref());
    session
        .db()
        .execute(
            &session.statements.insert_entries,
            &[
                &brands,
                &accounts,
                &versions,
                &amounts,
                &balances,
                &transactions,
                &lines,
                &lots,
                &currencies,
                &memos,
                &now,
            ],
        )
        .await
        .map(drop)
}
