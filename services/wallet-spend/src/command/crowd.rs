//! Wallets of which more locks have run out than one command may end.
//!
//! A command that moves or shows a wallet's points first ends the locks that have run out, at most [`LAPSED_MAX`] of
//! them, so that one command stays a bounded part of its batch. Where there may be more it decides nothing: it is
//! refused with [`Refused::LocksEnding`], which is stored under no key. Whoever handed it in then hands in
//! [`Action::EndLocks`], which ends that many and commits, and the command again, until fewer are left.
//!
//! [`LAPSED_MAX`]: super::names::LAPSED_MAX

use super::{Action, Refused, case::Case, names::Names};
use crate::model::WalletId;

pub(super) fn refuse(case: &mut Case<'_, '_>, action: &Action) -> Result<(), Refused> {
    let now = case.now();
    if case.rows.crowded(now).is_empty() || ends_locks(action) {
        return Ok(());
    }
    let mut names = Names::default();
    names.add(action);
    let crowded = named(case, &names).into_iter().find(|wallet| case.rows.crowded(now).contains(wallet));
    crowded.map_or(Ok(()), |wallet| Err(Refused::LocksEnding { wallet }))
}

/// The jobs, which make room.
fn ends_locks(action: &Action) -> bool {
    matches!(action, Action::EndLocks { .. } | Action::ExpireLock { .. } | Action::ExpirePoints { .. })
}

/// The wallets that a command names in any way.
fn named(case: &Case<'_, '_>, names: &Names<'_>) -> Vec<WalletId> {
    let by_identity = names.identities.iter().filter_map(|value| Some(case.rows.identity_named(value)?.1));
    let by_reference =
        names.references.iter().filter_map(|text| Some(case.rows.transaction_by_name(text)?.wallet));
    names.wallets.iter().copied().chain(by_identity).chain(by_reference).collect()
}
