//! One connection: messages one way, messages the other, and the cut between them.

use std::{
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::sleep,
};

use super::{
    CommitFault, ConnectionFault, Shared, Way,
    commits::{Answers, Commits},
    count,
    frame::{Frame, Frames},
    link,
};

/// As much as a socket gives at once.
const READ_BYTES: usize = 64 * 1024;

/// Why both ways of a connection end at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Close,
    Reset,
}

impl From<io::Error> for Cut {
    fn from(_: io::Error) -> Self {
        Self::Close
    }
}

/// What the server's answer to a commit is to meet, by the number of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Passes,
    IsCut(u64),
    IsLate(u64, Duration),
}

/// One way of a connection.
struct Stream<'a> {
    way: Way,
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    frames: Frames,
    /// Of the client's messages.
    commits: Commits,
    /// Of the server's.
    answers: Answers,
    passed: u64,
    fault: ConnectionFault,
    shared: &'a Shared,
    answer: &'a Mutex<Answer>,
}

/// Passes bytes until both sides have closed, or the script cuts.
pub(super) async fn run(client: TcpStream, server: TcpStream, fault: ConnectionFault, shared: &Shared) {
    // Where it cannot be set, pieces are late and no less whole.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let (client_reads, client_writes) = client.into_split();
    let (server_reads, server_writes) = server.into_split();
    let answer = Mutex::new(Answer::Passes);
    let stream = |way, from, to, frames| Stream {
        way,
        from,
        to,
        frames,
        commits: Commits::default(),
        answers: Answers::default(),
        passed: 0,
        fault,
        shared,
        answer: &answer,
    };
    let mut to_server = stream(Way::ToServer, client_reads, server_writes, Frames::of_client());
    let mut to_client = stream(Way::ToClient, server_reads, client_writes, Frames::of_server());
    // A way that ends by itself leaves the other open; a cut ends both.
    let ended = tokio::try_join!(to_server.pass(), to_client.pass());
    if ended == Err(Cut::Reset) {
        for half in [&to_server.to, &to_client.to] {
            // Where it cannot be set, the connection is closed instead of reset.
            let _ = half.as_ref().set_zero_linger();
        }
    }
}

impl Stream<'_> {
    /// Passes bytes until there are no more.
    async fn pass(&mut self) -> Result<(), Cut> {
        let mut bytes = vec![0; READ_BYTES];
        loop {
            let read = self.from.read(&mut bytes).await?;
            if read == 0 {
                let rest = self.frames.rest();
                self.write(&rest).await?;
                self.to.shutdown().await?;
                return Ok(());
            }
            self.frames.push(bytes.get(..read).unwrap_or_default());
            // What belongs together goes out together, up to a message that something happens to.
            let mut ready = Vec::new();
            while let Some(frame) = self.frames.next() {
                if let Some(number) = self.concerns_commit(&frame) {
                    self.write(&std::mem::take(&mut ready)).await?;
                    self.commit(&frame, number).await?;
                } else {
                    ready.extend_from_slice(frame.bytes());
                }
            }
            if !self.write(&ready).await? {
                return Ok(());
            }
        }
    }

    /// The number of the answer that a commit will have, or with which something is to happen.
    fn concerns_commit(&mut self, frame: &Frame) -> Option<u64> {
        match self.way {
            Way::ToServer => self.commits.asked_by(frame),
            Way::ToClient => self.answers.begun_by(frame).filter(|number| match *self.locked() {
                Answer::Passes => false,
                Answer::IsCut(of) | Answer::IsLate(of, _) => of == *number,
            }),
        }
    }

    /// A commit on its way, or the first of its acknowledgement.
    async fn commit(&mut self, frame: &Frame, number: u64) -> Result<(), Cut> {
        let counts = &self.shared.counts;
        match self.way {
            Way::ToServer => match self.shared.commit() {
                CommitFault::Pass => {}
                CommitFault::CutBefore => {
                    count(&counts.cut_before);
                    return Err(Cut::Close);
                }
                CommitFault::CutAfter => *self.locked() = Answer::IsCut(number),
                CommitFault::Delay(late) => *self.locked() = Answer::IsLate(number, late),
                CommitFault::CutBlind => {
                    count(&counts.cut_blind);
                    self.write(frame.bytes()).await?;
                    return Err(Cut::Close);
                }
            },
            Way::ToClient => {
                let answer = std::mem::replace(&mut *self.locked(), Answer::Passes);
                match answer {
                    Answer::Passes => {}
                    Answer::IsCut(_) => {
                        count(&counts.cut_after);
                        return Err(Cut::Close);
                    }
                    Answer::IsLate(_, late) => {
                        count(&counts.delayed);
                        sleep(late).await;
                    }
                }
            }
        }
        self.write(frame.bytes()).await.map(drop)
    }

    /// Writes as the link and the connection's fault allow; false: this way is closed.
    async fn write(&mut self, bytes: &[u8]) -> Result<bool, Cut> {
        if bytes.is_empty() {
            return Ok(true);
        }
        link::wait(&self.shared.link).await;
        let (way, limit, reset) = match self.fault {
            ConnectionFault::ResetAfter { way, bytes } => (way, bytes, true),
            ConnectionFault::HalfCloseAfter { way, bytes } => (way, bytes, false),
            ConnectionFault::Pass | ConnectionFault::Refuse => (self.way, u64::MAX, false),
        };
        let left = if way == self.way { limit.saturating_sub(self.passed) } else { u64::MAX };
        let room = usize::try_from(left).unwrap_or(usize::MAX);
        if bytes.len() < room {
            self.passed += bytes.len() as u64;
            self.to.write_all(bytes).await?;
            return Ok(true);
        }
        self.to.write_all(bytes.get(..room).unwrap_or(bytes)).await?;
        if reset {
            count(&self.shared.counts.resets);
            return Err(Cut::Reset);
        }
        count(&self.shared.counts.half_closes);
        self.to.shutdown().await?;
        Ok(false)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
