//! How much there is at the moment, per service.

use metrics::Gauge;

pub(crate) struct Gauges {
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
}

impl Gauges {
    pub(crate) fn new(service: &'static str) -> Self {
        Self {
            in_flight: metrics::gauge!("http_requests_in_flight", "service" => service),
            connections: metrics::gauge!("http_connections", "service" => service),
        }
    }
}
