//! Where a message of the PostgreSQL protocol ends, and which one it is. Nothing else is read.

/// A tag and a length.
const HEADER: usize = 5;

/// Messages out of a stream of bytes.
#[derive(Debug)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// The first message of a client has a length and no tag.
    untagged: bool,
}

/// A whole message, or the bytes of a stream that is not ours to understand.
pub(super) struct Frame(Vec<u8>);

impl Frames {
    pub(super) fn of_client() -> Self {
        Self { bytes: Vec::new(), untagged: true }
    }

    pub(super) fn of_server() -> Self {
        Self { bytes: Vec::new(), untagged: false }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message.
    pub(super) fn next(&mut self) -> Option<Frame> {
        let (at, tag) = if self.untagged { (0, 0) } else { (1, 1) };
        let length = self.bytes.get(at..at + 4)?;
        // The length counts itself and not the tag.
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize + tag;
        if self.bytes.len() < length.max(at + 4) {
            return None;
        }
        self.untagged = false;
        let rest = self.bytes.split_off(length.max(at + 4));
        Some(Frame(std::mem::replace(&mut self.bytes, rest)))
    }

    /// What is there of a message that has not ended.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

impl Frame {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Which message it is. A client's first one has no tag; its length begins with a zero, which is no other's tag.
    pub(super) fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The texts that its body begins with; each ends with a zero.
    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.get(HEADER..).unwrap_or_default().split(|byte| *byte == 0)
    }
}

#[cfg(test)]
pub(super) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag][..], &length.to_be_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_however_the_bytes_arrive() {
        let startup = [&8_u32.to_be_bytes()[..], &[0, 3, 0, 0]].concat();
        let stream =
            [startup, message(b'P', b"x\0select\0"), message(b'S', b""), message(b'Q', b"commit\0")].concat();
        for piece in 1..stream.len() {
            let mut frames = Frames::of_client();
            let mut found = Vec::new();
            for bytes in stream.chunks(piece) {
                frames.push(bytes);
                found.extend(std::iter::from_fn(|| frames.next()));
            }
            assert_eq!(found.len(), 4);
            assert_eq!(found.iter().flat_map(|frame| frame.bytes().to_vec()).collect::<Vec<_>>(), stream);
            let tags: Vec<_> = found.iter().filter_map(Frame::tag).collect();
            assert_eq!(tags, [0, b'P', b'S', b'Q']);
            assert_eq!(found[3].texts().next(), Some(&b"commit"[..]));
            assert!(frames.rest().is_empty());
        }
    }
}
