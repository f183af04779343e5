//! The document as a tree, and how its references are followed.

use serde_json::{Map, Value, json};

use super::ContractError;
use crate::json::INTEGER_MAX;

/// References to references are followed this far; a longer chain is a loop.
const REFERENCES_MAX: usize = 16;

pub(super) struct Document {
    root: Value,
    /// What schemas refer into, with the integers bounded.
    components: Value,
}

impl Document {
    pub(super) fn new(root: Value) -> Self {
        let mut components = root.get("components").cloned().unwrap_or_else(|| json!({}));
        bound_integers(&mut components);
        Self { root, components }
    }

    pub(super) fn paths(&self) -> Result<&Map<String, Value>, ContractError> {
        self.root
            .get("paths")
            .and_then(Value::as_object)
            .ok_or_else(|| ContractError::at("/paths", "the document has no paths"))
    }

    /// The node itself, or what its `$ref` leads to within this document.
    pub(super) fn follow<'a>(&'a self, mut node: &'a Value, at: &str) -> Result<&'a Value, ContractError> {
        for _ in 0..REFERENCES_MAX {
            let Some(reference) = node.get("$ref").and_then(Value::as_str) else { return Ok(node) };
            node = reference
                .strip_prefix('#')
                .and_then(|pointer| self.root.pointer(pointer))
                .ok_or_else(|| ContractError::at(at, format!("{reference} leads nowhere")))?;
        }
        Err(ContractError::at(at, "its references never end"))
    }

    /// A schema that stands on its own: the components that it refers to, and those that they refer
    /// to, come along. (All of them would do too, and take ten times as long to compile.)
    pub(super) fn standalone(&self, schema: &Value) -> Value {
        let mut schema = match schema {
            Value::Object(_) => schema.clone(),
            other => json!({ "allOf": [other] }),
        };
        bound_integers(&mut schema);
        let mut found = Map::new();
        self.collect(&schema, &mut found);
        if let Value::Object(object) = &mut schema {
            object.insert("components".to_owned(), Value::Object(found));
        }
        schema
    }

    /// Adds the components that `node` refers to. What leads nowhere stays out: it does not compile.
    fn collect(&self, node: &Value, found: &mut Map<String, Value>) {
        match node {
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, found)),
            Value::Object(object) => {
                object.values().for_each(|below| self.collect(below, found));
                let Some(reference) = object.get("$ref").and_then(Value::as_str) else { return };
                let Some(rest) = reference.strip_prefix("#/components/") else { return };
                let mut names = rest.split('/');
                let (Some(section), Some(name)) = (names.next(), names.next()) else { return };
                let Some(component) = self.components.get(section).and_then(|all| all.get(name)) else {
                    return;
                };
                let known = found.entry(section).or_insert_with(|| json!({}));
                if known.get(name).is_none() {
                    known[name] = component.clone();
                    self.collect(component, found);
                }
            }
            _ => {}
        }
    }
}

/// Gives every `type: integer` without bounds those that all JSON readers keep exactly.
fn bound_integers(node: &mut Value) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(bound_integers),
        Value::Object(object) => {
            for (key, below) in object.iter_mut() {
                // These hold values, not schemas.
                if !matches!(key.as_str(), "example" | "examples" | "enum" | "const" | "default") {
                    bound_integers(below);
                }
            }
            let is_integer = match object.get("type") {
                Some(Value::String(name)) => name == "integer",
                Some(Value::Array(names)) => names.iter().any(|name| name == "integer"),
                _ => false,
            };
            if is_integer {
                if !object.contains_key("maximum") && !object.contains_key("exclusiveMaximum") {
                    object.insert("maximum".to_owned(), INTEGER_MAX.into());
                }
                if !object.contains_key("minimum") && !object.contains_key("exclusiveMinimum") {
                    object.insert("minimum".to_owned(), (-INTEGER_MAX).into());
                }
            }
        }
        _ => {}
    }
}
