//! Reading a body: bounded in bytes and in time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout_at};

use super::head::too_large;
use crate::{
    contract::{BODY_BYTES_DEFAULT, Operation},
    problem::{Kind, Problem},
};

/// How long an answer waits for the rest of a body that nobody wants.
const DISCARD_TIME_MAX: Duration = Duration::from_secs(1);

/// A body that may still be on the connection.
pub(super) struct Payload<B> {
    body: B,
    read: bool,
}

impl<B> Payload<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    pub(super) fn new(body: B) -> Self {
        let read = body.is_end_stream();
        Self { body, read }
    }

    /// The whole body: 413 beyond the operation's limit, 408 beyond `time_max`.
    pub(super) async fn read(&mut self, operation: &Operation, time_max: Duration) -> Result<Bytes, Problem> {
        if self.read {
            return Ok(Bytes::new());
        }
        let deadline = Instant::now() + time_max;
        let mut first = Bytes::new();
        let mut more = BytesMut::new();
        loop {
            let frame = match timeout_at(deadline, self.body.frame()).await {
                Err(_) => {
                    return Err(Problem::of(Kind::RequestTimeout, "the body did not arrive in time").close());
                }
                Ok(None) => break,
                Ok(Some(Err(_))) => return Err(Problem::invalid("the body did not arrive whole").close()),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else { continue };
            if first.len() + more.len() + data.len() > operation.body_bytes_max {
                return Err(too_large(operation));
            }
            // Nearly every body is one frame, and is not copied.
            if first.is_empty() {
                first = data;
            } else {
                more.extend_from_slice(&data);
            }
        }
        self.read = true;
        if more.is_empty() {
            return Ok(first);
        }
        let mut whole = BytesMut::with_capacity(first.len() + more.len());
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&more);
        Ok(whole.freeze())
    }

    /// Lets the rest of a small body pass, so that the connection can be used again.
    /// Returns whether it can.
    pub(super) async fn discard(mut self) -> bool {
        if self.read {
            return true;
        }
        // What says that it is large is not waited for.
        if self.body.size_hint().lower() > BODY_BYTES_DEFAULT as u64 {
            return false;
        }
        let deadline = Instant::now() + DISCARD_TIME_MAX;
        let mut left = BODY_BYTES_DEFAULT;
        loop {
            match timeout_at(deadline, self.body.frame()).await {
                Ok(None) => return true,
                Err(_) | Ok(Some(Err(_))) => return false,
                Ok(Some(Ok(frame))) => {
                    let bytes = frame.data_ref().map_or(0, Bytes::len);
                    match left.checked_sub(bytes) {
                        Some(rest) => left = rest,
                        None => return false,
                    }
                }
            }
        }
    }
}
