//! Why a command has no decision: nothing is stored of it, and its inside is never shown.

/// See the module's documentation. `retryable` tells which of them a caller heals by sending the same key again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the queue is full")]
    Busy,
    #[error("the command's deadline passed before it started")]
    Deadline,
    #[error("the key was used for another request")]
    KeyReused,
    #[error("the key's first request is still being decided")]
    KeyInProgress,
    #[error("the commit was not acknowledged; it may have happened")]
    Unknown,
    #[error("the database cannot be used")]
    Unavailable,
    #[error("the command could not be carried out")]
    Broken,
    #[error("the brand's ledger is halted after a failed integrity check")]
    Halted,
    #[error("the brand is not set up")]
    UnknownBrand,
}

impl Fault {
    /// Whether the same request may be sent again, with the same key, to find out or to succeed.
    pub const fn retryable(self) -> bool {
        match self {
            Self::Busy
            | Self::Deadline
            | Self::KeyInProgress
            | Self::Unknown
            | Self::Unavailable
            | Self::Halted => true,
            Self::KeyReused | Self::Broken | Self::UnknownBrand => false,
        }
    }
}
