//! How much of a proof is run, and what it is run with.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;

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
    /// The program that is shipped, `zerosum`, where it has been built.
    pub zerosum: Option<PathBuf>,
}

impl Run {
    /// The shipped program.
    pub fn zerosum(&self) -> anyhow::Result<&Path> {
        self.zerosum
            .as_deref()
            .context("there is no program `zerosum`: build it, with `cargo build -p zerosum`")
    }

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
