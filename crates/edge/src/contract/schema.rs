//! One compiled schema, and how its violations are worded: the pointer of the field, then the rule.
//! Values are never repeated: they may be somebody's data, and end up in logs.

use std::fmt;

use jsonschema::{Draft, PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;

use super::{ContractError, Document};

/// Violations told at once; the first is the message, the rest are details.
const VIOLATIONS_MAX: usize = 8;

/// Alternatives of an anyOf or oneOf that are explained.
const BRANCHES_MAX: usize = 4;

/// Names of fields are the caller's, and may be as long as a body.
const CHARS_MAX: usize = 300;

/// A rule that a value broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer of the field; empty for the whole value.
    pub pointer: String,
    pub rule: String,
}

impl Violation {
    fn shortened(mut self) -> Self {
        for text in [&mut self.pointer, &mut self.rule] {
            if let Some((end, _)) = text.char_indices().nth(CHARS_MAX) {
                text.truncate(end);
                text.push('…');
            }
        }
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.pointer {
            "" => write!(f, "the body: {}", self.rule),
            pointer => write!(f, "{pointer}: {}", self.rule),
        }
    }
}

#[derive(Debug)]
pub(super) struct Schema(Validator);

impl Schema {
    pub(super) fn compile(document: &Document, schema: &Value, at: &str) -> Result<Self, ContractError> {
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            // Linear time whatever the input; a pattern that needs look-around does not compile.
            .with_pattern_options(PatternOptions::regex())
            .offline()
            .build(&document.standalone(schema))
            .map(Self)
            .map_err(|error| ContractError::at(at, format!("the schema does not compile: {error}")))
    }

    /// The first few rules that `value` breaks, or nothing.
    pub(super) fn check(&self, value: &Value) -> Result<(), Vec<Violation>> {
        if self.0.is_valid(value) {
            return Ok(());
        }
        Err(self.0.iter_errors(value).take(VIOLATIONS_MAX).map(|error| worded(&error).shortened()).collect())
    }
}

fn worded(error: &ValidationError<'_>) -> Violation {
    let pointer = error.instance_path().as_str().to_owned();
    match error.kind() {
        ValidationErrorKind::Required { property: Value::String(name) } => {
            Violation { pointer: format!("{pointer}/{}", escaped(name)), rule: "is required".to_owned() }
        }
        ValidationErrorKind::AdditionalProperties { unexpected } if unexpected.len() == 1 => Violation {
            pointer: format!("{pointer}/{}", escaped(&unexpected[0])),
            rule: "is not a field of the document".to_owned(),
        },
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            let branches: Vec<String> = context
                .iter()
                .take(BRANCHES_MAX)
                .filter_map(|branch| branch.first())
                .map(|first| {
                    let inner = worded(first);
                    format!("{} {}", inner.pointer, inner.rule).trim_start().to_owned()
                })
                .collect();
            Violation { pointer, rule: format!("matches none of its alternatives ({})", branches.join("; ")) }
        }
        _ => Violation { pointer, rule: error.masked_with("the value").to_string() },
    }
}

/// RFC 6901, section 3.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
