//! The ledger's rows that a batch's commands name: locked, read, and put into the brands' books.

use std::sync::Arc;

use ahash::HashMap;
use futures_util::join;
use tokio_postgres::{Error, Row, types::ToSql};
use uuid::Uuid;
use zerosum_domain::{
    AccountId, BrandId, BrandKey, Currency, EntryId, HoldId, Limits, LotId, Steward, TransactionId,
};

use super::{StateMachine, Wants, session::Session};
use crate::book::{Account, Book, Drawn, EntryRow, Hold, HoldStatus, KnownTransaction, Lot};

/// What the statements answered, each a list of rows.
pub(super) struct Loaded {
    accounts: Vec<Row>,
    lots: Vec<Row>,
    holds: Vec<Row>,
    transactions: Vec<Row>,
    external_refs: Vec<Row>,
}

/// Named things as the arrays that a statement takes: one array per column.
struct Columns<T>(Vec<i64>, Vec<T>);

fn columns<'a, T: Copy>(named: impl Iterator<Item = (&'a BrandId, T)>) -> Columns<T> {
    let (brands, values) = named.map(|(brand, value)| (brand.key().get(), value)).unzip();
    Columns(brands, values)
}

/// All the ways in which accounts are named, as the columns that lock_accounts.sql and read_lots.sql take.
struct Names<'a> {
    ids: Columns<Uuid>,
    codes: Columns<&'a str>,
    external_ids: Columns<&'a str>,
    transactions: Columns<Uuid>,
    holds: Columns<Uuid>,
}

impl<'a> Names<'a> {
    /// With these of the ids.
    fn of(wants: &'a Wants, ids: impl Iterator<Item = &'a (BrandId, Uuid)>) -> Self {
        Self {
            ids: columns(ids.map(|(brand, id)| (brand, *id))),
            codes: columns(wants.codes.iter().map(|(brand, code)| (brand, &**code))),
            external_ids: columns(wants.external_ids.iter().map(|(brand, name)| (brand, &**name))),
            transactions: columns(wants.transactions.iter().map(|(brand, id)| (brand, *id))),
            holds: columns(wants.holds.iter().map(|(brand, id)| (brand, *id))),
        }
    }

    fn params(&self) -> [&(dyn ToSql + Sync); 10] {
        let Self { ids, codes, external_ids, transactions, holds } = self;
        [
            &ids.0,
            &ids.1,
            &codes.0,
            &codes.1,
            &external_ids.0,
            &external_ids.1,
            &transactions.0,
            &transactions.1,
            &holds.0,
            &holds.1,
        ]
    }
}

/// The lots of the accounts that may keep some.
async fn lots<M: StateMachine>(session: &Session<M>, wants: &Wants) -> Result<Vec<Row>, Error> {
    let names = Names::of(wants, wants.with_lots());
    if !M::LOTS || (names.ids.1.is_empty() && wants.locks_by_id()) {
        return Ok(Vec::new());
    }
    session.db().query(&session.statements.read_lots, &names.params()).await
}

async fn holds<M: StateMachine>(session: &Session<M>, wants: &Wants) -> Result<Vec<Row>, Error> {
    let Columns(brands, holds) =
        columns(wants.holds.iter().chain(&wants.holds_of_named).map(|(brand, id)| (brand, *id)));
    if holds.is_empty() {
        return Ok(Vec::new());
    }
    session.db().query(&session.statements.read_holds, &[&brands, &holds]).await
}

/// Sends every statement at the first poll: first the one that locks, then those that read under the lock.
pub(super) async fn ledger<M: StateMachine>(session: &Session<M>, wants: &Wants) -> Result<Loaded, Error> {
    let db = session.db();
    let statements = &session.statements;
    let names = Names::of(wants, wants.accounts.iter());
    let Columns(id_brands, ids) = &names.ids;
    let Columns(transaction_brands, transactions) = &names.transactions;
    let external_refs = || wants.external_refs.iter();
    let ref_brands: Vec<i64> = external_refs().map(|(brand, _, _)| brand.key().get()).collect();
    let ref_kinds: Vec<&str> = external_refs().map(|(_, kind, _)| &**kind).collect();
    let refs: Vec<&str> = external_refs().map(|(_, _, external_ref)| &**external_ref).collect();

    let lock = async {
        if !wants.locks_by_id() {
            db.query(&statements.lock_accounts, &names.params()).await
        } else if !ids.is_empty() {
            db.query(&statements.lock_accounts_by_id, &[id_brands, ids]).await
        } else {
            Ok(Vec::new())
        }
    };
    let read_transactions = async {
        if transactions.is_empty() {
            return Ok(Vec::new());
        }
        db.query(&statements.read_transactions, &[transaction_brands, transactions]).await
    };
    let read_refs = async {
        if refs.is_empty() {
            return Ok(Vec::new());
        }
        db.query(&statements.read_external_refs, &[&ref_brands, &ref_kinds, &refs]).await
    };
    let (accounts, lots, holds, transactions, external_refs) =
        join!(lock, lots(session, wants), holds(session, wants), read_transactions, read_refs);
    Ok(Loaded {
        accounts: accounts?,
        lots: lots?,
        holds: holds?,
        transactions: transactions?,
        external_refs: external_refs?,
    })
}

/// Accounts that are named by id or code, with their lots and holds, without locks. The balance is read before the lots:
/// if both are of one version, nothing has moved between.
pub(super) async fn unlocked<M: StateMachine>(session: &Session<M>, wants: &Wants) -> Result<Loaded, Error> {
    let (db, statements) = (session.db(), &session.statements);
    let Columns(id_brands, ids) = columns(wants.accounts.iter().map(|(brand, id)| (brand, *id)));
    let Columns(code_brands, codes) = columns(wants.codes.iter().map(|(brand, code)| (brand, &**code)));
    let by_id = async {
        let named: [&(dyn ToSql + Sync); 2] = [&id_brands, &ids];
        if ids.is_empty() { Ok(Vec::new()) } else { db.query(&statements.read_accounts_by_id, &named).await }
    };
    let by_code = async {
        let named: [&(dyn ToSql + Sync); 2] = [&code_brands, &codes];
        if codes.is_empty() {
            Ok(Vec::new())
        } else {
            db.query(&statements.read_accounts_by_code, &named).await
        }
    };
    let (by_id, by_code, lots, holds) = join!(by_id, by_code, lots(session, wants), holds(session, wants));
    let (mut accounts, lots, holds) = (by_id?, lots?, holds?);
    accounts.extend(by_code?);
    let (transactions, external_refs) = (Vec::new(), Vec::new());
    Ok(Loaded { accounts, lots, holds, transactions, external_refs })
}

impl Loaded {
    /// Puts each row into its brand's book. A row that is not of our own making (a currency, a steward that the
    /// table's checks would refuse) is left out: what needs it is then refused as unknown.
    pub(super) fn into_books(self, books: &mut HashMap<BrandId, Book>) -> Result<(), Error> {
        let books = &mut books.iter_mut().map(|(brand, book)| (brand.key(), book)).collect();
        for row in &self.accounts {
            let Some(book) = book_of(books, row)? else { continue };
            if let Some(account) = account(row)? {
                book.load_account(account, text(row, 5)?, text(row, 6)?);
            }
        }
        for row in &self.lots {
            let Some(book) = book_of(books, row)? else { continue };
            book.load_lot(Lot::loaded(
                LotId::new(row.try_get(2)?),
                AccountId::new(row.try_get(1)?),
                row.try_get(3)?,
                row.try_get(4)?,
                row.try_get(5)?,
            ));
        }
        for row in &self.holds {
            let Some(book) = book_of(books, row)? else { continue };
            if let Some(hold) = hold(row)? {
                book.load_hold(hold);
            }
        }
        for row in &self.external_refs {
            let Some(book) = book_of(books, row)? else { continue };
            if let (Some(kind), Some(external_ref)) = (text(row, 1)?, text(row, 2)?) {
                book.load_external_ref(kind, external_ref, TransactionId::new(row.try_get(3)?));
            }
        }
        self.transactions_into(books)
    }

    /// Rows are ordered by transaction and line, so a transaction's entries follow each other.
    fn transactions_into(&self, books: &mut Books<'_>) -> Result<(), Error> {
        let key = |row: &Row| -> Result<(i64, Uuid), Error> { Ok((row.try_get(0)?, row.try_get(1)?)) };
        let mut rest = self.transactions.as_slice();
        while let Some(first) = rest.first() {
            let of_first = key(first)?;
            let mut entries = Vec::new();
            while let Some(row) = rest.first() {
                if key(row)? != of_first {
                    break;
                }
                entries.extend(entry(row)?);
                rest = &rest[1..];
            }
            let Some(book) = book_of(books, first)? else { continue };
            let Some(kind) = text(first, 2)? else { continue };
            let reversed_by: Option<Uuid> = first.try_get(4)?;
            book.load_transaction(
                TransactionId::new(of_first.1),
                KnownTransaction {
                    kind,
                    entries,
                    reversed_by: reversed_by.map(TransactionId::new),
                    is_reversal: first.try_get(3)?,
                },
            );
        }
        Ok(())
    }
}

/// As rows name their brands.
type Books<'a> = HashMap<BrandKey, &'a mut Book>;

fn book_of<'a>(books: &'a mut Books<'_>, row: &Row) -> Result<Option<&'a mut Book>, Error> {
    Ok(books.get_mut(&BrandKey::new(row.try_get(0)?)).map(|book| &mut **book))
}

fn text(row: &Row, column: usize) -> Result<Option<Arc<str>>, Error> {
    Ok(row.try_get::<_, Option<&str>>(column)?.map(Arc::from))
}

fn account(row: &Row) -> Result<Option<Account>, Error> {
    let (Ok(currency), Ok(steward)) = (Currency::parse(row.try_get(2)?), Steward::parse(row.try_get(3)?))
    else {
        return Ok(None);
    };
    let limits = Limits { floor: row.try_get(10)?, ceiling: row.try_get(11)? };
    let account =
        Account::loaded(AccountId::new(row.try_get(1)?), currency, steward, limits, row.try_get(4)?);
    let account = account.with_balance(row.try_get(7)?, row.try_get(8)?, row.try_get(9)?);
    let figures: Option<Vec<i64>> = row.try_get(15)?;
    let figures = figures.and_then(|figures| figures.try_into().ok());
    Ok(Some(account.with_figures(row.try_get(14)?, figures).with_last(entry_id(row, 12)?)))
}

/// A transaction and a line, side by side.
fn entry_id(row: &Row, column: usize) -> Result<Option<EntryId>, Error> {
    let (transaction, line): (Option<Uuid>, Option<i16>) = (row.try_get(column)?, row.try_get(column + 1)?);
    // Lines are written from a u16 that is below 2,000.
    let id = |transaction, line| EntryId {
        transaction: TransactionId::new(transaction),
        line: u16::try_from(line).unwrap_or_default(),
    };
    Ok(transaction.zip(line).map(|(transaction, line)| id(transaction, line)))
}

fn hold(row: &Row) -> Result<Option<Hold>, Error> {
    let Some(status) = HoldStatus::parse(row.try_get(6)?) else { return Ok(None) };
    let (lots, amounts): (Vec<Uuid>, Vec<i64>) = (row.try_get(4)?, row.try_get(5)?);
    let lots =
        lots.into_iter().zip(amounts).map(|(lot, amount)| Drawn { lot: LotId::new(lot), amount }).collect();
    let (id, of) = (HoldId::new(row.try_get(1)?), AccountId::new(row.try_get(2)?));
    Ok(Some(Hold::loaded(id, of, row.try_get(3)?, lots, status).with_end(row.try_get(7)?, row.try_get(8)?)))
}

fn entry(row: &Row) -> Result<Option<EntryRow>, Error> {
    let Ok(currency) = Currency::parse(row.try_get(11)?) else { return Ok(None) };
    let Some(id) = entry_id(row, 9)? else { return Ok(None) };
    let lot: Option<Uuid> = row.try_get(15)?;
    Ok(Some(EntryRow {
        id,
        account: AccountId::new(row.try_get(5)?),
        version: row.try_get(6)?,
        amount: row.try_get(7)?,
        balance_after: row.try_get(8)?,
        previous: entry_id(row, 13)?,
        lot: lot.map(LotId::new),
        currency,
        memo: text(row, 12)?,
    }))
}
