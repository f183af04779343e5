//! What every service answers by itself: health, metrics, its own document.
//!
//! A document lists them under these operation ids (with `x-public: true`), and the edge has them
//! at their usual paths even where it does not.

use http::{HeaderValue, Method, StatusCode};

use super::{Edge, Outcome};
use crate::{
    contract::{Access, Operation},
    problem::Problem,
    reply::Reply,
    telemetry,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Builtin {
    Livez,
    Readyz,
    Metrics,
    OpenapiYaml,
    OpenapiJson,
}

impl Builtin {
    /// The builtin that a public operation of the document names.
    pub(super) fn of(operation: &Operation) -> Option<Self> {
        if operation.access != Access::Public || operation.method != Method::GET {
            return None;
        }
        match &*operation.id {
            "livez" => Some(Self::Livez),
            "readyz" => Some(Self::Readyz),
            "metrics" => Some(Self::Metrics),
            "openapi" | "openapiYaml" => Some(Self::OpenapiYaml),
            "openapiJson" => Some(Self::OpenapiJson),
            _ => None,
        }
    }

    pub(super) fn at(path: &str) -> Option<Self> {
        match path {
            "/livez" => Some(Self::Livez),
            "/readyz" => Some(Self::Readyz),
            "/metrics" => Some(Self::Metrics),
            "/openapi.yaml" => Some(Self::OpenapiYaml),
            "/openapi.json" => Some(Self::OpenapiJson),
            _ => None,
        }
    }

    /// Its name in metrics and logs.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Livez => "/livez",
            Self::Readyz => "/readyz",
            Self::Metrics => "/metrics",
            Self::OpenapiYaml => "/openapi.yaml",
            Self::OpenapiJson => "/openapi.json",
        }
    }

    pub(super) async fn answer(self, edge: &Edge) -> Outcome {
        let typed = |body, content_type: &'static str| {
            Ok(Reply::bytes(StatusCode::OK, body).content_type(HeaderValue::from_static(content_type)))
        };
        match self {
            Self::Livez => Ok(Reply::bytes(StatusCode::OK, "")),
            Self::Readyz => match edge.settings().readiness.check().await {
                Ok(()) => Ok(Reply::bytes(StatusCode::OK, "")),
                Err(why) => {
                    tracing::warn!(service = edge.settings().service, why, "not ready");
                    Ok(Reply::bytes(StatusCode::SERVICE_UNAVAILABLE, ""))
                }
            },
            Self::Metrics => match telemetry::render_metrics() {
                Some(text) => typed(text.into(), "text/plain; version=0.0.4; charset=utf-8"),
                None => Err(Problem::not_found("metrics are not recorded in this process")),
            },
            Self::OpenapiYaml => typed(edge.contract().yaml().clone(), "application/yaml"),
            Self::OpenapiJson => typed(edge.contract().json().clone(), "application/json"),
        }
    }
}
