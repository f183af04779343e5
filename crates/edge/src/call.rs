//! One request, authenticated and checked against the document: what a handler gets.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Uri};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    auth::{Principal, single},
    contract::Operation,
    problem::Problem,
    request_id::RequestId,
};

/// A call of an operation.
#[derive(Debug, Clone)]
pub struct Call {
    pub request_id: RequestId,
    pub principal: Principal,
    /// When the caller is told 503 if there is no answer. Give it to the engine with the command.
    pub deadline: Instant,
    pub(crate) operation: Arc<Operation>,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) raw_body: Bytes,
    pub(crate) body: Value,
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<Option<Value>>,
    pub(crate) peer: Option<IpAddr>,
}

impl Call {
    /// Who is at the other end of the connection: the caller, or a proxy. None without a connection, in tests.
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The brand whose money the call may see and move.
    pub fn brand(&self) -> &str {
        &self.principal.brand
    }

    /// A path parameter, decoded. A name that the document does not declare is a fault of ours.
    pub fn path(&self, name: &str) -> Result<&str, Problem> {
        let place = self.operation.path_parameters.iter().position(|declared| &*declared.name == name);
        place.and_then(|place| self.path.get(place)).map(String::as_str).ok_or_else(|| {
            tracing::error!(name, operation = &*self.operation.id, "no such path parameter in the document");
            Problem::internal()
        })
    }

    /// Names and decoded values of the path parameters, in the document's order.
    pub fn path_parameters(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.operation
            .path_parameters
            .iter()
            .zip(&self.path)
            .map(|(declared, value)| (&*declared.name, &**value))
    }

    /// A query parameter as the document types it, its default where it is not given.
    pub fn query(&self, name: &str) -> Option<&Value> {
        let place = self.operation.query.iter().position(|declared| &*declared.name == name);
        debug_assert!(place.is_some(), "{name} is not in the document");
        self.query.get(place?)?.as_ref()
    }

    pub fn query_text(&self, name: &str) -> Option<&str> {
        self.query(name)?.as_str()
    }

    pub fn query_integer(&self, name: &str) -> Option<i64> {
        self.query(name)?.as_i64()
    }

    pub fn query_flag(&self, name: &str) -> Option<bool> {
        self.query(name)?.as_bool()
    }

    /// The body: strict JSON that keeps to the document, `1.0` written `1`. `Null` if there is none.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The body exactly as sent.
    pub fn raw_body(&self) -> &Bytes {
        &self.raw_body
    }

    /// The body in the endpoint's own type. It fits if the type accepts what the document accepts.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        T::deserialize(&self.body).map_err(|error| Problem::invalid(format!("the body: {error}")))
    }

    /// A header that may be there once: repeated, or not visible ASCII, is 400.
    pub fn header(&self, name: &str) -> Result<Option<&str>, Problem> {
        single(&self.headers, name)
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Path and query exactly as sent, any prefix included.
    pub fn target(&self) -> &str {
        target_of(&self.uri)
    }
}

pub(crate) fn target_of(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |target| target.as_str())
}
