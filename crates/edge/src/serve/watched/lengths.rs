//! Counts the lines that begin with `Content-Length:`, however the bytes are cut into reads.

const NAME: &[u8] = b"content-length:";

/// How much of [`NAME`] the current line has matched; none once it differs.
#[derive(Debug, Default)]
pub(super) struct LengthLines {
    matched: Option<usize>,
}

impl LengthLines {
    /// The lines whose name is complete with these bytes.
    pub(super) fn count(&mut self, bytes: &[u8]) -> usize {
        let mut found = 0;
        let mut rest = bytes;
        while !rest.is_empty() {
            let Some(matched) = self.matched else {
                // Between names only the next line break is of interest.
                let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return found };
                rest = &rest[end + 1..];
                self.matched = Some(0);
                continue;
            };
            let byte = rest[0];
            rest = &rest[1..];
            self.matched = if byte == b'\n' {
                Some(0)
            } else if byte.to_ascii_lowercase() != NAME[matched] {
                None
            } else if matched + 1 == NAME.len() {
                found += 1;
                None
            } else {
                Some(matched + 1)
            };
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_however_they_are_cut() {
        let head =
            b"POST / HTTP/1.1\r\nHost: content-length:\r\ncOnTent-LENGTH: 5\r\nx-Content-Length: 1\r\n\
            Content-Lengthy: 2\r\nContent-Length:7\n\r\nab";
        assert_eq!(LengthLines::default().count(head), 2);
        for cut in 0..head.len() {
            let mut lines = LengthLines::default();
            assert_eq!(lines.count(&head[..cut]) + lines.count(&head[cut..]), 2, "cut at {cut}");
        }
    }
}
