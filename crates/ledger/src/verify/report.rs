//! What verifying found.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use super::FINDINGS_MAX;

/// A claim about the books; see the table in [`crate::verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Checker {
    C1,
    C2,
    C3,
    C4,
    C5,
    C7,
    W1,
    W2,
    W3,
    W4,
    W5,
}

impl Checker {
    pub const ALL: &[Self] = &[
        Self::C1,
        Self::C2,
        Self::C3,
        Self::C4,
        Self::C5,
        Self::C7,
        Self::W1,
        Self::W2,
        Self::W3,
        Self::W4,
        Self::W5,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::C1 => "C1",
            Self::C2 => "C2",
            Self::C3 => "C3",
            Self::C4 => "C4",
            Self::C5 => "C5",
            Self::C7 => "C7",
            Self::W1 => "W1",
            Self::W2 => "W2",
            Self::W3 => "W3",
            Self::W4 => "W4",
            Self::W5 => "W5",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|checker| checker.as_str() == text)
    }

    /// The claim in a few words.
    const fn claim(self) -> &'static str {
        match self {
            Self::C1 => "transactions and currencies sum to zero",
            Self::C2 => "balances, holds and lots follow from the entries",
            Self::C3 => "what was answered is in the books",
            Self::C4 => "versions have no gap",
            Self::C5 => "balances keep to their limits",
            Self::C7 => "balances after entries follow each other",
            Self::W1 => "wallet accounts have their points in the ledger",
            Self::W2 => "locks of points are holds of the ledger",
            Self::W3 => "account transactions tell what was posted",
            Self::W4 => "refunds sum to what was refunded",
            Self::W5 => "points issued are redeemed, expired or alive",
        }
    }
}

impl fmt::Display for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub checker: Checker,
    pub brand: String,
    /// The row that it is about: `account <id>`, `transaction <id>`, `lot <id> of account <id>`, `hold <id>`,
    /// `key <key> of <scope>`.
    pub what: String,
    pub expected: String,
    pub found: String,
    /// What is wrong, as a sentence.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { checker, brand, what, expected, found, message } = self;
        write!(f, "{checker} brand {brand}, {what}: {message} (expected {expected}, found {found})")
    }
}

/// How much was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub brands: u64,
    pub accounts: u64,
    pub transactions: u64,
    pub entries: u64,
    pub lots: u64,
    pub holds: u64,
    pub open_holds: u64,
}

/// What verifying found, as of one moment.
#[derive(Debug, Clone)]
pub struct Report {
    /// The moment of the snapshot, by the database's clock.
    pub snapshot_at: Timestamp,
    /// Of an incremental pass: entries before this were taken as proven.
    pub since: Option<Timestamp>,
    pub counts: Counts,
    /// At most [`FINDINGS_MAX`] of each checker; [`Report::total`] tells how many there are.
    pub findings: Vec<Finding>,
    totals: BTreeMap<Checker, u64>,
}

impl Report {
    pub(super) fn new(snapshot_at: Timestamp, counts: Counts) -> Self {
        Self { snapshot_at, since: None, counts, findings: Vec::new(), totals: BTreeMap::new() }
    }

    pub(super) fn count(&mut self, checker: Checker, findings: u64) {
        *self.totals.entry(checker).or_default() += findings;
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.of(finding.checker).count() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    /// Adds what another part of the same pass has found.
    pub(super) fn take_in(&mut self, other: Self) {
        for (checker, findings) in other.totals {
            self.count(checker, findings);
        }
        other.findings.into_iter().for_each(|finding| self.add(finding));
    }

    /// The named findings of one checker.
    pub fn of(&self, checker: Checker) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.checker == checker)
    }

    /// The number of all findings of one checker, named or not.
    pub fn total(&self, checker: Checker) -> u64 {
        self.totals.get(&checker).copied().unwrap_or_default()
    }

    /// The number of all findings.
    pub fn total_of_all(&self) -> u64 {
        self.totals.values().sum()
    }

    pub fn is_clean(&self) -> bool {
        self.total_of_all() == 0
    }
}

/// A readable report whose last line is `OK` or the number of findings.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { brands, accounts, transactions, entries, lots, holds, open_holds } = self.counts;
        match self.since {
            None => writeln!(f, "The books as of {}", self.snapshot_at)?,
            Some(since) => writeln!(f, "The books as of {}, entries since {since}", self.snapshot_at)?,
        }
        writeln!(
            f,
            "{brands} brands, {accounts} accounts, {transactions} transactions, {entries} entries, {lots} lots, \
             {holds} holds ({open_holds} open)"
        )?;
        for checker in Checker::ALL.iter().copied() {
            let total = self.total(checker);
            writeln!(f, "{checker} {}: {total} findings", checker.claim())?;
            let mut named = 0;
            for finding in self.of(checker) {
                writeln!(f, "  {finding}")?;
                named += 1;
            }
            if total > named {
                writeln!(f, "  and {} more", total - named)?;
            }
        }
        match self.total_of_all() {
            0 => write!(f, "OK"),
            1 => write!(f, "1 finding"),
            findings => write!(f, "{findings} findings"),
        }
    }
}
