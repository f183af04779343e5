//! What is told about requests: one line each in the log, a counter and a histogram in the metrics.
//!
//! No secret, no body and no query string is in any of them.

use std::{io::IsTerminal, sync::OnceLock, time::Duration};

use http::{Method, StatusCode};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

use crate::{auth::Principal, request_id::RequestId};

mod gauges;
mod log;
mod meter;

pub(crate) use gauges::Gauges;
use log::Lines;
pub(crate) use meter::Meter;

const DURATION_SECONDS: &str = "http_request_duration_seconds";

/// Upper bounds in seconds: from a cached read to the request deadline of 3 s.
const DURATION_BUCKETS: [f64; 13] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// Upper bounds of everything else, which is counted in commands: what shares a commit. Without bounds a histogram would be
/// a summary, whose quantiles cannot be added up over instances and which grew to a megabyte.
const COUNT_BUCKETS: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// Often enough that the samples between two runs stay at some hundred kB at full load.
const UPKEEP_PERIOD: Duration = Duration::from_secs(1);

static LOG: OnceLock<Lines> = OnceLock::new();
static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// How the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For machines: one JSON object a line.
    #[default]
    Json,
    /// For people.
    Text,
}

/// Starts logging to standard error for the whole process, without ever waiting for its reader.
/// `filter` is in the syntax of `tracing_subscriber::EnvFilter` (`info`, `zerosum_edge=debug,info`).
/// The line of each request is `info` of the target `request`: `request=warn,info` leaves them out.
/// Returns false if a log was started before, which then stays.
pub fn start_log(format: LogFormat, filter: &str) -> bool {
    let Ok(lines) = Lines::start(std::io::stderr()) else { return false };
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_writer(lines.clone());
    let started = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init().is_ok(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init().is_ok(),
    };
    if started {
        LOG.get_or_init(|| lines);
    }
    started
}

/// Waits, a second at most, until what was logged is written. `serve` does it when it ends; what is
/// logged later in a process may be lost without it.
pub fn flush_log() {
    if let Some(lines) = LOG.get() {
        lines.flush();
    }
}

/// Starts recording metrics for the whole process; later calls change nothing.
/// Call it before the edges are built: they take their counters from it.
pub fn start_metrics() -> Result<(), BuildError> {
    if METRICS.get().is_some() {
        return Ok(());
    }
    let recorder = PrometheusBuilder::new()
        .set_buckets(&COUNT_BUCKETS)?
        .set_buckets_for_metric(Matcher::Full(DURATION_SECONDS.to_owned()), &DURATION_BUCKETS)?
        .build_recorder();
    let handle = recorder.handle();
    // Somebody else's recorder stays; ours would then record nothing, and says so by its absence.
    if metrics::set_global_recorder(recorder).is_ok() {
        METRICS.get_or_init(|| handle);
    }
    Ok(())
}

/// Folds recorded samples into the buckets, for as long as it is polled: without it they pile up
/// between two readings of `/metrics`. `serve` polls it.
pub(crate) async fn keep_metrics_up() {
    loop {
        tokio::time::sleep(UPKEEP_PERIOD).await;
        if let Some(handle) = METRICS.get() {
            handle.run_upkeep();
        }
    }
}

/// The metrics in the Prometheus text format; none if they were not started.
pub(crate) fn render_metrics() -> Option<String> {
    METRICS.get().map(PrometheusHandle::render)
}

/// What there is to tell about a request.
pub(crate) struct Record<'a> {
    pub(crate) service: &'static str,
    pub(crate) method: &'a Method,
    /// The template of the path; empty if there is none.
    pub(crate) route: &'a str,
    pub(crate) status: StatusCode,
    pub(crate) duration: Duration,
    pub(crate) request_id: &'a RequestId,
    pub(crate) principal: Option<&'a Principal>,
    pub(crate) code: Option<&'static str>,
    pub(crate) meter: &'a Meter,
}

pub(crate) fn record(record: &Record<'_>) {
    record.meter.record(record.status, record.duration);
    tracing::info!(
        target: "request",
        service = record.service,
        method = record.method.as_str(),
        route = record.route,
        status = record.status.as_u16(),
        duration_us = u64::try_from(record.duration.as_micros()).unwrap_or(u64::MAX),
        request_id = record.request_id.as_str(),
        brand = record.principal.map(|principal| &*principal.brand),
        subject = record.principal.map(|principal| &*principal.subject),
        code = record.code,
    );
}
