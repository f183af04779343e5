//! Places on a command's path where a proof may end the process: `kill -9` at every step.
//!
//! Without the feature `fault-points` [`reach`] is empty and there is nothing to arm. With it, a process that wants
//! to be killed hands in what to do with [`arm`]; no variable or option of a service does.

/// A step of the path. The statements of a pipeline are sent in the order of the points before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultPoint {
    /// The transaction was begun.
    Begun,
    /// The batch's keys were looked up.
    KeysRead,
    /// Its rows are read, and locked unless the lane goes by what it remembers.
    Locked,
    /// Every command is decided; nothing is written.
    Decided,
    /// Before the statement that stores the answers of a batch under locks, and so on through the writes.
    WritingKeys,
    /// Postings with their balances and events, and the answers of a batch that goes by what its lane remembers.
    WritingRows,
    /// What answers that are kept for ever share.
    WritingShared,
    WritingAccounts,
    WritingLots,
    WritingHolds,
    /// Every write was sent, the commit was not.
    BeforeCommit,
    /// The commit was acknowledged.
    Committed,
    /// The callers are about to be answered.
    Answering,
}

impl FaultPoint {
    /// In the order of the path.
    pub const ALL: &[Self] = &[
        Self::Begun,
        Self::KeysRead,
        Self::Locked,
        Self::Decided,
        Self::WritingKeys,
        Self::WritingRows,
        Self::WritingShared,
        Self::WritingAccounts,
        Self::WritingLots,
        Self::WritingHolds,
        Self::BeforeCommit,
        Self::Committed,
        Self::Answering,
    ];
}

#[cfg(feature = "fault-points")]
static ARMED: std::sync::OnceLock<Box<dyn Fn(FaultPoint) + Send + Sync>> = std::sync::OnceLock::new();

/// Calls `act` at every point from now on, in every engine of the process. Only the first call counts.
#[cfg(feature = "fault-points")]
pub fn arm(act: impl Fn(FaultPoint) + Send + Sync + 'static) {
    // A second call is one too many of a test.
    let _ = ARMED.set(Box::new(act));
}

#[inline]
pub(super) fn reach(point: FaultPoint) {
    #[cfg(feature = "fault-points")]
    if let Some(act) = ARMED.get() {
        act(point);
    }
    #[cfg(not(feature = "fault-points"))]
    let _ = point;
}
