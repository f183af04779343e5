//! How much of a proof is run, and what it is run with.

use std::{path::PathBuf, time::Duration};

use zerosum_testkit::schedule::Seed;

/// How long a proof may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Seconds: for `cargo test`.
    Short,
    /// The figures that are published. The time is that of the proofs that are not counted in trials.
    Long { each: Duration },
}

/// Everything that a proof needs to know.
#[derive(Debug, Clone)]
pub struct Run {
    pub seed: Seed,
    pub form: Form,
    /// This package's own program: it can be a service that is killed.
    pub program: PathBuf,
}

impl Run {
    /// The number of trials in this form.
    pub fn trials(&self, short: u64, long: u64) -> u64 {
        match self.form {
            Form::Short => short,
            Form::Long { .. } => long,
        }
    }

    /// How long a load is kept up in this form.
    pub fn time(&self, short: Duration) -> Duration {
        match self.form {
            Form::Short => short,
            Form::Long { each } => each.max(short),
        }
    }
}
