//! From method and path to the endpoint.

use std::{collections::BTreeMap, sync::Arc};

use http::{HeaderValue, Method};

use super::{ApiError, Endpoint};

pub(super) struct Routes {
    paths: matchit::Router<usize>,
    by_path: Vec<Methods>,
}

/// The endpoints of one path.
pub(super) struct Methods {
    endpoints: Vec<Arc<Endpoint>>,
    /// What a 405 says.
    pub(super) allow: HeaderValue,
}

/// What a path leads to, and what its braces have captured (still encoded).
pub(super) struct Route<'r, 'p> {
    pub(super) methods: &'r Methods,
    pub(super) captured: matchit::Params<'r, 'p>,
}

impl Routes {
    pub(super) fn new(endpoints: Vec<Endpoint>) -> Result<Self, ApiError> {
        let mut grouped: BTreeMap<String, Vec<Arc<Endpoint>>> = BTreeMap::new();
        for endpoint in endpoints {
            grouped.entry(endpoint.operation.path.to_string()).or_default().push(Arc::new(endpoint));
        }
        let mut routes = Self { paths: matchit::Router::new(), by_path: Vec::new() };
        for (path, endpoints) in grouped {
            let place = routes.by_path.len();
            routes.paths.insert(path.clone(), place).map_err(|source| ApiError::Path { path, source })?;
            let allow = allow(&endpoints);
            routes.by_path.push(Methods { endpoints, allow });
        }
        Ok(routes)
    }

    pub(super) fn find<'r, 'p>(&'r self, path: &'p str) -> Option<Route<'r, 'p>> {
        let found = self.paths.at(path).ok()?;
        Some(Route { methods: self.by_path.get(*found.value)?, captured: found.params })
    }
}

impl Methods {
    /// HEAD is GET without its body, which the connection leaves out.
    pub(super) fn find(&self, method: &Method) -> Option<&Arc<Endpoint>> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.endpoints.iter().find(|endpoint| endpoint.operation.method == *method)
    }
}

fn allow(endpoints: &[Arc<Endpoint>]) -> HeaderValue {
    let mut names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.operation.method.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    HeaderValue::from_str(&names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
}
