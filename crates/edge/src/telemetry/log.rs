//! Where log lines go: into memory, and from there to standard error by a thread of their own.
//!
//! A reader of our standard error that is slow, or stops, must not stop the money: a request never
//! waits for it. Lines that do not fit in [`BYTES_MAX`] are dropped, and their number is told.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tracing_subscriber::fmt::MakeWriter;

/// About 10,000 lines: half a second of them at full load.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long the end of a process waits for the last lines to be read.
const FLUSH_TIME_MAX: Duration = Duration::from_secs(1);

/// Between two writes: so that busy requests wake the thread 200 times a second, not at every line.
const PAUSE: Duration = Duration::from_millis(5);

/// The lines on their way. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    dropped: u64,
    /// Lines were taken and are being written; the thread looks again by itself.
    writing: bool,
}

impl Lines {
    /// Starts the thread that writes to `out`. Without a thread, lines pile up to the bound.
    pub(super) fn start(out: impl io::Write + Send + 'static) -> io::Result<Self> {
        let lines = Self::default();
        let theirs = lines.clone();
        std::thread::Builder::new().name("log".to_owned()).spawn(move || theirs.write_to(out))?;
        Ok(lines)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut out: impl io::Write) {
        loop {
            let mut waiting = self.lock();
            while waiting.bytes.is_empty() && waiting.dropped == 0 {
                waiting.writing = false;
                self.0.changed.notify_all();
                waiting = self.0.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            waiting.writing = true;
            let bytes = std::mem::take(&mut waiting.bytes);
            let dropped = std::mem::take(&mut waiting.dropped);
            drop(waiting);
            // Nobody can be told that the log cannot be written.
            let _ = out.write_all(&bytes);
            if dropped > 0 {
                let told = format!(
                    "{{\"level\":\"WARN\",\"message\":\"log lines were dropped\",\"lines\":{dropped}}}\n"
                );
                let _ = out.write_all(told.as_bytes());
            }
            let _ = out.flush();
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits, not for long, until all lines so far are written.
    pub(super) fn flush(&self) {
        let until = Instant::now() + FLUSH_TIME_MAX;
        let mut waiting = self.lock();
        while waiting.writing || !waiting.bytes.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            waiting = match self.0.changed.wait_timeout(waiting, left) {
                Ok((waiting, _)) => waiting,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

/// One line: the subscriber writes it in one call.
impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lock();
        if waiting.bytes.len() + line.len() > BYTES_MAX {
            waiting.dropped += 1;
        } else {
            waiting.bytes.extend_from_slice(line);
        }
        let idle = !waiting.writing;
        drop(waiting);
        if idle {
            self.0.changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{io::Write as _, sync::mpsc};

    /// Takes a line only when it is told to.
    struct Slow(mpsc::Receiver<()>, mpsc::Sender<Vec<u8>>);

    impl io::Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_stops_costs_lines_and_never_time() {
        let (go, told) = mpsc::channel();
        let (taken, took) = mpsc::channel();
        let mut lines = Lines::start(Slow(told, taken)).unwrap();
        lines.write_all(b"first\n").unwrap();
        let line = vec![b'x'; BYTES_MAX / 2];
        let begun = Instant::now();
        for _ in 0..9 {
            lines.write_all(&line).unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(5));
        for _ in 0..20 {
            go.send(()).unwrap();
        }
        lines.flush();
        drop(go);
        let all: Vec<u8> = took.try_iter().flatten().collect();
        assert!(all.starts_with(b"first\n"));
        // What was on its way to the reader, and what could wait behind it.
        assert!(all.len() <= 2 * BYTES_MAX + 200);
        let end = String::from_utf8_lossy(&all[all.len() - 100..]).into_owned();
        assert!(end.contains("log lines were dropped"), "{end}");
    }

    #[test]
    fn what_was_logged_is_written_when_flush_returns() {
        let (taken, took) = mpsc::channel();
        let (go, told) = mpsc::channel();
        let mut lines = Lines::start(Slow(told, taken)).unwrap();
        for _ in 0..100 {
            go.send(()).unwrap();
            lines.write_all(b"line\n").unwrap();
        }
        lines.flush();
        assert_eq!(took.try_iter().flatten().count(), 500);
    }
}
