//! What a batch has to write, in the order it was decided.

use std::sync::Arc;

use zerosum_domain::{AccountId, Currency, EntryId, EventId, HoldId, LotId, TransactionId};

/// A row of `ledger.transactions`; its moment is the batch's.
#[derive(Debug, Clone)]
pub struct TransactionRow {
    pub id: TransactionId,
    pub kind: Arc<str>,
    pub external_ref: Option<Arc<str>>,
    pub memo: Option<Arc<str>>,
    pub metadata: Option<Arc<str>>,
    pub reverses: Option<TransactionId>,
}

/// A row of `ledger.entries`.
#[derive(Debug, Clone)]
pub struct EntryRow {
    pub account: AccountId,
    pub version: i64,
    pub amount: i64,
    pub balance_after: i64,
    pub id: EntryId,
    /// The account's entry before it; only the first has none.
    pub previous: Option<EntryId>,
    pub lot: Option<LotId>,
    pub currency: Currency,
    pub memo: Option<Arc<str>>,
}

/// A row of `events.outbox`: one event with a payload, or what a batch posted.
#[derive(Debug, Clone)]
pub struct OutboxRow {
    pub id: EventId,
    pub kind: &'static str,
    /// The transactions that events without a payload are rendered from.
    pub subjects: Vec<TransactionId>,
    pub payload: Option<String>,
}

impl OutboxRow {
    /// 1.6 kB of ids: a longer row would be compressed and moved out of its page.
    pub const SUBJECTS_MAX: usize = 100;
}

/// Appended rows, and the ids of the rows that changed (their last state is in the book).
#[derive(Debug, Default)]
pub struct Tape {
    pub transactions: Vec<TransactionRow>,
    pub entries: Vec<EntryRow>,
    pub outbox: Vec<OutboxRow>,
    pub opened: Vec<AccountId>,
    pub new_lots: Vec<LotId>,
    pub new_holds: Vec<HoldId>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Lengths([usize; 6]);

impl Tape {
    pub(super) fn lengths(&self) -> Lengths {
        Lengths([
            self.transactions.len(),
            self.entries.len(),
            self.outbox.len(),
            self.opened.len(),
            self.new_lots.len(),
            self.new_holds.len(),
        ])
    }

    pub(super) fn truncate(
        &mut self,
        Lengths([transactions, entries, outbox, opened, lots, holds]): Lengths,
    ) {
        self.transactions.truncate(transactions);
        self.entries.truncate(entries);
        self.outbox.truncate(outbox);
        self.opened.truncate(opened);
        self.new_lots.truncate(lots);
        self.new_holds.truncate(holds);
    }
}
