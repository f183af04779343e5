//! Requests that nobody wrote: bodies near a good one, and texts of any kind. Seeded, so that a failure repeats.

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Map, Value, json};

/// What stands where something else belongs: the edges of every kind of field.
fn odd() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![
            Just(0_i64),
            Just(1),
            Just(-1),
            Just((1 << 53) - 1),
            Just(1 << 53),
            Just(i64::MIN),
            Just(i64::MAX),
            any::<i64>()
        ]
        .prop_map(Value::from),
        Just(json!(0.5)),
        Just(json!(1e308)),
        Just(json!(u64::MAX)),
        any_text().prop_map(Value::from),
    ];
    plain.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_text(), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" ".to_owned()),
        Just("\0".to_owned()),
        Just("'; drop table ledger.entries; --".to_owned()),
        Just("0199c2d4-8f10-7000-8000-00000000dead".to_owned()),
        Just("2026-06-31T25:61:61Z".to_owned()),
        Just("2026-06-30T23:59:60Z".to_owned()),
        Just("9999-12-31T23:59:59.9999999999-23:59".to_owned()),
        Just("x".repeat(70_000)),
        Just("ß".repeat(1_024)),
        ".{0,40}",
        any::<String>(),
    ]
}

/// Makes the same requests for the same seed.
#[derive(Debug)]
pub struct Fuzz {
    runner: TestRunner,
}

impl Fuzz {
    pub fn seeded(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self { runner: TestRunner::new_with_rng(Config::default(), random) }
    }

    fn one<S: Strategy>(&mut self, strategy: &S) -> S::Value {
        strategy.new_tree(&mut self.runner).expect("a value").current()
    }

    /// A text that may be anything.
    pub fn text(&mut self) -> String {
        self.one(&any_text())
    }

    /// A text for a place in a target, percent-encoded byte by byte.
    pub fn encoded(&mut self) -> String {
        self.text().bytes().take(2_000).map(|byte| format!("%{byte:02X}")).collect()
    }

    /// The body with up to three of its values, the whole among them, replaced by something odd.
    pub fn near(&mut self, good: &Value) -> Value {
        let mut body = good.clone();
        for _ in 0..self.one(&(0_usize..4)) {
            let mut places = Vec::new();
            pointers(&body, String::new(), &mut places);
            let place = &places[self.one(&(0..places.len()))];
            let odd = self.one(&odd());
            if let Some(value) = body.pointer_mut(place) {
                *value = odd;
            }
        }
        body
    }
}

fn pointers(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, below) in fields {
                pointers(below, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (place, below) in items.iter().enumerate() {
                pointers(below, format!("{at}/{place}"), all);
            }
        }
        _ => {}
    }
    all.push(at);
}
