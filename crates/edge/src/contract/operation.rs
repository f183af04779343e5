//! One operation of the document, compiled.

use http::{Method, StatusCode};
use serde_json::Value;

use super::{
    BODY_BYTES_DEFAULT, BODY_BYTES_MAX, ContractError, Document,
    parameter::{self, Parameter},
    schema::Schema,
};
use crate::{auth::Scope, json, problem::Problem};

const JSON: &str = "application/json";

/// Who may call an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anybody, unauthenticated.
    Public,
    /// Anybody who is known; the handler decides the rest.
    Any,
    Scope(Scope),
}

#[derive(Debug)]
pub struct Operation {
    pub id: Box<str>,
    pub method: Method,
    /// As in the document: `/v1/accounts/{id}`.
    pub path: Box<str>,
    pub access: Access,
    pub body_bytes_max: usize,
    body: Option<RequestBody>,
    pub(crate) path_parameters: Vec<Parameter>,
    pub(crate) query: Vec<Parameter>,
    responses: Vec<Response>,
}

#[derive(Debug)]
struct RequestBody {
    required: bool,
    schema: Schema,
}

#[derive(Debug)]
struct Response {
    /// `201`, `4XX` or `default`.
    status: Box<str>,
    /// By media type; empty: no body at all.
    bodies: Vec<(Box<str>, Option<Schema>)>,
}

pub(super) fn compile_all(document: &Document) -> Result<Vec<Operation>, ContractError> {
    let mut operations = Vec::new();
    for (path, item) in document.paths()? {
        let item = document.follow(item, path)?;
        let shared = item.get("parameters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if let Some(node) = item.get(method.as_str().to_ascii_lowercase()) {
                operations.push(Operation::compile(document, path, method, node, shared)?);
            }
        }
    }
    Ok(operations)
}

impl Operation {
    fn compile(
        document: &Document,
        path: &str,
        method: Method,
        node: &Value,
        shared: &[Value],
    ) -> Result<Self, ContractError> {
        let at = format!("{method} {path}");
        let id = node
            .get("operationId")
            .and_then(Value::as_str)
            .ok_or_else(|| ContractError::at(&at, "no operationId"))?;
        let (mut path_parameters, mut query) = (Vec::<Parameter>::new(), Vec::<Parameter>::new());
        let own = node.get("parameters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        // The operation's own first: they take the place of the path's.
        for parameter in own.iter().chain(shared) {
            if let Some((in_path, parameter)) = Parameter::compile(document, parameter, &at)? {
                let list = if in_path { &mut path_parameters } else { &mut query };
                if !list.iter().any(|known| known.name == parameter.name) {
                    list.push(parameter);
                }
            }
        }
        check_template(path, &path_parameters, &at)?;
        Ok(Self {
            id: id.into(),
            path: path.into(),
            access: access_of(node, &at)?,
            body_bytes_max: body_bytes_max(node, &at)?,
            body: request_body(document, node, &at)?,
            path_parameters,
            query,
            responses: responses(document, node, &at)?,
            method,
        })
    }

    /// Whether it reads a body at all; what is sent to the others is not looked at.
    pub fn takes_body(&self) -> bool {
        self.body.is_some()
    }

    /// The body as a value that keeps to the document; `Null` where there is none and need not be.
    pub(crate) fn read_body(&self, bytes: &[u8]) -> Result<Value, Problem> {
        let Some(body) = &self.body else { return Ok(Value::Null) };
        if bytes.is_empty() {
            return if body.required {
                Err(Problem::invalid("the body: is required"))
            } else {
                Ok(Value::Null)
            };
        }
        let value = json::parse(bytes).map_err(|error| Problem::invalid(format!("the body: {error}")))?;
        match body.schema.check(&value) {
            Ok(()) => Ok(value),
            Err(violations) => {
                let first = violations.first().map_or_else(String::new, ToString::to_string);
                let problem = Problem::invalid(first);
                Err(violations
                    .iter()
                    .fold(problem, |problem, violation| problem.detail(violation.to_string())))
            }
        }
    }

    pub(crate) fn read_path(&self, captured: &[(&str, &str)]) -> Result<Vec<String>, Problem> {
        parameter::read_path(&self.path_parameters, captured)
    }

    pub(crate) fn read_query(&self, query: &str) -> Result<Vec<Option<Value>>, Problem> {
        parameter::read_query(&self.query, query)
    }

    pub(super) fn check_response(
        &self,
        status: StatusCode,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<(), String> {
        let range = format!("{}XX", status.as_u16() / 100);
        let response = [status.as_str(), &range, "default"]
            .into_iter()
            .find_map(|name| self.responses.iter().find(|response| &*response.status == name))
            .ok_or("the document does not know this status")?;
        if response.bodies.is_empty() {
            return if body.is_empty() {
                Ok(())
            } else {
                Err("a body that the document does not know".into())
            };
        }
        let media = media_type(content_type.ok_or("no Content-Type")?);
        let (_, schema) = response
            .bodies
            .iter()
            .find(|(name, _)| **name == *media)
            .ok_or_else(|| format!("the document does not know the content type {media}"))?;
        let Some(schema) = schema else { return Ok(()) };
        let value = json::parse(body).map_err(|error| format!("the body is not strict JSON: {error}"))?;
        schema.check(&value).map_err(|violations| {
            violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
                + &format!(" in {value}")
        })
    }
}

/// A media type without its parameters, lowercase.
pub(crate) fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

fn check_template(path: &str, parameters: &[Parameter], at: &str) -> Result<(), ContractError> {
    let braced: Vec<&str> =
        path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect();
    for name in &braced {
        if !parameters.iter().any(|parameter| &*parameter.name == *name) {
            return Err(ContractError::at(at, format!("{{{name}}} is not declared as a path parameter")));
        }
    }
    match parameters.iter().find(|parameter| !braced.contains(&&*parameter.name)) {
        Some(extra) => Err(ContractError::at(at, format!("{} is not in the path", extra.name))),
        None => Ok(()),
    }
}

/// A route that declares nobody is an error (promise 32).
fn access_of(node: &Value, at: &str) -> Result<Access, ContractError> {
    let wrong = |what: &str| ContractError::at(at, what);
    if node.get("x-public") == Some(&Value::Bool(true)) {
        return Ok(Access::Public);
    }
    let declared: Vec<&str> = match node.get("x-scope") {
        Some(Value::String(scope)) => vec![scope],
        Some(_) => return Err(wrong("x-scope is one scope")),
        None => node
            .get("security")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flat_map(|schemes| schemes.values())
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
    };
    match declared[..] {
        ["any" | "key:own"] => Ok(Access::Any),
        [scope] => {
            Scope::parse(scope).map(Access::Scope).map_err(|error| ContractError::at(at, error.to_string()))
        }
        [] => Err(wrong("no scope is declared: x-scope, or x-public: true")),
        _ => Err(wrong("exactly one scope is declared")),
    }
}

fn body_bytes_max(node: &Value, at: &str) -> Result<usize, ContractError> {
    let Some(given) = node.get("x-max-body-bytes") else { return Ok(BODY_BYTES_DEFAULT) };
    given
        .as_u64()
        .and_then(|bytes| usize::try_from(bytes).ok())
        .filter(|bytes| (1..=BODY_BYTES_MAX).contains(bytes))
        .ok_or_else(|| ContractError::at(at, format!("x-max-body-bytes is 1 to {BODY_BYTES_MAX}")))
}

fn request_body(document: &Document, node: &Value, at: &str) -> Result<Option<RequestBody>, ContractError> {
    let Some(body) = node.get("requestBody") else { return Ok(None) };
    let body = document.follow(body, at)?;
    let schema = body
        .get("content")
        .and_then(|content| content.get(JSON))
        .and_then(|media| media.get("schema"))
        .ok_or_else(|| ContractError::at(at, "a request body has a schema for application/json"))?;
    Ok(Some(RequestBody {
        required: body.get("required") == Some(&Value::Bool(true)),
        schema: Schema::compile(document, schema, &format!("{at} (request body)"))?,
    }))
}

fn responses(document: &Document, node: &Value, at: &str) -> Result<Vec<Response>, ContractError> {
    let declared = node
        .get("responses")
        .and_then(Value::as_object)
        .ok_or_else(|| ContractError::at(at, "no responses"))?;
    let mut responses = Vec::new();
    for (status, response) in declared {
        let at = format!("{at} (response {status})");
        let content = document.follow(response, &at)?.get("content").and_then(Value::as_object);
        let mut bodies = Vec::new();
        for (media, body) in content.into_iter().flatten() {
            let name = media_type(media);
            let schema = body.get("schema").filter(|_| name == JSON);
            let schema = schema.map(|schema| Schema::compile(document, schema, &at)).transpose()?;
            bodies.push((name.into(), schema));
        }
        responses.push(Response {
            status: status.to_ascii_uppercase().replace("DEFAULT", "default").into(),
            bodies,
        });
    }
    Ok(responses)
}
