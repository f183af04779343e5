//! Cursors of paged lists: opaque, and of one list only.
//!
//! A cursor is the position of the last row of a page, bound to its list by a checksum: a cursor of another list
//! (another brand, account or filter), or one that somebody has changed, is refused with 400.
//! It is not a secret and proves nothing: a position only says where in a list to go on, and the list itself is
//! chosen by the request, whose caller was checked for it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// A wrong text passes for a cursor once in 2^64.
const CHECKSUM_BYTES: usize = 8;

/// The cursor of a position of this list.
pub fn seal(list: &str, position: &[u8]) -> String {
    let mut bytes = position.to_vec();
    bytes.extend_from_slice(&checksum(list, position));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position, if the text is a cursor of this list.
pub fn open<const N: usize>(list: &str, text: &str) -> Result<[u8; N], Problem> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (position, rest) = bytes.split_first_chunk::<N>()?;
        (rest == checksum(list, position)).then_some(*position)
    };
    read().ok_or_else(|| {
        Problem::invalid("query parameter cursor: must be the next_cursor of a page of this list")
    })
}

fn checksum(list: &str, position: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hash = Sha256::new();
    hash.update(b"zerosum cursor 1");
    // The length first, so that no list and position run into another pair.
    hash.update(u64::try_from(list.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(list.as_bytes());
    hash.update(position);
    let mut checksum = [0; CHECKSUM_BYTES];
    checksum.copy_from_slice(&hash.finalize()[..CHECKSUM_BYTES]);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_its_position(list: String, position: [u8; 8]) {
            prop_assert_eq!(open::<8>(&list, &seal(&list, &position)).unwrap(), position);
        }

        #[test]
        fn a_cursor_of_another_list_is_refused(list: String, other: String, position: [u8; 8]) {
            prop_assume!(list != other);
            prop_assert!(open::<8>(&other, &seal(&list, &position)).is_err());
        }

        #[test]
        fn any_text_that_is_not_a_cursor_is_refused(text: String) {
            prop_assert!(open::<8>("list", &text).is_err());
        }
    }

    #[test]
    fn a_changed_cursor_is_refused() {
        let cursor = seal("list", &[7; 16]);
        for place in 0..cursor.len() {
            let mut bytes = cursor.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(open::<16>("list", &changed).is_err(), "{changed}");
        }
        assert!(open::<8>("list", &cursor).is_err());
        assert!(open::<16>("list", &format!("{cursor}A")).is_err());
    }
}
