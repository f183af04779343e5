//! Which key a call has, and whose it is.

use std::sync::Arc;

use zerosum_edge::{Call, HeaderValue, IDEMPOTENT_REPLAYED, Kind, Principal, Problem, Reply};
use zerosum_ledger::Key;

use crate::Fingerprint;

pub const KEY_HEADER: &str = "idempotency-key";

/// Contract: 255. A UUID has 36.
const KEY_BYTES_MAX: usize = 255;

/// 1 to 255 printable ASCII characters, at least one of them not a space.
///
/// Opaque, compared byte by byte: the quotes of the RFC draft's form (`"8e03…"`) are part of the
/// key where a caller sends them. A caller sends one form, so its retries match; and no two keys
/// that were sent differently are ever taken for one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    /// `what` names the place of the text in the message.
    pub fn parse(text: &str, what: &str) -> Result<Self, Problem> {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !printable || text.len() > KEY_BYTES_MAX || text.trim().is_empty() {
            return Err(Problem::invalid(format!(
                "{what}: must be 1 to {KEY_BYTES_MAX} printable ASCII characters"
            )));
        }
        Ok(Self(text.into()))
    }

    /// The key that the call carries in its header; none if the header is not there.
    pub fn of(call: &Call) -> Result<Option<Self>, Problem> {
        let Some(text) = call.header(KEY_HEADER)? else { return Ok(None) };
        Self::parse(text, "header Idempotency-Key").map(Some)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The scope of a caller's keys in a service: `<service>:<subject>`.
/// The brand is not in it: it leads every row of the ledger by itself.
pub fn scope(service: &str, caller: &Principal) -> Arc<str> {
    let mut scope = String::with_capacity(service.len() + 1 + caller.subject.len());
    scope.push_str(service);
    scope.push(':');
    scope.push_str(&caller.subject);
    scope.into()
}

/// The key of a call that must have one: 400 `idempotency_key_required` if it has none.
/// Refusals are remembered, for 30 days.
pub fn required(call: &Call, service: &str) -> Result<Key, Problem> {
    optional(call, service)?
        .ok_or_else(|| Problem::of(Kind::IdempotencyKeyRequired, "header Idempotency-Key: is required"))
}

/// The key of a call that may have one.
pub fn optional(call: &Call, service: &str) -> Result<Option<Key>, Problem> {
    let Some(key) = IdempotencyKey::of(call)? else { return Ok(None) };
    Ok(Some(Key::new(scope(service, &call.principal), key.0, Fingerprint::of(call).into_bytes())))
}

/// A reference of the body as the key of what it made (wallet-spend's `reference`): per brand and
/// operation and whoever calls, for ever. A refusal makes nothing and leaves the reference free.
pub fn reference(call: &Call, service: &str, operation: &str, reference: &str) -> Key {
    reference_of(service, operation, reference, Fingerprint::of(call))
}

/// The same for a request whose fingerprint is not its call's: one that has several names.
pub fn reference_of(service: &str, operation: &str, reference: &str, fingerprint: Fingerprint) -> Key {
    Key::new(format!("{service}/{operation}"), reference, fingerprint.into_bytes()).of_reference()
}

/// Marks an answer that was given before, a refusal like a result.
pub fn mark(outcome: Result<Reply, Problem>, replayed: bool) -> Result<Reply, Problem> {
    match outcome {
        Ok(reply) => Ok(reply.replayed(replayed)),
        Err(problem) if replayed => {
            Err(problem.header(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true")))
        }
        Err(problem) => Err(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerosum_edge::Scopes;

    #[test]
    fn a_key_is_1_to_255_printable_characters() {
        for text in ["a", "8e03978e-40d5-43dd-bc93-6894a57f9324", "\"quoted\"", "a b", "~", &"k".repeat(255)]
        {
            assert_eq!(IdempotencyKey::parse(text, "key").unwrap().as_str(), text);
        }
        for text in ["", " ", "   ", "a\tb", "a\u{7f}", "schlüssel", "a\0", &"k".repeat(256)] {
            let problem = IdempotencyKey::parse(text, "key").unwrap_err();
            assert!(problem.is(Kind::Invalid), "{text:?}");
        }
    }

    #[test]
    fn the_scope_tells_services_and_callers_apart() {
        let caller = |subject: &str| Principal {
            brand: "b".into(),
            subject: subject.into(),
            scopes: Scopes::default(),
        };
        assert_eq!(&*scope("cash", &caller("till-7")), "cash:till-7");
        assert_ne!(scope("cash", &caller("till-7")), scope("cash", &caller("till-8")));
        assert_ne!(scope("cash", &caller("till-7")), scope("accounting", &caller("till-7")));
    }

    #[test]
    fn a_replay_says_so_whatever_it_is() {
        let reply = mark(Ok(Reply::bytes(zerosum_edge::StatusCode::CREATED, "{}")), true).unwrap();
        assert_eq!(reply.headers(), [(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"))]);
        let problem = mark(Err(Problem::not_found("no")), true).unwrap_err();
        assert_eq!(problem.headers(), [(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"))]);
        assert!(mark(Err(Problem::not_found("no")), false).unwrap_err().headers().is_empty());
    }
}
