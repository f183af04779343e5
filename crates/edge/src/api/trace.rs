//! What is known of a request while it is answered, told when it ends, however it ends.

use std::{sync::Arc, time::Instant};

use http::{Method, StatusCode};

use super::{Endpoint, Settings};
use crate::{
    auth::Principal,
    request_id::RequestId,
    telemetry::{self, Gauges, Meter, Record},
};

/// Not a status that is sent: the caller went away before its answer (as nginx has it in its logs).
const CALLER_GONE: u16 = 499;

/// Dropped with a request: that is when its line is written.
pub(super) struct Trace<'e> {
    settings: &'e Settings,
    unrouted: &'e Meter,
    gauges: &'e Gauges,
    started: Instant,
    method: Method,
    pub(super) request_id: RequestId,
    pub(super) endpoint: Option<Arc<Endpoint>>,
    /// Where there is no endpoint.
    pub(super) route: &'static str,
    pub(super) principal: Option<Principal>,
    pub(super) status: Option<StatusCode>,
    pub(super) code: Option<&'static str>,
}

impl<'e> Trace<'e> {
    pub(super) fn new(
        settings: &'e Settings,
        unrouted: &'e Meter,
        gauges: &'e Gauges,
        method: Method,
        request_id: RequestId,
    ) -> Self {
        gauges.in_flight.increment(1);
        Self {
            settings,
            unrouted,
            gauges,
            started: Instant::now(),
            method,
            request_id,
            endpoint: None,
            route: "",
            principal: None,
            status: None,
            code: None,
        }
    }
}

impl Drop for Trace<'_> {
    fn drop(&mut self) {
        self.gauges.in_flight.decrement(1);
        let gone = || StatusCode::from_u16(CALLER_GONE).unwrap_or(StatusCode::BAD_REQUEST);
        let endpoint = self.endpoint.as_deref();
        telemetry::record(&Record {
            service: self.settings.service,
            method: &self.method,
            route: endpoint.map_or(self.route, |endpoint| &endpoint.operation.path),
            status: self.status.unwrap_or_else(gone),
            duration: self.started.elapsed(),
            request_id: &self.request_id,
            principal: self.principal.as_ref(),
            code: self.code,
            meter: endpoint.map_or(self.unrouted, |endpoint| &endpoint.meter),
        });
    }
}
