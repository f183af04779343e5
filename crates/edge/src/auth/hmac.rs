//! The second way to sign, for new integrations: HMAC with a time and a nonce.
//!
//! `X-EES-AUTH-CLIENT-ID` names the client, as in the first; `X-Signature-256` is
//!
//! ```text
//! t=<unix seconds>,n=<nonce>,s=<64 lowercase hex digits>
//! s = HMAC-SHA-256(secret, "<t>\n<nonce>\n<METHOD>\n<target>\n" + body)
//! ```
//!
//! The time may be five minutes from ours, a nonce (16 to 64 of `A-Z a-z 0-9 _ -`) is good once in
//! that time. So what was overheard cannot be sent again; a retry is signed anew.
//! A target has no line break, so no two requests run into one text.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::signature::hex;

pub const SIGNATURE_HEADER: &str = "x-signature-256";

/// The clocks of tills are minutes apart.
pub(super) const AGE_MAX_S: u64 = 300;

const NONCE_CHARS: std::ops::RangeInclusive<usize> = 16..=64;

/// A signature as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed<'a> {
    pub(super) time: u64,
    pub(super) nonce: &'a str,
    mac: &'a str,
}

impl<'a> Signed<'a> {
    pub(super) fn parse(header: &'a str) -> Option<Self> {
        let mut parts = header.split(',');
        let time: &str = parts.next()?.strip_prefix("t=")?;
        let nonce: &str = parts.next()?.strip_prefix("n=")?;
        let mac = parts.next()?.strip_prefix("s=")?;
        let nonce_fits = NONCE_CHARS.contains(&nonce.len())
            && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        // The digits are a part of what is signed: one number is one text.
        let is_number =
            !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit()) && !time.starts_with('0');
        if parts.next().is_some() || !nonce_fits || !is_number {
            return None;
        }
        Some(Self { time: time.parse().ok()?, nonce, mac })
    }

    /// Compared in constant time.
    pub(super) fn is_by(&self, secret: &str, method: &str, target: &str, body: &[u8]) -> bool {
        use subtle::ConstantTimeEq as _;
        let expected = hex(&mac(secret, self.time, self.nonce, method, target, body));
        bool::from(expected.as_bytes().ct_eq(self.mac.as_bytes()))
    }

    pub(super) fn is_of_about(&self, now: u64) -> bool {
        self.time.abs_diff(now) <= AGE_MAX_S
    }
}

/// The value of the header, for clients in Rust and for tests.
pub fn hmac_signature(
    secret: &str,
    time: u64,
    nonce: &str,
    method: &str,
    target: &str,
    body: &[u8],
) -> String {
    format!("t={time},n={nonce},s={}", hex(&mac(secret, time, nonce, method, target, body)))
}

fn mac(secret: &str, time: u64, nonce: &str, method: &str, target: &str, body: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length, so there is nothing to go wrong.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return [0; 32] };
    for part in [&time.to_string(), nonce, method, target] {
        mac.update(part.as_bytes());
        mac.update(b"\n");
    }
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: &str = "0123456789abcdef";

    #[test]
    fn the_format_does_not_change() {
        let header = hmac_signature("0987654321", 1_800_000_000, NONCE, "POST", "/2.0/a?b=c", b"{}");
        assert_eq!(
            header,
            "t=1800000000,n=0123456789abcdef,s=9ddd699d0d81d67092a919356a3a08652be57422dc8d71a98e53c26e9a4dae93"
        );
    }

    #[test]
    fn what_is_not_a_signature_is_not_read() {
        let good = hmac_signature("secret", 1_800_000_000, NONCE, "GET", "/", b"");
        assert!(Signed::parse(&good).is_some());
        for bad in [
            "",
            "t=1",
            &good.replace("t=", "T="),
            &good.replace("t=", "t=0"),
            &good.replace("t=", "t=+"),
            &good.replace("t=", "t=-"),
            &good.replace(",n=", ", n="),
            &good.replace(NONCE, "short"),
            &good.replace(NONCE, &"x".repeat(65)),
            &good.replace(NONCE, "0123456789abcde\u{e9}"),
            &format!("{good},x=1"),
            &good.replace("t=1800000000", "t=99999999999999999999"),
        ] {
            assert_eq!(Signed::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_part_is_signed() {
        let good = hmac_signature("secret", 1_800_000_000, NONCE, "POST", "/a", b"body");
        let signed =
            |header: &str| Signed::parse(header).is_some_and(|s| s.is_by("secret", "POST", "/a", b"body"));
        assert!(signed(&good));
        assert!(!signed(&good.replace("t=18", "t=19")));
        assert!(!signed(&good.replace("abcdef", "abcdeg")));
        let read = Signed::parse(&good).unwrap();
        assert!(!read.is_by("Secret", "POST", "/a", b"body"));
        assert!(!read.is_by("secret", "PATCH", "/a", b"body"));
        assert!(!read.is_by("secret", "POST", "/b", b"body"));
        assert!(!read.is_by("secret", "POST", "/a", b"bodY"));
        assert!(!read.is_by("secret", "POST", "/abody", b""));
        for at in good.find("s=").unwrap() + 2..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(!signed(&String::from_utf8(bytes).unwrap()), "{at}");
        }
    }

    #[test]
    fn the_time_may_be_five_minutes_off() {
        let header = hmac_signature("secret", 1_000, NONCE, "GET", "/", b"");
        let signed = Signed::parse(&header).unwrap();
        assert!(signed.is_of_about(700) && signed.is_of_about(1_300));
        assert!(!signed.is_of_about(699) && !signed.is_of_about(1_301));
    }
}
