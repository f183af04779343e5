//! PUT /services/permissions: the rules of a brand, replaced as a whole.

use super::{
    Refused,
    case::Case,
    done::Done,
    event::{Atomic, Told},
};
use crate::model::PermissionRule;

pub(super) fn decide(case: &mut Case<'_, '_>, rules: &[PermissionRule]) -> Result<Done, Refused> {
    let mut told = Told::new();
    told.permissions(rules, Atomic::Update);
    let done = Done::Permitted(rules.to_vec());
    told.emit(case, "WALLET.PERMISSIONS.UPDATE", &done);
    // Later commands of the batch are decided by these.
    case.rows.rules = rules.to_vec();
    case.rows.permits = true;
    Ok(done)
}
