//! Strict JSON: what two readers could understand differently is refused.
//!
//! Refused: duplicate keys anywhere, nesting beyond [`DEPTH_MAX`], U+0000 in any text or key, lone
//! surrogates, a byte-order mark, invalid UTF-8, a second document or anything else behind the
//! first, numbers that no double holds (1e400).
//! Numbers are the IEEE doubles nearest to their text, as I-JSON (RFC 7493) has it, or 64-bit
//! integers; a whole double within ±(2^53 − 1) comes out as an integer, so that `1.0` is `1` for
//! every reader behind this module.
//! A fraction keeps its shortest decimal text: `0.1` comes out as `0.1` (`Number::to_string`).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, map::Entry};

/// Deep enough for any document of ours (the deepest published answer has 9 levels), shallow enough
/// that no reader behind us recurses far.
pub const DEPTH_MAX: usize = 32;

/// 2^53 − 1: the largest integer that every JSON reader keeps exactly (RFC 7493).
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// How much of a name an error repeats.
const NAME_CHARS_MAX: usize = 100;

/// Reads one strict JSON document. The error says what and where (line and column), never the value.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        return Err(Error::custom("a byte-order mark is not allowed before the document"));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| {
        serde_json::Error::custom(format_args!("invalid UTF-8 after byte {}", e.valid_up_to()))
    })?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Level(0).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Reads one value that stands at this depth.
#[derive(Clone, Copy)]
struct Level(usize);

impl Level {
    fn below<E: Error>(self) -> Result<Self, E> {
        if self.0 >= DEPTH_MAX {
            return Err(E::custom(format_args!("nested deeper than {DEPTH_MAX} levels")));
        }
        Ok(Self(self.0 + 1))
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        number(value).map(Value::Number).ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        text(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        text(&value)?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            text(&key)?;
            match object.entry(key) {
                Entry::Vacant(vacant) => {
                    vacant.insert(fields.next_value_seed(below)?);
                }
                Entry::Occupied(taken) => {
                    let name: String = taken.key().chars().take(NAME_CHARS_MAX).collect();
                    return Err(A::Error::custom(format_args!("duplicate key {name:?}")));
                }
            }
        }
        Ok(Value::Object(object))
    }
}

fn text<E: Error>(value: &str) -> Result<(), E> {
    if value.as_bytes().contains(&0) {
        return Err(E::custom("U+0000 is not allowed in a text"));
    }
    Ok(())
}

/// A whole double that every reader keeps exactly becomes an integer.
fn number(value: f64) -> Option<Number> {
    #[expect(clippy::float_cmp, reason = "a whole number is exactly its own truncation")]
    let whole = value == value.trunc();
    // The comparison makes the conversion exact: |value| < 2^53.
    if whole && value.abs() < 9_007_199_254_740_992.0 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, so exact")]
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        let deep = format!("{}1{}", "[".repeat(33), "]".repeat(33));
        let table: [(&[u8], &str); 17] = [
            (b"", "EOF"),
            (b" ", "EOF"),
            (b"\xEF\xBB\xBF{}", "byte-order mark"),
            (b"{\"a\":1,\"a\":1}", "duplicate key \"a\""),
            (b"{\"m\":{\"x\":[{\"b\":1,\"\\u0062\":2}]}}", "duplicate key \"b\""),
            (b"{} {}", "trailing"),
            (b"{}x", "trailing"),
            (b"[1,]", "trailing comma"),
            (b"{\"a\":\"\\u0000\"}", "U+0000"),
            (b"{\"\\u0000\":1}", "U+0000"),
            (b"\"\\ud800\"", "escape"),
            (b"\"\\ud800\\u0041\"", "escape"),
            (b"\"\\udc00\"", "escape"),
            (b"\"\xff\"", "UTF-8"),
            (b"1e400", "out of range"),
            (b"NaN", "expected"),
            (deep.as_bytes(), "nested deeper"),
        ];
        for (bytes, why) in table {
            let error = parse(bytes).expect_err(&String::from_utf8_lossy(bytes)).to_string();
            assert!(
                error.contains(why),
                "{} is refused with {error:?}, not {why:?}",
                String::from_utf8_lossy(bytes)
            );
        }
    }

    #[test]
    fn thirty_two_levels_are_read() {
        let deep = format!("{}1{}", "[".repeat(32), "]".repeat(32));
        assert!(parse(deep.as_bytes()).is_ok());
    }

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        for text in ["1", "1.0", "1e0", "10e-1", "0.1e1"] {
            assert_eq!(parse(text.as_bytes()).unwrap().as_i64(), Some(1), "{text}");
        }
        for text in ["0", "-0", "-0.0", "0e9"] {
            assert_eq!(parse(text.as_bytes()).unwrap(), json!(0), "{text}");
        }
        assert_eq!(parse(b"9007199254740991.0").unwrap().as_i64(), Some(INTEGER_MAX));
        assert_eq!(parse(b"9007199254740992.0").unwrap().as_i64(), None);
        assert_eq!(parse(b"-9223372036854775808").unwrap().as_i64(), Some(i64::MIN));
    }

    #[test]
    fn a_fraction_keeps_its_text() {
        for text in ["0.1", "1.5", "0.000001", "123456.789", "0.3", "2.675"] {
            let Value::Number(number) = parse(text.as_bytes()).unwrap() else { panic!("{text}") };
            assert_eq!(number.to_string(), text.replace("0.000001", "1e-6"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_what_it_reads_serde_json_reads(bytes: Vec<u8>) {
            if parse(&bytes).is_ok() {
                prop_assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
            }
        }

        #[test]
        fn every_integer_comes_back(n: i64) {
            prop_assert_eq!(parse(n.to_string().as_bytes()).unwrap().as_i64(), Some(n));
        }
    }
}
