//! What a batch has to write, in the order it was decided.

use std::{collections::VecDeque, sync::Arc};

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

/// An event that a rule has told.
#[derive(Debug, Clone)]
pub struct EmittedEvent {
    pub kind: &'static str,
    /// JSON.
    pub payload: String,
}

/// A row of `events.outbox`: what a batch posted for a brand, or the events that its rules told.
#[derive(Debug, Clone)]
pub struct OutboxRow {
    pub id: EventId,
    pub kind: &'static str,
    /// The transactions that events without a payload are rendered from.
    pub subjects: Vec<TransactionId>,
    /// The events in a JSON array.
    pub payload: Option<String>,
}

impl OutboxRow {
    /// 1.6 kB of ids: a longer row would be compressed and moved out of its page.
    pub const SUBJECTS_MAX: usize = 100;
    /// A row takes no further event once its payload is as long as this, because it is read as a whole.
    pub const PAYLOAD_FULL: usize = 256 * 1024;

    pub(super) fn of_transactions(id: EventId, subjects: &[TransactionId]) -> Self {
        Self { id, kind: "ledger.transactions", subjects: subjects.to_vec(), payload: None }
    }

    /// As many events as one row takes, from the front of these; the rest stay.
    pub(super) fn of_events(id: EventId, events: &mut VecDeque<EmittedEvent>) -> Self {
        let mut payload = String::new();
        while payload.len() < Self::PAYLOAD_FULL
            && let Some(EmittedEvent { kind, payload: told }) = events.pop_front()
        {
            payload.push_str(if payload.is_empty() { "[" } else { "," });
            // A kind is a name of ours, with nothing in it that JSON escapes.
            payload.push_str("{\"kind\":\"");
            payload.push_str(kind);
            payload.push_str("\",\"told\":");
            payload.push_str(&told);
            payload.push('}');
        }
        payload.push(']');
        Self { id, kind: "events", subjects: Vec::new(), payload: Some(payload) }
    }
}

/// Appended rows, and the ids of the rows that changed (their last state is in the book).
#[derive(Debug, Default)]
pub struct Tape {
    pub transactions: Vec<TransactionRow>,
    pub entries: Vec<EntryRow>,
    pub emitted: VecDeque<EmittedEvent>,
    /// What the outbox gets of the batch, once all of it is decided.
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
            self.emitted.len(),
            self.opened.len(),
            self.new_lots.len(),
            self.new_holds.len(),
        ])
    }

    pub(super) fn truncate(
        &mut self,
        Lengths([transactions, entries, emitted, opened, lots, holds]): Lengths,
    ) {
        self.transactions.truncate(transactions);
        self.entries.truncate(entries);
        self.emitted.truncate(emitted);
        self.opened.truncate(opened);
        self.new_lots.truncate(lots);
        self.new_holds.truncate(holds);
    }
}
