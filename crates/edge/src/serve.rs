//! The connection loop: accepts, serves HTTP/1.1, and stops without losing a request.
//!
//! Stopping: readiness turns to 503 first, then (after a grace, so that who sends here sees it)
//! what waits in the backlog is still accepted, the listener closes, idle connections close,
//! answers in flight go out, and after the drain time what is left is cut.

use std::{
    future::Future,
    io,
    net::IpAddr,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

use crate::{Edge, api::Connection, telemetry};

mod listen;
mod watched;

pub use listen::listen;
use watched::{Watch, Watched};

/// A header block of a till is below 2 KiB; hyper's smallest read buffer is 8 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// A till sends about 15 headers.
const HEADERS_MAX: usize = 64;

/// What a peer may refuse us for a moment (file descriptors, memory): waited for, not spun on.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// For the answers of the grace to be taken in before connections that are idle by then are closed.
const SETTLE: Duration = Duration::from_millis(50);

/// For the first request of a connection that was accepted last: closed before it was heard, it would be lost without
/// an answer. Who connects sends at once; on a machine that is short of processors that takes a while.
const FIRST_REQUEST_TIME_MAX: Duration = Duration::from_secs(1);

/// How many connections are kept in mind as perhaps unheard before those that were heard are sorted out.
const UNHEARD_KEPT: usize = 256;

/// The bounds of a listener.
#[derive(Debug, Clone)]
pub struct ServeLimits {
    /// Further connections wait in the backlog. At 16 KiB each, 4,096 hold 64 MiB.
    pub connections_max: usize,
    /// From a connection's (or a further request's) first byte to the end of its head; a connection
    /// that never says anything is closed after it too.
    pub head_time_max: Duration,
    /// Between two requests: longer than the pools of clients keep a connection, as a rule.
    pub idle_time_max: Duration,
    /// For a caller that does not take its answer.
    pub write_time_max: Duration,
    /// Between readiness turning and the listener closing: as long as who sends here needs to see
    /// it. Answers given meanwhile close their connections, so that callers leave in good order.
    pub drain_grace: Duration,
    /// For the answers in flight: longer than body and request may take together is of no use.
    pub drain_time_max: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections_max: 4096,
            head_time_max: Duration::from_secs(3),
            idle_time_max: Duration::from_secs(75),
            write_time_max: Duration::from_secs(10),
            drain_grace: Duration::from_millis(250),
            drain_time_max: Duration::from_secs(10),
        }
    }
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Every request was answered.
    Whole,
    /// The drain time was over first; this many connections were cut.
    Cut(usize),
}

/// Serves until `shutdown` completes, then drains.
pub async fn serve(
    listener: TcpListener,
    edge: Edge,
    limits: ServeLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<Drained> {
    let server = Server {
        http: http(),
        graceful: GracefulShutdown::new(),
        places: Arc::new(Semaphore::new(limits.connections_max)),
        connections: JoinSet::new(),
        unheard: Vec::new(),
        edge,
        limits,
    };
    let drained = server.run(listener, shutdown).await;
    telemetry::flush_log();
    drained
}

struct Server {
    http: http1::Builder,
    graceful: GracefulShutdown,
    places: Arc<Semaphore>,
    connections: JoinSet<()>,
    /// Of connections that may not have said anything yet.
    unheard: Vec<Weak<Watch>>,
    edge: Edge,
    limits: ServeLimits,
}

impl Server {
    async fn run(mut self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<Drained> {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut upkeep = std::pin::pin!(telemetry::keep_metrics_up());
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = &mut upkeep => {}
                Some(_) = self.connections.join_next() => {}
                accepted = accept(&listener, &self.places) => self.spawn(accepted),
            }
        }
        self.edge.settings().readiness.drain();
        // However many still come: the drain time is over at some point.
        let last_accept = self.limits.drain_grace + self.limits.drain_time_max;
        let _ = tokio::time::timeout(last_accept, self.accept_the_rest(&listener)).await;
        drop(listener);
        tokio::time::sleep(SETTLE).await;
        self.hear_the_last().await;
        Ok(self.drain().await)
    }

    /// Waits until every connection has had its first request or is gone.
    async fn hear_the_last(&mut self) {
        let until = Instant::now() + FIRST_REQUEST_TIME_MAX;
        self.forget_heard();
        while !self.unheard.is_empty() && Instant::now() < until {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            self.forget_heard();
        }
    }

    fn forget_heard(&mut self) {
        self.unheard.retain(|watch| watch.upgrade().is_some_and(|watch| !watch.has_heard()));
    }

    /// Accepts until the grace is over and nothing waits in the backlog.
    async fn accept_the_rest(&mut self, listener: &TcpListener) {
        let mut grace = std::pin::pin!(tokio::time::sleep(self.limits.drain_grace));
        loop {
            tokio::select! {
                biased;
                accepted = accept(listener, &self.places) => self.spawn(accepted),
                () = &mut grace => return,
            }
        }
    }

    async fn drain(self) -> Drained {
        let Self { graceful, mut connections, limits, edge, .. } = self;
        if tokio::time::timeout(limits.drain_time_max, graceful.shutdown()).await.is_ok() {
            return Drained::Whole;
        }
        while connections.try_join_next().is_some() {}
        let left = connections.len();
        connections.shutdown().await;
        tracing::warn!(
            service = edge.settings().service,
            left,
            "connections were cut: the drain time is over"
        );
        Drained::Cut(left)
    }

    fn spawn(&mut self, (stream, peer, place): (TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit)) {
        // Answers are small and waited for; where it cannot be set they are late, not wrong.
        let _ = stream.set_nodelay(true);
        let watch = Arc::new(Watch::default());
        if self.unheard.len() >= UNHEARD_KEPT {
            self.forget_heard();
        }
        self.unheard.push(Arc::downgrade(&watch));
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&watch), &self.limits));
        let edge = self.edge.clone();
        let counted = edge.clone();
        let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let busy = Watch::begin(&watch);
            let has_two_lengths = watch.has_two_lengths(request.headers());
            let seen = Connection { has_two_lengths, peer: Some(peer) };
            let (edge, watch) = (edge.clone(), Arc::clone(&watch));
            async move {
                let response = edge.respond_on_connection(request, seen).await;
                if !edge.settings().readiness.is_draining() {
                    watch.note_close(response.headers());
                }
                drop(busy);
                Ok::<_, std::convert::Infallible>(response)
            }
        });
        let connection = self.graceful.watch(self.http.serve_connection(io, service));
        self.connections.spawn(async move {
            counted.gauges().connections.increment(1);
            // A caller that goes away or talks nonsense is its own affair.
            if let Err(error) = connection.await {
                tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended");
            }
            counted.gauges().connections.decrement(1);
            drop(place);
        });
    }
}

/// Without `pipeline_flush`: it leaves the answer to a bad request unsent when more bytes follow it.
fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        // `Watched` has the timeouts: hyper's would close idle connections too, and cost a timer a request.
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .half_close(true);
    http
}

/// A connection and its place among those that may be open.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, IpAddr, tokio::sync::OwnedSemaphorePermit) {
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else {
            // The semaphore is never closed.
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer.ip().to_canonical(), place),
            Err(error) => {
                tracing::warn!(%error, "accepting a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
