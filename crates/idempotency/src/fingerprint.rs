//! What a request asks for, in 32 bytes: the same for every way of writing the same request.
//!
//! SHA-256 over this, where `len` is a big-endian u32 count of bytes and `count` one of items:
//!
//! ```text
//! version   01
//! method    len bytes            POST
//! template  len bytes            /v1/transactions/{id}/reverse, without any prefix
//! path      count (len name, len value)*, in the template's order, values decoded
//! body      value
//!
//! value:    00 null   01 false   02 true   (a request without a body has the body null)
//!           03 len digits        an integer, in decimal
//!           07 bytes             any other number: the 8 bytes of its IEEE double, big-endian
//!           04 len bytes         a text
//!           05 count value*      an array
//!           06 count (len key, value)*   an object, its keys in byte order
//! ```
//!
//! So whitespace, the order of keys, escapes, and `1.0` for `1` make no difference, and every other
//! change does. Every part says how long it is: no two requests run into one.
//! Brand and caller are not in it: they are in the key's own name. Headers are not either: they say
//! how to ask.

use std::fmt;

use serde_json::{Number, Value};
use sha2::{Digest, Sha256};
use zerosum_edge::Call;

/// Changes with the format: fingerprints are stored for as long as their keys.
const VERSION: u8 = 1;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a call, as it was routed and read.
    pub fn of(call: &Call) -> Self {
        let operation = call.operation();
        Self::new(operation.method.as_str(), &operation.path, call.path_parameters(), call.body())
    }

    /// Of the parts of a request.
    pub fn new<'a>(
        method: &str,
        template: &str,
        path: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
        body: &Value,
    ) -> Self {
        let mut content = Content(Vec::with_capacity(512));
        content.0.push(VERSION);
        content.text(method);
        content.text(template);
        content.count(path.len());
        for (name, value) in path {
            content.text(name);
            content.text(value);
        }
        content.value(body);
        Self(Sha256::digest(&content.0).into())
    }

    pub fn into_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The bytes that are hashed.
struct Content(Vec<u8>);

impl Content {
    /// Bodies are bounded at 1 MiB, so every count fits.
    fn count(&mut self, count: usize) {
        self.0.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Strict JSON has made an integer of every whole number that can be one.
    fn number(&mut self, number: &Number) {
        match number.as_f64() {
            Some(fraction) if number.is_f64() => {
                self.0.push(7);
                self.0.extend_from_slice(&fraction.to_bits().to_be_bytes());
            }
            _ => {
                self.0.push(3);
                self.text(&number.to_string());
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.0.push(0),
            Value::Bool(false) => self.0.push(1),
            Value::Bool(true) => self.0.push(2),
            Value::Number(number) => self.number(number),
            Value::String(text) => {
                self.0.push(4);
                self.text(text);
            }
            Value::Array(items) => {
                self.0.push(5);
                self.count(items.len());
                items.iter().for_each(|item| self.value(item));
            }
            Value::Object(object) => {
                self.0.push(6);
                self.count(object.len());
                let mut fields: Vec<(&String, &Value)> = object.iter().collect();
                fields.sort_unstable_by_key(|(key, _)| *key);
                for (key, value) in fields {
                    self.text(key);
                    self.value(value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn of(body: &[u8]) -> Fingerprint {
        let body = zerosum_edge::json::parse(body).unwrap();
        Fingerprint::new("POST", "/v1/cash/spend", [].into_iter(), &body)
    }

    #[test]
    fn the_format_does_not_change() {
        let body = json!({"b": [1, 0.1, null, true, false, "ä\""], "a": {"z": -5, "y": ""}});
        let fingerprint =
            Fingerprint::new("POST", "/v1/transactions/{id}/reverse", [("id", "tx-1")].into_iter(), &body);
        assert_eq!(
            format!("{fingerprint:?}"),
            "2c83bac2f2419b3ed3d49ece83df27602211af88eeef165419e7e1d180dbc4fc"
        );
    }

    #[test]
    fn every_way_of_writing_a_request_is_the_same_request() {
        let first = of(br#"{"a":1,"b":{"c":"\u00e4","d":[0.5]}}"#);
        for same in [
            "{ \"b\" : {\"d\":[0.50], \"c\":\"\u{e4}\"},\n \"a\" : 1.0 }",
            "{\"b\":{\"c\":\"\\u00E4\",\"d\":[5e-1]},\"a\":1e0}",
        ] {
            assert_eq!(of(same.as_bytes()), first, "{same}");
        }
    }

    #[test]
    fn every_other_request_is_another_one() {
        let texts = [
            "{}",
            "[]",
            "null",
            "\"\"",
            "0",
            "false",
            "true",
            "{\"a\":1}",
            "{\"a\":2}",
            "{\"a\":\"1\"}",
            "{\"a\":-1}",
            "{\"a\":1.5}",
            "{\"a\":null}",
            "{\"a\":[1]}",
            "{\"a\":{}}",
            "{\"b\":1}",
            "[1,2]",
            "[2,1]",
            "[12]",
            "[[1],2]",
            "[\"ab\",\"c\"]",
            "[\"a\",\"bc\"]",
            "{\"a\":1,\"b\":2}",
            "{\"a\":2,\"b\":1}",
            "{\"a\":{\"b\":2}}",
        ];
        for (i, a) in texts.iter().enumerate() {
            for b in &texts[i + 1..] {
                assert_ne!(of(a.as_bytes()), of(b.as_bytes()), "{a} and {b}");
            }
        }
        let new = |method, template, path: &[(&'static str, &'static str)]| {
            Fingerprint::new(method, template, path.iter().copied(), &json!({}))
        };
        let first = new("POST", "/a/{id}", &[("id", "1")]);
        assert_ne!(first, new("PATCH", "/a/{id}", &[("id", "1")]));
        assert_ne!(first, new("POST", "/b/{id}", &[("id", "1")]));
        assert_ne!(first, new("POST", "/a/{id}", &[("id", "2")]));
        assert_ne!(first, new("POST", "/a/{id}", &[]));
    }

    proptest! {
        #[test]
        fn the_order_of_keys_makes_no_difference(mut fields: std::collections::BTreeMap<String, i64>) {
            let forward: serde_json::Map<_, _> =
                fields.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
            let backward: serde_json::Map<_, _> =
                fields.iter().rev().map(|(key, value)| (key.clone(), json!(value))).collect();
            let print = |object| Fingerprint::new("POST", "/", [].into_iter(), &Value::Object(object));
            prop_assert_eq!(print(forward.clone()), print(backward));
            if let Some((_, value)) = fields.iter_mut().next() {
                *value = value.wrapping_add(1);
                let changed = fields.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
                prop_assert_ne!(print(forward), print(changed));
            }
        }
    }
}
