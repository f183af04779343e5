//! Transactions and their entries.

use uuid::Uuid;

use super::{Books, EntryIds, Params, brands, column};
use crate::book::{EntryRow, TransactionRow};

/// The columns of the new transactions.
pub(super) struct Transactions<'a> {
    brands: Vec<i64>,
    ids: Vec<Uuid>,
    kinds: Vec<&'a str>,
    external_refs: Vec<Option<&'a str>>,
    memos: Vec<Option<&'a str>>,
    metadata: Vec<Option<&'a str>>,
    reverses: Vec<Option<Uuid>>,
}

impl<'a> Transactions<'a> {
    pub fn of(books: &Books<'a>) -> Self {
        let rows = books.rows(|book| &book.tape().transactions);
        Self {
            brands: brands(&rows),
            ids: column(&rows, |row: &&TransactionRow| row.id.uuid()),
            kinds: column(&rows, |row| &*row.kind),
            external_refs: column(&rows, |row| row.external_ref.as_deref()),
            memos: column(&rows, |row| row.memo.as_deref()),
            metadata: column(&rows, |row| row.metadata.as_deref()),
            reverses: column(&rows, |row| row.reverses.map(|id| id.uuid())),
        }
    }

    pub fn params(&self) -> Params<'_, 7> {
        [
            &self.brands,
            &self.ids,
            &self.kinds,
            &self.external_refs,
            &self.memos,
            &self.metadata,
            &self.reverses,
        ]
    }
}

/// The columns of the new entries.
pub(super) struct Entries<'a> {
    brands: Vec<i64>,
    accounts: Vec<Uuid>,
    versions: Vec<i64>,
    amounts: Vec<i64>,
    balances: Vec<i64>,
    ids: EntryIds,
    previous: EntryIds,
    lots: Vec<Option<Uuid>>,
    currencies: Vec<&'a str>,
    memos: Vec<Option<&'a str>>,
}

impl<'a> Entries<'a> {
    pub fn of(books: &Books<'a>) -> Self {
        let mut rows = books.rows(|book| &book.tape().entries);
        // They are keyed by their ids first: in the order of these, those of all brands go to the end of the index. Those
        // of a brand are in it already, so the stable sort only merges.
        rows.sort_by_key(|(_, row)| row.id);
        Self {
            brands: brands(&rows),
            accounts: column(&rows, |row: &&EntryRow| row.account.uuid()),
            versions: column(&rows, |row| row.version),
            amounts: column(&rows, |row| row.amount),
            balances: column(&rows, |row| row.balance_after),
            ids: EntryIds::of(&rows, |row| Some(row.id)),
            previous: EntryIds::of(&rows, |row| row.previous),
            lots: column(&rows, |row| row.lot.map(|id| id.uuid())),
            currencies: column(&rows, |row| row.currency.as_str()),
            memos: column(&rows, |row| row.memo.as_deref()),
        }
    }

    pub fn params(&self) -> Params<'_, 12> {
        [
            &self.brands,
            &self.accounts,
            &self.versions,
            &self.amounts,
            &self.balances,
            &self.ids.transactions,
            &self.ids.lines,
            &self.previous.transactions,
            &self.previous.lines,
            &self.lots,
            &self.currencies,
            &self.memos,
        ]
    }
}
