//! Which of a client's messages commits, and where the server's answer to it begins.
//!
//! A transaction ends with a query that says so, or with the end of a statement that writes and is a transaction of its
//! own. The server answers each query and each such end in order, and says after each that it is ready.

use std::collections::HashSet;

use super::frame::Frame;

/// What has to be known of a client's earlier messages.
#[derive(Debug, Default)]
pub(super) struct Commits {
    /// The prepared statements that insert.
    writing: HashSet<Vec<u8>>,
    /// Whether one of them was bound since the last end.
    writes: bool,
    /// Whether a transaction was begun.
    begun: bool,
    /// How many answers the client has asked for.
    asked: u64,
}

impl Commits {
    /// The number of the answer, if the message commits.
    pub(super) fn asked_by(&mut self, frame: &Frame) -> Option<u64> {
        let commits = match frame.tag() {
            Some(b'P') => {
                let mut texts = frame.texts();
                let (name, sql) = (texts.next()?, texts.next()?);
                if contains(sql, b"insert into") {
                    self.writing.insert(name.to_vec());
                }
                return None;
            }
            Some(b'B') => {
                // The portal is named first.
                self.writes |= frame.texts().nth(1).is_some_and(|name| self.writing.contains(name));
                return None;
            }
            Some(b'Q') => {
                let sql = frame.texts().next()?;
                let commits = sql.eq_ignore_ascii_case(b"commit");
                self.begun = (self.begun || contains(sql, b"begin"))
                    && !commits
                    && !sql.eq_ignore_ascii_case(b"rollback");
                commits
            }
            Some(b'S') => std::mem::take(&mut self.writes) && !self.begun,
            _ => return None,
        };
        self.asked += 1;
        commits.then_some(self.asked)
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

/// What the server has answered so far.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// How often it was ready; the first time for the client's greeting.
    ready: u64,
    begun: bool,
}

impl Answers {
    /// The number of the answer that begins with the message.
    pub(super) fn begun_by(&mut self, frame: &Frame) -> Option<u64> {
        match frame.tag() {
            Some(b'Z') => {
                self.ready += 1;
                self.begun = false;
                None
            }
            // Notices and settings come at any time.
            Some(b'N' | b'S' | b'A') | None => None,
            Some(_) => (!std::mem::replace(&mut self.begun, true)).then_some(self.ready),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::frame::{Frames, message};

    fn frames(mut frames: Frames, messages: &[(u8, &[u8])]) -> Vec<Frame> {
        for (tag, body) in messages {
            frames.push(&message(*tag, body));
        }
        std::iter::from_fn(|| frames.next()).collect()
    }

    fn asked(messages: &[(u8, &[u8])]) -> Vec<Option<u64>> {
        let mut commits = Commits::default();
        let frames = frames(Frames::of_server(), messages);
        frames.iter().map(|frame| commits.asked_by(frame)).collect()
    }

    #[test]
    fn a_query_that_says_so_commits() {
        let messages: [(u8, &[u8]); 3] = [
            (b'Q', b"discard plans; begin isolation level read committed\0"),
            (b'Q', b"commit\0"),
            (b'Q', b"select\0"),
        ];
        assert_eq!(asked(&messages), [None, Some(2), None]);
    }

    #[test]
    fn a_statement_that_writes_commits_where_it_ends_unless_a_transaction_was_begun() {
        let prepare: [(u8, &[u8]); 4] = [
            (b'P', b"s1\0with a as (INSERT into t select 1) select\0"),
            (b'S', b""),
            (b'P', b"s2\0select\0"),
            (b'S', b""),
        ];
        let write: [(u8, &[u8]); 3] = [(b'B', b"\0s1\0..."), (b'E', b"\0...."), (b'S', b"")];
        let read: [(u8, &[u8]); 3] = [(b'B', b"\0s2\0..."), (b'E', b"\0...."), (b'S', b"")];
        let alone = [&prepare[..], &read, &write, &read].concat();
        assert_eq!(asked(&alone).iter().rposition(Option::is_some), Some(9));
        assert_eq!(asked(&alone)[9], Some(4), "two prepared, one read");
        assert_eq!(asked(&alone).iter().flatten().count(), 1);
        let begun = [&prepare[..], &[(b'Q', b"begin\0")], &write, &[(b'Q', b"rollback\0")], &write].concat();
        assert_eq!(asked(&begun).iter().flatten().copied().collect::<Vec<_>>(), [6]);
    }

    #[test]
    fn an_answer_begins_after_the_last_one_has_ended() {
        let mut answers = Answers::default();
        let messages: [(u8, &[u8]); 9] = [
            (b'R', b""),
            (b'Z', b"I"),
            (b'2', b""),
            (b'N', b""),
            (b'C', b"SELECT 1\0"),
            (b'Z', b"I"),
            (b'N', b""),
            (b'E', b""),
            (b'Z', b"I"),
        ];
        let found: Vec<_> =
            frames(Frames::of_server(), &messages).iter().map(|frame| answers.begun_by(frame)).collect();
        assert_eq!(found, [Some(0), None, Some(1), None, None, None, None, Some(2), None]);
    }
}
