//! Why a command was refused. Stored as the outcome of its key where the contract says that it is remembered.

use serde::{Deserialize, Serialize};
use zerosum_domain::Cents;
use zerosum_ledger::book::PostRefused;

/// In order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The user never had a grant.
    NoAccount,
    /// What the user can use does not cover the spend.
    Insufficient { asked: Cents, usable: i64 },
    /// The spend would draw on more grants than a transaction has entries.
    TooManyGrants { grants: usize, most: usize },
    /// A balance would pass what the contract can say.
    BalanceTooLarge,
}

impl Refused {
    /// Whether the key remembers this answer. A 400 is not remembered.
    pub fn is_remembered(self) -> bool {
        match self {
            Self::NoAccount | Self::Insufficient { .. } | Self::TooManyGrants { .. } => true,
            Self::BalanceTooLarge => false,
        }
    }
}

/// The commands choose accounts, sums and lots themselves, so only a limit can be in the way.
pub(super) fn of_posting(refused: PostRefused) -> Refused {
    match refused {
        PostRefused::LimitPassed { .. } | PostRefused::Overflow { .. } => Refused::BalanceTooLarge,
        PostRefused::EntryCount
        | PostRefused::UnknownAccount { .. }
        | PostRefused::Unbalanced { .. }
        | PostRefused::LotMismatch { .. }
        | PostRefused::DuplicateExternalRef(_)
        | PostRefused::AlreadyReversed(_) => {
            unreachable!("a cash command posts what it has just drawn up: {refused}")
        }
    }
}
