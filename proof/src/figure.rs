//! What a proof found: a figure with its N, and what is wrong.

use std::{
    fmt,
    time::{Duration, Instant},
};

use zerosum_testkit::schedule::Seed;

/// One promise, proven or not.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The promise's number in docs/promises.md.
    pub number: u8,
    pub claim: &'static str,
    /// How often it was tried.
    pub n: u64,
    /// What was tried.
    pub of: &'static str,
    /// What was seen on the way, to be read by a person.
    pub seen: Vec<(String, String)>,
    /// What is wrong. Nothing: the promise held.
    pub findings: Vec<String>,
    pub took: Duration,
    start: Instant,
}

impl Figure {
    pub fn begin(number: u8, claim: &'static str, of: &'static str) -> Self {
        let (start, took) = (Instant::now(), Duration::ZERO);
        Self { number, claim, n: 0, of, seen: Vec::new(), findings: Vec::new(), took, start }
    }

    pub fn see(&mut self, what: impl Into<String>, value: impl fmt::Display) {
        self.seen.push((what.into(), value.to_string()));
    }

    pub fn find(&mut self, what: impl Into<String>) {
        self.findings.push(what.into());
    }

    /// A finding unless it holds.
    pub fn claim(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.findings.push(what());
        }
    }

    #[must_use]
    pub fn end(mut self, n: u64) -> Self {
        self.n = n;
        self.took = self.start.elapsed();
        self
    }

    pub fn held(&self) -> bool {
        self.findings.is_empty() && self.n > 0
    }

    /// Fails a test with all that is wrong.
    #[track_caller]
    pub fn assert_held(&self, seed: Seed) {
        println!("{self}");
        assert!(self.held(), "seed {seed}\n{self}");
    }
}

/// The most findings that are shown of one promise: the rest would not be read.
const FINDINGS_SHOWN: usize = 20;

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = if self.held() { "held" } else { "BROKEN" };
        let Self { number, claim, n, of, took, .. } = self;
        write!(
            f,
            "promise {number:>2}  {result:<6}  N = {n:<7} {:>6}.{} s  {claim}",
            took.as_secs(),
            took.subsec_millis() / 100
        )?;
        write!(f, "\n            N counts {of}")?;
        for (what, value) in &self.seen {
            write!(f, "\n            {what}: {value}")?;
        }
        for finding in self.findings.iter().take(FINDINGS_SHOWN) {
            write!(f, "\n         !  {finding}")?;
        }
        match self.findings.len().checked_sub(FINDINGS_SHOWN) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\n         !  and {more} more"),
        }
    }
}

/// All of a run.
#[derive(Debug, Default)]
pub struct Report {
    pub figures: Vec<Figure>,
}

impl Report {
    pub fn held(&self) -> bool {
        self.figures.iter().all(Figure::held)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "promise  result         N     time  claim")?;
        for figure in &self.figures {
            let result = if figure.held() { "held" } else { "BROKEN" };
            writeln!(
                f,
                "{:>7}  {result:<6} {:>9} {:>6} s  {}",
                figure.number,
                figure.n,
                figure.took.as_secs(),
                figure.claim
            )?;
        }
        let broken = self.figures.iter().filter(|figure| !figure.held()).count();
        match broken {
            0 => write!(f, "all {} held", self.figures.len()),
            broken => write!(f, "{broken} of {} are BROKEN", self.figures.len()),
        }
    }
}
