//! Requests as bytes: what does not change of a head is rendered once.

use std::io::Write as _;

/// The lines of a head that all requests of a traffic have in common.
#[derive(Debug, Clone)]
pub struct Head {
    /// From after the target to the end, without the last line break.
    rest: String,
}

impl Head {
    pub fn new(headers: &[(&str, &str)]) -> Self {
        let mut rest = String::from(" HTTP/1.1\r\nhost: bench\r\n");
        for (name, value) in headers {
            rest.push_str(name);
            rest.push_str(": ");
            rest.push_str(value);
            rest.push_str("\r\n");
        }
        Self { rest }
    }

    pub fn bearer(token: &str) -> Self {
        Self::new(&[("authorization", &format!("Bearer {token}")), ("content-type", "application/json")])
    }

    /// `GET target`.
    pub fn get(&self, target: &str, request: &mut Vec<u8>) {
        self.begin("GET", target, request);
        request.extend_from_slice(b"\r\n");
    }

    /// A request with a body; `headers` are whole lines, each with its line break.
    pub fn send(&self, method: &str, target: &str, headers: &[&[u8]], body: &[u8], request: &mut Vec<u8>) {
        self.begin(method, target, request);
        for header in headers {
            request.extend_from_slice(header);
        }
        request.extend_from_slice(b"content-length: ");
        // Writing to memory cannot fail.
        let _ = write!(request, "{}\r\n\r\n", body.len());
        request.extend_from_slice(body);
    }

    fn begin(&self, method: &str, target: &str, request: &mut Vec<u8>) {
        request.clear();
        request.extend_from_slice(method.as_bytes());
        request.push(b' ');
        request.extend_from_slice(target.as_bytes());
        request.extend_from_slice(self.rest.as_bytes());
    }
}

/// Writes a number over all of `place`, with leading zeros.
pub(super) fn digits(mut number: u64, place: &mut [u8]) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_well_formed() {
        let head = Head::new(&[("a", "b")]);
        let mut request = Vec::new();
        head.get("/x?y=1", &mut request);
        assert_eq!(request, b"GET /x?y=1 HTTP/1.1\r\nhost: bench\r\na: b\r\n\r\n");
        head.send("POST", "/x", &[b"k: v\r\n"], b"{}", &mut request);
        assert_eq!(
            request,
            b"POST /x HTTP/1.1\r\nhost: bench\r\na: b\r\nk: v\r\ncontent-length: 2\r\n\r\n{}"
        );
    }

    #[test]
    fn digits_fill_their_place() {
        let mut place = *b"xxxx";
        digits(42, &mut place);
        assert_eq!(&place, b"0042");
    }
}
