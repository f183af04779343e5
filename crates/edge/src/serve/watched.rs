//! A connection that is watched: how long it may be silent, and what its heads say of lengths.
//!
//! Timeouts: a head must be whole within `head_time_max` of its first byte (of the connection's
//! beginning, for the first one), a connection may idle for `idle_time_max`, and an answer must be
//! taken within `write_time_max`. While a request is answered, reading has no limit here: the body
//! has its own.
//!
//! Closing: what a caller is still sending when we close would reset the connection, and the answer
//! with it. So a connection that is closed in the middle of something listens for a little longer.
//!
//! Lengths: hyper takes Transfer-Encoding over Content-Length and removes the latter, so that the
//! service cannot see that both were sent, which is how requests are smuggled past proxies. The
//! lines are counted here, where they still exist. A line of a body can look like one only if the
//! body is not JSON, and then costs that connection at most one 400.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use http::{HeaderMap, header};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

use super::ServeLimits;

mod alarm;
mod lengths;

use alarm::Alarm;
use lengths::LengthLines;

/// For a caller on a slow line to take in the answer, and stop sending.
const LINGER_TIME_MAX: Duration = Duration::from_secs(1);

/// What a caller sends in that time at 8 Mbit/s.
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// What the connection and the service tell each other.
#[derive(Debug, Default)]
pub(super) struct Watch {
    busy: AtomicBool,
    /// Requests begun: the reading side sees by it that a head was whole.
    requests: AtomicUsize,
    /// Lines `Content-Length:` seen and not yet accounted for by a request.
    lengths: AtomicUsize,
    /// The answer was that the connection ends: its caller may still be sending.
    closes: AtomicBool,
}

/// As long as it lives, a request is being answered.
pub(super) struct Busy(Arc<Watch>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Release);
    }
}

impl Watch {
    pub(super) fn begin(watch: &Arc<Self>) -> Busy {
        watch.requests.fetch_add(1, Ordering::AcqRel);
        watch.busy.store(true, Ordering::Release);
        Busy(Arc::clone(watch))
    }

    /// Whether it ever had a request.
    pub(super) fn has_heard(&self) -> bool {
        self.requests.load(Ordering::Acquire) > 0
    }

    pub(super) fn note_close(&self, answer: &HeaderMap) {
        if answer.contains_key(header::CONNECTION) {
            self.closes.store(true, Ordering::Release);
        }
    }

    /// Whether a head with Transfer-Encoding had a Content-Length too. Called once per request.
    pub(super) fn has_two_lengths(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(header::TRANSFER_ENCODING) {
            return self.lengths.swap(0, Ordering::AcqRel) > 0;
        }
        if headers.contains_key(header::CONTENT_LENGTH) {
            let _ = self.lengths.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_sub(1));
        }
        false
    }
}

pub(super) struct Watched {
    stream: TcpStream,
    watch: Arc<Watch>,
    lines: LengthLines,
    requests_seen: usize,
    /// When what is waited for on the reading side began; none while a request is answered.
    waiting: Option<Waiting>,
    read_alarm: Alarm,
    write_alarm: Alarm,
    write_stalled_since: Option<Instant>,
    lingering: Option<Lingering>,
    head_time_max: Duration,
    idle_time_max: Duration,
    write_time_max: Duration,
}

#[derive(Debug, Clone, Copy)]
enum Waiting {
    Head(Instant),
    Idle(Instant),
}

#[derive(Debug, Clone, Copy)]
struct Lingering {
    until: Instant,
    bytes_left: usize,
}

impl Waiting {
    fn is_head(self) -> bool {
        matches!(self, Self::Head(_))
    }
}

impl Watched {
    pub(super) fn new(stream: TcpStream, watch: Arc<Watch>, limits: &ServeLimits) -> Self {
        Self {
            stream,
            watch,
            lines: LengthLines::default(),
            requests_seen: 0,
            waiting: Some(Waiting::Head(Instant::now())),
            read_alarm: Alarm::default(),
            write_alarm: Alarm::default(),
            write_stalled_since: None,
            lingering: None,
            head_time_max: limits.head_time_max,
            idle_time_max: limits.idle_time_max,
            write_time_max: limits.write_time_max,
        }
    }

    /// Whether a request is being answered; forgets what was waited for when one has begun.
    fn is_busy(&mut self) -> bool {
        let requests = self.watch.requests.load(Ordering::Acquire);
        if requests != self.requests_seen {
            self.requests_seen = requests;
            self.waiting = None;
        }
        self.watch.busy.load(Ordering::Acquire)
    }

    /// The reading side has nothing: is that too long?
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_busy() {
            return Poll::Pending;
        }
        let due = match *self.waiting.get_or_insert_with(|| Waiting::Idle(Instant::now())) {
            Waiting::Head(since) => since + self.head_time_max,
            Waiting::Idle(since) => since + self.idle_time_max,
        };
        self.read_alarm
            .poll(due, cx)
            .map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the caller is silent")))
    }

    fn heard(&mut self, bytes: &[u8]) {
        let lengths = self.lines.count(bytes);
        if lengths > 0 {
            self.watch.lengths.fetch_add(lengths, Ordering::AcqRel);
        }
        // The first byte of a further head, unless it is of a body.
        if !self.is_busy() && !self.waiting.is_some_and(Waiting::is_head) {
            self.waiting = Some(Waiting::Head(Instant::now()));
        }
    }

    /// Hears what still comes and forgets it, until the caller closes too, or for long enough.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(mut lingering) = self.lingering else { return Poll::Ready(()) };
        let mut space = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    match lingering.bytes_left.checked_sub(buffer.filled().len()) {
                        Some(left) => lingering.bytes_left = left,
                        None => return Poll::Ready(()),
                    }
                    self.lingering = Some(lingering);
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending if Instant::now() >= lingering.until => return Poll::Ready(()),
                Poll::Pending => return self.read_alarm.poll(lingering.until, cx),
            }
        }
    }

    fn poll_written<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_stalled_since = None;
            return written;
        }
        let since = *self.write_stalled_since.get_or_insert_with(Instant::now);
        self.write_alarm
            .poll(since + self.write_time_max, cx)
            .map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the caller does not take its answer")))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => {
                self.heard(buffer.filled().get(before..).unwrap_or_default());
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.poll_silence(cx),
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.poll_written(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.poll_written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.poll_written(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.is_busy();
            let in_the_middle =
                self.watch.closes.load(Ordering::Acquire) || self.waiting.is_some_and(Waiting::is_head);
            let time = if in_the_middle { LINGER_TIME_MAX } else { Duration::ZERO };
            self.lingering = Some(Lingering { until: Instant::now() + time, bytes_left: LINGER_BYTES_MAX });
        }
        self.poll_linger(cx).map(Ok)
    }
}
