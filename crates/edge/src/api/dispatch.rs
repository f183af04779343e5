//! The way of a request, in the order in which its faults are told:
//! framing 400 → route 404, 405 → declared length 413 → (caller 401, 403 → body 408, 413, or the
//! other way round where the proof covers the body) → content 415 → path, query and body 400 →
//! handler.
//!
//! A handler that panics is a 500, one that is late a 503; the connection outlives both. What a late
//! handler has handed to the engine goes on there: the caller asks again by its key.

use std::{net::IpAddr, panic::AssertUnwindSafe, sync::Arc};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, header::ACCEPT_ENCODING, request::Parts};
use http_body::Body;
use http_body_util::Full;
use tokio::time::{Instant, timeout_at};

use super::{
    Action, Endpoint, Outcome, Settings, builtin::Builtin, head, payload::Payload, render, routes::Routes,
    trace::Trace,
};
use crate::{
    auth::{Credentials, Principal},
    call::{Call, target_of},
    contract::{Access, Contract},
    problem::{Kind, Problem},
    telemetry::{Gauges, Meter},
};

/// How long a caller waits before it asks again for what was late.
const LATE_RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(1);

/// A built API. Cheap to clone; each connection has one.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    contract: Contract,
    settings: Settings,
    routes: Routes,
    /// Of requests that no operation is known for.
    unrouted: Meter,
    gauges: Gauges,
}

/// What only the connection knows of a request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Connection {
    /// It has seen Content-Length beside Transfer-Encoding, which is not to be seen in the headers any more.
    pub has_two_lengths: bool,
    /// Who is at its other end.
    pub peer: Option<IpAddr>,
}

impl Edge {
    pub(super) fn new(contract: Contract, settings: Settings, routes: Routes) -> Self {
        let unrouted = Meter::new(settings.service, "none");
        let gauges = Gauges::new(settings.service);
        Self(Arc::new(Inner { contract, settings, routes, unrouted, gauges }))
    }

    pub fn contract(&self) -> &Contract {
        &self.0.contract
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn gauges(&self) -> &Gauges {
        &self.0.gauges
    }

    /// Answers a request; in tests without a connection.
    pub async fn respond<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        self.respond_on_connection(request, Connection::default()).await
    }

    pub(crate) async fn respond_on_connection<B>(
        &self,
        request: Request<B>,
        connection: Connection,
    ) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let Inner { settings, unrouted, gauges, .. } = &*self.0;
        let (mut parts, body) = request.into_parts();
        let request_id = settings.request_ids.of(&parts.headers);
        let mut trace = Trace::new(settings, unrouted, gauges, parts.method.clone(), request_id);
        let encoding = parts.headers.get(ACCEPT_ENCODING).filter(|_| settings.compress).cloned();
        let mut payload = Payload::new(body);
        let outcome = self.answer(&mut trace, &mut parts, &mut payload, connection).await;
        // While we drain, callers leave with their answers.
        let closes = !payload.discard().await || settings.readiness.is_draining();
        let (mut response, code) = render::render(outcome, settings, &trace.request_id, closes);
        if let Some(asked) = encoding {
            response = render::compressed(asked, response).await;
        }
        trace.status = Some(response.status());
        trace.code = code;
        response
    }

    async fn answer<B>(
        &self,
        trace: &mut Trace<'_>,
        parts: &mut Parts,
        payload: &mut Payload<B>,
        connection: Connection,
    ) -> Outcome
    where
        B: Body<Data = Bytes> + Unpin,
    {
        head::check_framing(parts, connection.has_two_lengths)?;
        let uri = parts.uri.clone();
        let path = self.without_prefix(uri.path());
        let Some(route) = self.0.routes.find(path) else {
            return self.answer_unrouted(trace, parts, path).await;
        };
        let Some(endpoint) = route.methods.find(&parts.method) else {
            return Err(Problem::of(Kind::MethodNotAllowed, "this path does not take this method")
                .header(http::header::ALLOW, route.methods.allow.clone()));
        };
        trace.endpoint = Some(Arc::clone(endpoint));
        let operation = &endpoint.operation;
        let handler = match &endpoint.action {
            Action::Builtin(builtin) => return builtin.answer(self).await,
            Action::Handler(handler) => handler,
        };
        head::check_declared_length(&parts.headers, operation)?;
        let settings = &self.0.settings;
        let raw_body = if settings.authenticate.needs_body() {
            let body = payload.read(operation, settings.body_time_max).await?;
            self.authenticate(trace, parts, endpoint, &body).await?;
            body
        } else {
            self.authenticate(trace, parts, endpoint, &Bytes::new()).await?;
            payload.read(operation, settings.body_time_max).await?
        };
        if operation.takes_body() && !raw_body.is_empty() {
            head::check_content(&parts.headers)?;
        }
        let path = if operation.path_parameters.is_empty() {
            Vec::new()
        } else {
            operation.read_path(&route.captured.iter().collect::<Vec<_>>())?
        };
        let call = Call {
            request_id: trace.request_id.clone(),
            principal: trace.principal.clone().unwrap_or_else(Principal::anonymous),
            deadline: Instant::now() + settings.request_time_max,
            path,
            query: operation.read_query(uri.query().unwrap_or_default())?,
            body: operation.read_body(&raw_body)?,
            raw_body,
            headers: std::mem::take(&mut parts.headers),
            operation: Arc::clone(operation),
            uri: uri.clone(),
            peer: connection.peer,
        };
        let deadline = call.deadline;
        match timeout_at(deadline, AssertUnwindSafe(async { handler(call).await }).catch_unwind()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => {
                tracing::error!(
                    request_id = trace.request_id.as_str(),
                    operation = &*operation.id,
                    "a handler panicked"
                );
                Err(Problem::internal())
            }
            Err(_late) => Err(Problem::unavailable(LATE_RETRY_AFTER)),
        }
    }

    async fn authenticate(
        &self,
        trace: &mut Trace<'_>,
        parts: &Parts,
        endpoint: &Endpoint,
        body: &Bytes,
    ) -> Result<(), Problem> {
        if endpoint.operation.access == Access::Public {
            return Ok(());
        }
        let authenticate = &self.0.settings.authenticate;
        let credentials = Credentials {
            method: &parts.method,
            target: target_of(&parts.uri),
            headers: &parts.headers,
            body,
        };
        let deadline = Instant::now() + self.0.settings.request_time_max;
        let principal = timeout_at(deadline, authenticate.authenticate(credentials))
            .await
            .unwrap_or_else(|_late| Err(Problem::unavailable(LATE_RETRY_AFTER)))
            .map_err(|problem| head::challenge(authenticate.challenge(), problem, None))?;
        let allowed = match &endpoint.operation.access {
            Access::Scope(scope) => principal
                .must_have(scope)
                .map_err(|problem| head::challenge(authenticate.challenge(), problem, Some(scope.as_str()))),
            Access::Any | Access::Public => Ok(()),
        };
        trace.principal = Some(principal);
        allowed
    }

    /// What the document does not know: health, metrics and the document, which every service has.
    async fn answer_unrouted(&self, trace: &mut Trace<'_>, parts: &Parts, path: &str) -> Outcome {
        let Some(builtin) = Builtin::at(path) else {
            return Err(Problem::not_found("no such path"));
        };
        trace.route = builtin.path();
        match parts.method {
            http::Method::GET | http::Method::HEAD => builtin.answer(self).await,
            _ => Err(Problem::of(Kind::MethodNotAllowed, "this path does not take this method")
                .header(http::header::ALLOW, http::HeaderValue::from_static("GET, HEAD"))),
        }
    }

    /// The path as the document has it. Only a whole segment is a prefix.
    fn without_prefix<'p>(&self, path: &'p str) -> &'p str {
        match self.0.settings.prefix.and_then(|prefix| path.strip_prefix(prefix)) {
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }
}
