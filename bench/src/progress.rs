//! A progress bar of one run, on a terminal; nothing elsewhere.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinHandle;

use crate::load::seen;

/// Drawn by this process, which shares the cores with what it measures: seldom.
const TICK: Duration = Duration::from_millis(250);

pub struct Progress {
    /// For the load to count its answers in.
    pub answers: Arc<AtomicU64>,
    bar: ProgressBar,
    ticking: JoinHandle<()>,
}

impl Progress {
    pub fn begin(what: &str, seconds: u64) -> Self {
        let bar = ProgressBar::new(seconds * 1000);
        if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {msg} answers") {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        let answers = Arc::new(AtomicU64::new(0));
        let ticking = tokio::spawn(tick(bar.clone(), answers.clone()));
        Self { answers, bar, ticking }
    }

    pub fn end(self) {
        self.ticking.abort();
        self.bar.finish_and_clear();
    }
}

async fn tick(bar: ProgressBar, answers: Arc<AtomicU64>) {
    if bar.is_hidden() {
        return;
    }
    let begin = Instant::now();
    loop {
        tokio::time::sleep(TICK).await;
        bar.set_message(seen(&answers).to_string());
        bar.set_position(u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
}
