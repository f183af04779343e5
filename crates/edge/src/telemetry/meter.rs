//! The counters of one operation, taken from the recorder once per status and not at every request.

use std::{sync::OnceLock, time::Duration};

use http::StatusCode;
use metrics::{Counter, Histogram};

use super::DURATION_SECONDS;

/// 100 to 599.
const STATUSES: usize = 500;

pub(crate) struct Meter {
    service: &'static str,
    operation: String,
    by_status: Box<[OnceLock<Instruments>]>,
}

struct Instruments {
    requests: Counter,
    duration: Histogram,
}

impl Meter {
    pub(crate) fn new(service: &'static str, operation: &str) -> Self {
        let by_status = (0..STATUSES).map(|_| OnceLock::new()).collect();
        Self { service, operation: operation.to_owned(), by_status }
    }

    pub(crate) fn record(&self, status: StatusCode, duration: Duration) {
        let place = usize::from(status.as_u16()).wrapping_sub(100);
        let Some(slot) = self.by_status.get(place) else { return };
        let instruments = slot.get_or_init(|| self.instruments(status));
        instruments.requests.increment(1);
        instruments.duration.record(duration);
    }

    fn instruments(&self, status: StatusCode) -> Instruments {
        let labels = [
            ("service", self.service.to_owned()),
            ("operation", self.operation.clone()),
            ("status", status.as_str().to_owned()),
        ];
        Instruments {
            requests: metrics::counter!("http_requests_total", &labels),
            duration: metrics::histogram!(DURATION_SECONDS, &labels),
        }
    }
}
