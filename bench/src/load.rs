//! The load generator: callers that each wait for their answers, at full speed or at a fixed rate.
//!
//! All callers share one thread of their own, so that what the generator takes of the machine is bounded and the
//! same for every shape. Closed loop: a caller sends its next request when it has its answer. Open loop: each
//! caller has a timetable that does not wait for the service, and a latency counts from the moment of the
//! timetable, so a stall is counted for every request that it delays (no coordinated omission). Timers fire on
//! whole milliseconds: an open loop's latencies have up to one of the generator's own.

mod caller;
mod meter;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::{runtime, sync::oneshot, task::LocalSet};

pub use meter::Measured;

use crate::traffic::Traffic;
use meter::Meter;

/// How fast callers send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Closed,
    /// Requests a second, of all callers together.
    Open(u64),
}

/// When a load ends.
#[derive(Debug, Clone, Copy)]
pub enum Length {
    /// After a time that is not measured and a time that is.
    For { warm_up: Duration, measured: Duration },
    /// When no caller has more to send.
    Drained,
}

/// A load to put on services.
pub struct Load {
    /// The services that a traffic names by their place here.
    pub targets: Vec<SocketAddr>,
    /// One per caller. They come back with the result and can go on.
    pub callers: Vec<Box<dyn Traffic>>,
    pub pace: Pace,
    pub length: Length,
    /// Answers so far, for a progress bar.
    pub progress: Arc<AtomicU64>,
}

/// A caller that comes back, and the caller's traffic.
type Callers = Vec<Box<dyn Traffic>>;

impl Load {
    pub async fn run(self) -> anyhow::Result<(Measured, Callers)> {
        let (done, result) = oneshot::channel();
        let thread = thread::Builder::new().name("load".into());
        thread.spawn(move || {
            let _ = done.send(self.on_this_thread());
        })?;
        result.await.context("the load generator ended without a result")?.context("the load generator")
    }

    fn on_this_thread(self) -> io::Result<(Measured, Callers)> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, self.drive())
    }

    async fn drive(self) -> io::Result<(Measured, Callers)> {
        let begin = Instant::now();
        let window = match self.length {
            Length::For { warm_up, measured } => Some(begin + warm_up..begin + warm_up + measured),
            Length::Drained => None,
        };
        let meter = Meter::new(window.clone(), self.progress);
        let (count, patient) = (self.callers.len(), window.is_none());
        let tasks: Vec<_> = self
            .callers
            .into_iter()
            .enumerate()
            .map(|(place, traffic)| {
                let timetable = caller::Timetable::of(self.pace, begin, place, count);
                let until = window.as_ref().map(|window| window.end);
                let caller = caller::Caller::new(traffic, self.targets.clone(), meter.clone(), patient);
                tokio::task::spawn_local(caller.run(timetable, until))
            })
            .collect();
        let mut callers = Vec::with_capacity(count);
        for task in tasks {
            callers.push(task.await.map_err(io::Error::other)?);
        }
        let elapsed = match &window {
            Some(window) => window.end - window.start,
            None => begin.elapsed(),
        };
        Ok((meter.result(elapsed), callers))
    }
}

/// What a progress bar shows.
pub fn seen(progress: &AtomicU64) -> u64 {
    progress.load(Ordering::Relaxed)
}
