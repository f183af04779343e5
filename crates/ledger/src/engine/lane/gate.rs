//! A batch's place among those on their way: what it waits for before it moves what another moves too, and behind which
//! one it runs.

use tokio::sync::watch;

/// Where a batch runs. It commits only if those before it have: by its gate on other connections, and on its own by the
/// number that the one ahead leaves in the session, because the two are sent before it is known what becomes of the first.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Place {
    pub gate: Gate,
    /// What it leaves in the session, if it goes by what the lane remembers.
    pub number: Option<i64>,
    /// The number of the one ahead.
    pub behind: Option<i64>,
}

/// How a flight has landed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Landing {
    Flying,
    Committed,
    Failed,
}

/// Opens when the batches before it are committed.
#[derive(Debug, Clone, Default)]
pub(in crate::engine) struct Gate(Vec<watch::Receiver<Landing>>);

impl Gate {
    pub fn is_open(&self) -> bool {
        self.0.iter().all(|before| *before.borrow() == Landing::Committed)
    }

    /// Waits until it is known what became of those before. False: one of them failed.
    pub async fn opens(mut self) -> bool {
        for before in &mut self.0 {
            let landed = before.wait_for(|landing| *landing != Landing::Flying).await;
            // One that is gone without a word did not commit, as far as anybody knows.
            if !landed.is_ok_and(|landing| *landing == Landing::Committed) {
                return false;
            }
        }
        true
    }

    /// Waits for this one, too.
    pub(super) fn after(&mut self, flight: &Signal) {
        self.0.push(flight.0.subscribe());
    }
}

/// A flight's word to those that wait for it.
#[derive(Debug)]
pub(super) struct Signal(watch::Sender<Landing>);

impl Signal {
    pub fn new() -> Self {
        Self(watch::Sender::new(Landing::Flying))
    }

    pub fn landed(&self, committed: bool) {
        self.0.send_replace(if committed { Landing::Committed } else { Landing::Failed });
    }
}
