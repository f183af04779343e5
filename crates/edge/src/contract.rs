//! The contract: an OpenAPI 3.1 document, written by hand, and what is compiled from it.
//!
//! Everything is read once, at start: an operation without an id or a declared scope, a reference
//! that leads nowhere, a schema that does not compile are errors then, never at a request.
//!
//! What the document must say, beyond OpenAPI:
//! - every operation has an `operationId`: handlers are attached to it;
//! - every operation has `x-scope: <action>:<resource>`, or `security` with exactly one scope;
//!   `x-scope: any` or `key:own` is for every authenticated caller, the handler deciding what they
//!   may see; `x-public: true` is for everybody;
//! - `x-max-body-bytes` raises or lowers the limit of 64 KiB, up to 1 MiB.
//!
//! `type: integer` without its own bounds is held to ±(2^53 − 1), whatever the schema.
//! Header parameters are documentation: the code that needs a header checks it.

use std::collections::HashSet;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::Value;

mod document;
mod operation;
mod parameter;
mod schema;

pub use operation::{Access, Operation};
pub use schema::Violation;

pub(crate) use operation::media_type;

use document::Document;
use std::sync::Arc;

/// 64 KiB: a transaction of 1,000 entries with memos fits.
pub const BODY_BYTES_DEFAULT: usize = 64 * 1024;

/// 1 MiB: a batch of 1,000 transactions fits. No operation may ask for more.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    #[error("reading the document: {0}")]
    NotYaml(String),
    #[error("at {at}: {what}")]
    Wrong { at: String, what: String },
}

impl ContractError {
    fn at(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Wrong { at: at.into(), what: what.into() }
    }
}

/// A compiled document.
#[derive(Debug)]
pub struct Contract {
    operations: Vec<Arc<Operation>>,
    yaml: Bytes,
    json: Bytes,
}

impl Contract {
    /// Compiles a document. Slow (milliseconds): once at start.
    pub fn parse(yaml: &str) -> Result<Self, ContractError> {
        let root: Value =
            serde_saphyr::from_str(yaml).map_err(|error| ContractError::NotYaml(error.to_string()))?;
        let json = serde_json::to_vec(&root).map_err(|error| ContractError::NotYaml(error.to_string()))?;
        let document = Document::new(root);
        let operations = operation::compile_all(&document)?;
        let mut ids = HashSet::new();
        for operation in &operations {
            if !ids.insert(&operation.id) {
                return Err(ContractError::at(&*operation.id, "two operations have this operationId"));
            }
        }
        Ok(Self {
            operations: operations.into_iter().map(Arc::new).collect(),
            yaml: Bytes::copy_from_slice(yaml.as_bytes()),
            json: json.into(),
        })
    }

    pub fn operations(&self) -> &[Arc<Operation>] {
        &self.operations
    }

    pub fn operation(&self, id: &str) -> Option<&Arc<Operation>> {
        self.operations.iter().find(|operation| &*operation.id == id)
    }

    /// The operation that a method and a path (as in the document, with its braces) belong to.
    pub fn operation_at(&self, method: &Method, template: &str) -> Option<&Arc<Operation>> {
        self.operations.iter().find(|o| o.method == *method && &*o.path == template)
    }

    /// Checks an answer against the document: its status, its content type, its body.
    /// For tests: every answer that a test sees goes through here.
    pub fn check_response(
        &self,
        operation_id: &str,
        status: StatusCode,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<(), String> {
        let operation =
            self.operation(operation_id).ok_or_else(|| format!("no operation is called {operation_id}"))?;
        operation
            .check_response(status, content_type, body)
            .map_err(|why| format!("{operation_id} answered {status}: {why}"))
    }

    pub(crate) fn yaml(&self) -> &Bytes {
        &self.yaml
    }

    pub(crate) fn json(&self) -> &Bytes {
        &self.json
    }
}

#[cfg(test)]
mod tests;
