//! SCHEME objects: what was sent, with what we added.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Seconds;
use crate::model::{Label, Scheme, SchemeId, Status};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemeView<'a> {
    id: SchemeId,
    reference: &'a str,
    #[serde(rename = "type")]
    kind: &'a Label,
    class: &'a Label,
    status: Status,
    version: i32,
    account_client_type: Option<&'a str>,
    timeout_override: Option<i32>,
    #[serde(flatten)]
    shown: &'a Map<String, Value>,
    date_created: Seconds,
    last_updated: Seconds,
}

impl<'a> SchemeView<'a> {
    pub fn of(scheme: &'a Scheme) -> Self {
        Self {
            id: scheme.id,
            reference: &scheme.reference,
            kind: &scheme.kind,
            class: &scheme.class,
            status: scheme.status,
            version: scheme.version,
            account_client_type: scheme.client_type.as_deref(),
            timeout_override: scheme.lock_seconds,
            shown: &scheme.shown,
            date_created: Seconds(scheme.created_at),
            last_updated: Seconds(scheme.updated_at),
        }
    }
}
