//! The rules of a brand, as they are set and read.

use serde::Serialize;

use crate::model::PermissionRule;

#[derive(Debug, Serialize)]
pub struct PermissionsView<'a> {
    rules: &'a [PermissionRule],
}

impl<'a> PermissionsView<'a> {
    pub fn of(rules: &'a [PermissionRule]) -> Self {
        Self { rules }
    }
}
