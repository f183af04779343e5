//! An API: a contract whose operations have handlers.
//!
//! Invariant: operations and handlers match one to one, or [`Api::build`] fails. There is no other
//! way to add a route, so a route that the document does not know cannot exist.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use crate::{
    auth::{Authenticate, BoxFuture},
    call::Call,
    contract::{Contract, Operation},
    dialect::Dialect,
    health::Readiness,
    problem::Problem,
    reply::Reply,
    request_id::RequestIds,
};

mod builtin;
mod dispatch;
mod head;
mod payload;
mod render;
mod routes;
mod trace;

pub(crate) use dispatch::Connection;
pub use dispatch::Edge;

use builtin::Builtin;
use routes::Routes;

/// Client 5 s > request 3 s > statement 2 s > lock 0.5 s: deadlines nest (promise 30).
const REQUEST_TIME_MAX: Duration = Duration::from_secs(3);

/// A till on a bad network gets a body of 64 KiB through at 52 kbit/s.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// What a service's edge is made with.
#[derive(Clone)]
pub struct Settings {
    /// The `service` of metrics and logs.
    pub service: &'static str,
    pub dialect: Arc<dyn Dialect>,
    pub authenticate: Arc<dyn Authenticate>,
    pub readiness: Readiness,
    pub request_ids: RequestIds,
    /// Every path answers under this prefix too (`/2.0`).
    pub prefix: Option<&'static str>,
    /// Answers are compressed where the caller asks (gzip, deflate).
    pub compress: bool,
    /// From the whole request being here to the answer; then 503.
    pub request_time_max: Duration,
    /// For the body to arrive; then 408.
    pub body_time_max: Duration,
}

impl Settings {
    pub fn new(
        service: &'static str,
        dialect: impl Dialect,
        authenticate: impl Authenticate,
        readiness: Readiness,
    ) -> Self {
        Self {
            service,
            dialect: Arc::new(dialect),
            authenticate: Arc::new(authenticate),
            readiness,
            request_ids: RequestIds::X_REQUEST_ID,
            prefix: None,
            compress: false,
            request_time_max: REQUEST_TIME_MAX,
            body_time_max: BODY_TIME_MAX,
        }
    }
}

/// Why an API cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("no operation of the document is called {0}")]
    UnknownOperation(String),
    #[error("the operation {0} has two handlers")]
    TwoHandlers(String),
    #[error("the operation {0} of the document has no handler")]
    NoHandler(String),
    #[error("the path {path} of the document cannot be routed")]
    Path { path: String, source: matchit::InsertError },
}

type Outcome = Result<Reply, Problem>;
type Handler = Box<dyn Fn(Call) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// What answers an operation.
enum Action {
    Handler(Handler),
    Builtin(Builtin),
}

/// One operation with what answers it.
struct Endpoint {
    operation: Arc<Operation>,
    action: Action,
    meter: crate::telemetry::Meter,
}

/// Collects the handlers of a contract's operations.
pub struct Api<S> {
    contract: Contract,
    state: S,
    settings: Settings,
    handlers: BTreeMap<String, Handler>,
    error: Option<ApiError>,
}

impl<S: Clone + Send + Sync + 'static> Api<S> {
    pub fn new(contract: Contract, state: S, settings: Settings) -> Self {
        Self { contract, state, settings, handlers: BTreeMap::new(), error: None }
    }

    /// Attaches a handler to the operation with this `operationId`.
    #[must_use]
    pub fn on<F, R>(mut self, operation_id: &str, handler: F) -> Self
    where
        F: Fn(S, Call) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        let state = self.state.clone();
        let handler: Handler = Box::new(move |call| Box::pin(handler(state.clone(), call)));
        if self.contract.operation(operation_id).is_none() {
            self.error.get_or_insert(ApiError::UnknownOperation(operation_id.to_owned()));
        } else if self.handlers.insert(operation_id.to_owned(), handler).is_some() {
            self.error.get_or_insert(ApiError::TwoHandlers(operation_id.to_owned()));
        }
        self
    }

    /// The edge, ready to serve; or what does not match between document and handlers.
    pub fn build(mut self) -> Result<Edge, ApiError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut endpoints = Vec::new();
        for operation in self.contract.operations() {
            let action = match (self.handlers.remove(&*operation.id), Builtin::of(operation)) {
                (Some(handler), _) => Action::Handler(handler),
                (None, Some(builtin)) => Action::Builtin(builtin),
                (None, None) => return Err(ApiError::NoHandler(operation.id.to_string())),
            };
            let meter = crate::telemetry::Meter::new(self.settings.service, &operation.id);
            endpoints.push(Endpoint { operation: Arc::clone(operation), action, meter });
        }
        let routes = Routes::new(endpoints)?;
        Ok(Edge::new(self.contract, self.settings, routes))
    }
}
