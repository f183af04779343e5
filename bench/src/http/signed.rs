//! Requests signed as the published tills sign them: a hash over target, body and secret.

use super::Head;

/// A client of wallet-spend.
#[derive(Debug, Clone)]
pub struct Signer {
    head: Head,
    secret: String,
}

impl Signer {
    pub fn new(client_id: &str, secret: &str) -> Self {
        let head =
            Head::new(&[(zerosum_edge::CLIENT_ID_HEADER, client_id), ("content-type", "application/json")]);
        Self { head, secret: secret.to_owned() }
    }

    pub fn send(&self, method: &str, target: &str, body: &[u8], request: &mut Vec<u8>) {
        let hash = zerosum_edge::signature(target, body, &self.secret);
        let parts = [zerosum_edge::HASH_HEADER.as_bytes(), b": ", hash.as_bytes(), b"\r\n"];
        self.head.send(method, target, &parts, body, request);
    }
}
