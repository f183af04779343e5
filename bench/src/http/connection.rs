//! A kept connection to one service.

use std::{io, net::SocketAddr, ops::Range};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The largest answer that is read: a batch of 500 transactions answers with about 200 KiB.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Grows to the largest answer of the connection and stays so.
const BUFFER_BYTES: usize = 4 * 1024;

/// What a service said.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Answer<'_> {
    pub fn is_success(self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Come back later, with the same request.
    pub fn is_busy(self) -> bool {
        matches!(self.status, 429 | 503)
    }
}

/// See the module's documentation. After an error it is of no more use.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER_BYTES] })
    }

    /// Sends a whole request and waits for its whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let head = loop {
            filled += self.read(filled).await?;
            if let Some(head) = Parsed::of(&self.buffer[..filled])? {
                break head;
            }
        };
        let Range { start, end } = head.body;
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        while filled < end {
            filled += self.read(filled).await?;
        }
        if filled > end {
            return Err(io::Error::other("an answer is longer than it said"));
        }
        Ok(Answer { status: head.status, body: &self.buffer[start..end] })
    }

    async fn read(&mut self, filled: usize) -> io::Result<usize> {
        if filled == self.buffer.len() {
            self.buffer.resize((filled * 2).min(ANSWER_BYTES_MAX), 0);
        }
        match self.stream.read(&mut self.buffer[filled..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// The head of an answer.
struct Parsed {
    status: u16,
    body: Range<usize>,
}

impl Parsed {
    /// `None` while the head is not whole.
    fn of(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let bad = || io::Error::other("an answer's head cannot be read");
        let head = str::from_utf8(&bytes[..end]).map_err(|_| bad())?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.get(9..12)?.parse().ok()).ok_or_else(bad)?;
        let length: usize = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse().ok())
            .ok_or_else(bad)?;
        if length > ANSWER_BYTES_MAX {
            return Err(io::Error::other("an answer is too long"));
        }
        let start = end + 4;
        Ok(Some(Self { status, body: start..start + length }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nx: y\r\n\r\n{}";
        for cut in 0..answer.len() - 2 {
            assert!(Parsed::of(&answer[..cut]).unwrap().is_none());
        }
        let head = Parsed::of(answer).unwrap().unwrap();
        assert_eq!((head.status, &answer[head.body]), (201, &b"{}"[..]));
    }

    #[test]
    fn an_answer_without_a_length_or_a_status_is_an_error() {
        assert!(Parsed::of(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(Parsed::of(b"nonsense\r\n\r\n").is_err());
    }
}
