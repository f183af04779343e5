//! A whole request that is rendered once and changed in place: ids, amounts and keys of a fixed width.

use std::ops::Range;

use rand::{Rng, rngs::SmallRng};

use super::{Head, digits};

/// Of a key, as hexadecimal digits: as random as the keys that clients make.
const KEY_DIGITS: usize = 32;
const KEY_LINE: &[u8] = b"idempotency-key: ";

/// A place in a request that changes from one to the next.
pub type Slot = Range<usize>;

/// A body while it is laid out.
#[derive(Debug, Default)]
pub struct Layout {
    body: Vec<u8>,
}

impl Layout {
    pub fn text(&mut self, text: &str) {
        self.body.extend_from_slice(text.as_bytes());
    }

    pub fn slot(&mut self, width: usize) -> Slot {
        let start = self.body.len();
        self.body.resize(start + width, b'0');
        start..self.body.len()
    }

    /// A POST of this body under a key.
    pub fn keyed(self, head: &Head, target: &str) -> Template {
        let mut line = KEY_LINE.to_vec();
        let place = line.len();
        line.resize(place + KEY_DIGITS, b'0');
        line.extend_from_slice(b"\r\n");
        let mut bytes = Vec::new();
        head.send("POST", target, &[&line], &self.body, &mut bytes);
        let found = bytes.windows(KEY_LINE.len()).position(|window| window == KEY_LINE);
        let start = found.unwrap_or_default() + place;
        Template { key: start..start + KEY_DIGITS, body: bytes.len() - self.body.len(), bytes }
    }
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct Template {
    bytes: Vec<u8>,
    key: Slot,
    /// Where the body starts.
    body: usize,
}

impl Template {
    /// The next request has a key that no other has.
    pub fn new_key(&mut self, random: &mut SmallRng) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut bits: u128 = random.random();
        for digit in &mut self.bytes[self.key.clone()] {
            *digit = HEX[usize::try_from(bits & 15).unwrap_or(0)];
            bits >>= 4;
        }
    }

    pub fn text(&mut self, slot: &Slot, text: &[u8]) {
        self.bytes[self.body + slot.start..self.body + slot.end].copy_from_slice(text);
    }

    pub fn number(&mut self, slot: &Slot, number: u64) {
        digits(number, &mut self.bytes[self.body + slot.start..self.body + slot.end]);
    }

    pub fn copy_to(&self, request: &mut Vec<u8>) {
        request.clear();
        request.extend_from_slice(&self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn slots_are_filled_in_place() {
        let mut layout = Layout::default();
        layout.text("{\"a\":");
        let amount = layout.slot(3);
        layout.text("}");
        let mut template = layout.keyed(&Head::new(&[]), "/x");
        template.number(&amount, 7);
        let mut first = Vec::new();
        template.copy_to(&mut first);
        template.new_key(&mut SmallRng::seed_from_u64(1));
        let mut second = Vec::new();
        template.copy_to(&mut second);
        let first = String::from_utf8(first).unwrap();
        assert!(first.ends_with("content-length: 9\r\n\r\n{\"a\":007}"), "{first}");
        assert!(first.contains("\r\nidempotency-key: 00000000000000000000000000000000\r\n"), "{first}");
        assert_eq!(first.len(), second.len());
        assert_ne!(first.as_bytes(), second);
    }
}
