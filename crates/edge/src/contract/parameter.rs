//! Path and query parameters: texts of a target that become the values their schemas speak of.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{ContractError, Document, schema::Schema};
use crate::{json, problem::Problem};

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Box<str>,
    required: bool,
    kind: Type,
    default: Option<Value>,
    schema: Schema,
}

/// How the text is read before the schema sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Number,
    Flag,
    /// Repeated: one text each.
    Texts,
}

impl Parameter {
    /// Reads a parameter object; `None` for those of headers and cookies.
    pub(super) fn compile(
        document: &Document,
        node: &Value,
        at: &str,
    ) -> Result<Option<(bool, Self)>, ContractError> {
        let node = document.follow(node, at)?;
        let in_path = match node.get("in").and_then(Value::as_str) {
            Some("path") => true,
            Some("query") => false,
            Some("header" | "cookie") => return Ok(None),
            _ => return Err(ContractError::at(at, "a parameter is in path, query, header or cookie")),
        };
        let name =
            node.get("name").and_then(Value::as_str).ok_or_else(|| ContractError::at(at, "no name"))?;
        let at = format!("{at} (parameter {name})");
        let given = node.get("schema").ok_or_else(|| ContractError::at(&at, "no schema"))?;
        let plain = document.follow(given, &at)?;
        Ok(Some((
            in_path,
            Self {
                name: name.into(),
                required: in_path || node.get("required") == Some(&Value::Bool(true)),
                kind: type_of(plain),
                default: plain.get("default").cloned(),
                schema: Schema::compile(document, given, &at)?,
            },
        )))
    }

    fn read(&self, text: String) -> Value {
        match self.kind {
            Type::Number => match json::parse(text.as_bytes()) {
                Ok(number @ Value::Number(_)) => number,
                // The schema then says that it is not a number.
                _ => Value::String(text),
            },
            Type::Flag => match &*text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => Value::String(text),
            },
            Type::Text => Value::String(text),
            Type::Texts => Value::Array(vec![Value::String(text)]),
        }
    }

    fn check(&self, place: &str, value: &Value) -> Result<(), Problem> {
        self.schema.check(value).map_err(|violations| {
            let rules: Vec<&str> = violations.iter().map(|violation| &*violation.rule).collect();
            Problem::invalid(format!("{place} parameter {}: {}", self.name, rules.join("; ")))
        })
    }
}

fn type_of(schema: &Value) -> Type {
    let is = |name: &str| match schema.get("type") {
        Some(Value::String(text)) => text == name,
        Some(Value::Array(list)) => list.iter().any(|item| item == name),
        _ => false,
    };
    if is("integer") || is("number") {
        Type::Number
    } else if is("boolean") {
        Type::Flag
    } else if is("array") {
        Type::Texts
    } else {
        Type::Text
    }
}

/// Decodes and checks what the template's braces have captured.
pub(crate) fn read_path(declared: &[Parameter], captured: &[(&str, &str)]) -> Result<Vec<String>, Problem> {
    declared
        .iter()
        .map(|parameter| {
            let raw = captured.iter().find(|(name, _)| *name == &*parameter.name).map_or("", |(_, raw)| *raw);
            let text = decode(raw).ok_or_else(|| {
                Problem::invalid(format!("path parameter {}: not UTF-8 text", parameter.name))
            })?;
            parameter.check("path", &parameter.read(text.clone()))?;
            Ok(text)
        })
        .collect()
}

/// Reads a query string. Unknown names are passed over; a known one may be given once, unless it is
/// an array. The result has a place for each declared parameter, in their order.
pub(crate) fn read_query(declared: &[Parameter], query: &str) -> Result<Vec<Option<Value>>, Problem> {
    let mut values: Vec<Option<Value>> = vec![None; declared.len()];
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let undecodable = || Problem::invalid("the query string is not UTF-8 text, or holds U+0000");
        let name = decode_form(name).ok_or_else(undecodable)?;
        let Some(place) = declared.iter().position(|parameter| *parameter.name == *name) else { continue };
        let value = declared[place].read(decode_form(text).ok_or_else(undecodable)?);
        match (&mut values[place], value) {
            (empty @ None, value) => *empty = Some(value),
            (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
            _ => return Err(Problem::invalid(format!("query parameter {name}: given more than once"))),
        }
    }
    for (parameter, value) in declared.iter().zip(&mut values) {
        match value {
            Some(value) => parameter.check("query", value)?,
            None if parameter.required => {
                return Err(Problem::invalid(format!("query parameter {}: is required", parameter.name)));
            }
            None => value.clone_from(&parameter.default),
        }
    }
    Ok(values)
}

/// `application/x-www-form-urlencoded`: a plus is a space.
fn decode_form(text: &str) -> Option<String> {
    if text.contains('+') { decode(&text.replace('+', " ")) } else { decode(text) }
}

fn decode(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    (!text.contains('\0')).then(|| text.into_owned())
}
