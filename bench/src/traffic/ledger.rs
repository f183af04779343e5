//! Accounting's writes: two-entry transfers, one to a request or 500.

use std::sync::Arc;

use rand::{Rng, SeedableRng as _, rngs::SmallRng};

use super::{Traffic, Zipf};
use crate::http::{Answer, Head, Layout, Slot, Template};

/// As the batch route is meant to be used: more wins little, and all of a request shares one fate at the network.
const TRANSACTIONS_PER_BATCH: usize = 500;
/// Amounts have three digits, so that every request has the same length.
const AMOUNTS: std::ops::Range<u64> = 100..1000;
const UUID_DIGITS: usize = 36;

/// Ids of a brand's accounts, as text.
pub type Accounts = Arc<Vec<[u8; UUID_DIGITS]>>;

/// Which accounts a transfer moves money between.
#[derive(Debug, Clone)]
pub enum Pick {
    Random,
    Zipf(Arc<Zipf>),
    /// From the brand's first account, which has a floor, to any other.
    Hot,
}

impl Pick {
    /// Two different accounts: from, to.
    fn pair(&self, count: usize, random: &mut SmallRng) -> (usize, usize) {
        let from = match self {
            Self::Random => random.random_range(0..count),
            Self::Zipf(zipf) => zipf.draw(random),
            Self::Hot => 0,
        };
        loop {
            let to = match self {
                Self::Random | Self::Hot => random.random_range(0..count),
                Self::Zipf(zipf) => zipf.draw(random),
            };
            if to != from {
                return (from, to);
            }
        }
    }
}

/// The changing places of one transfer.
#[derive(Debug)]
struct Transfer {
    from: Slot,
    taken: Slot,
    to: Slot,
    given: Slot,
}

impl Transfer {
    fn lay_out(layout: &mut Layout) -> Self {
        layout.text(r#"{"type":"transfer","entries":[{"account_id":""#);
        let from = layout.slot(UUID_DIGITS);
        layout.text(r#"","amount_cents":-"#);
        let taken = layout.slot(3);
        layout.text(r#"},{"account_id":""#);
        let to = layout.slot(UUID_DIGITS);
        layout.text(r#"","amount_cents":"#);
        let given = layout.slot(3);
        layout.text("}]}");
        Self { from, taken, to, given }
    }

    fn fill(&self, template: &mut Template, accounts: &Accounts, pick: &Pick, random: &mut SmallRng) {
        let (from, to) = pick.pair(accounts.len(), random);
        let amount = random.random_range(AMOUNTS);
        template.text(&self.from, &accounts[from]);
        template.number(&self.taken, amount);
        template.text(&self.to, &accounts[to]);
        template.number(&self.given, amount);
    }
}

/// POST /v1/transactions.
pub struct Posts {
    template: Template,
    transfer: Transfer,
    accounts: Accounts,
    pick: Pick,
    random: SmallRng,
    /// Requests left; `None`: no end.
    left: Option<u64>,
    /// One in so many is said again, key and all.
    repeated_each: Option<u32>,
}

impl Posts {
    pub fn new(head: &Head, accounts: Accounts, pick: Pick, left: Option<u64>) -> Self {
        let mut layout = Layout::default();
        let transfer = Transfer::lay_out(&mut layout);
        let template = layout.keyed(head, "/v1/transactions");
        let (random, repeated_each) = (SmallRng::from_os_rng(), None);
        Self { template, transfer, accounts, pick, random, left, repeated_each }
    }

    /// The first is never a repetition: nothing was said before it.
    pub fn repeated(mut self, each: u32) -> Self {
        self.fill();
        self.repeated_each = Some(each);
        self
    }

    fn fill(&mut self) {
        self.template.new_key(&mut self.random);
        self.transfer.fill(&mut self.template, &self.accounts, &self.pick, &mut self.random);
    }
}

impl Traffic for Posts {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        if !self.repeated_each.is_some_and(|each| self.random.random_ratio(1, each)) {
            self.fill();
        }
        self.template.copy_to(request);
        Some(0)
    }
}

/// POST /v1/transactions/batch.
pub struct Batches {
    template: Template,
    transfers: Vec<Transfer>,
    accounts: Accounts,
    random: SmallRng,
}

impl Batches {
    pub fn new(head: &Head, accounts: Accounts) -> Self {
        let mut layout = Layout::default();
        layout.text(r#"{"atomic":false,"transactions":["#);
        let mut transfers = Vec::with_capacity(TRANSACTIONS_PER_BATCH);
        for place in 0..TRANSACTIONS_PER_BATCH {
            layout.text(if place == 0 { "" } else { "," });
            transfers.push(Transfer::lay_out(&mut layout));
        }
        layout.text("]}");
        let template = layout.keyed(head, "/v1/transactions/batch");
        Self { template, transfers, accounts, random: SmallRng::from_os_rng() }
    }
}

impl Traffic for Batches {
    fn next(&mut self, request: &mut Vec<u8>) -> Option<usize> {
        self.template.new_key(&mut self.random);
        for transfer in &self.transfers {
            transfer.fill(&mut self.template, &self.accounts, &Pick::Random, &mut self.random);
        }
        self.template.copy_to(request);
        Some(0)
    }

    /// All of them; a partial success (207) is not wanted.
    fn answered(&mut self, answer: Answer<'_>) -> Option<u64> {
        (answer.status == 201).then_some(TRANSACTIONS_PER_BATCH as u64)
    }
}
