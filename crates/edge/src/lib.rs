//! The HTTP edge that every service shares.
//!
//! A service brings a document (`openapi/*.yaml`), handlers, and a way to prove callers; the edge
//! does the rest: routing, authentication and scopes, limits, strict JSON, the check of every body
//! and query against the document, error bodies in the service's dialect, health, metrics, one log
//! line per request, and a connection loop that drains.
//!
//! It knows no money, no database and no idempotency (that is `zerosum-idempotency`).
//!
//! Routes come from the document alone: handlers are attached to operation ids, and [`Api::build`]
//! fails unless they match one to one. So there is no router of a web framework here: what it would
//! match, the document has said already.
//!
//! # A service
//!
//! ```
//! use std::sync::Arc;
//! use serde::{Deserialize, Serialize};
//! use zerosum_edge::{
//!     Api, ApiError, BearerConfig, BearerTokens, Call, Contract, Edge, ErrorMessage, Problem, Readiness,
//!     Reply, Settings, TokenKeys, tokens::DevKey,
//! };
//!
//! // In a service: include_str!("../../../openapi/cash.yaml")
//! const DOCUMENT: &str = r#"
//! openapi: 3.1.0
//! info: { title: greetings, version: 1.0.0 }
//! paths:
//!   /v1/greetings/{name}:
//!     post:
//!       operationId: greet
//!       x-scope: write:greetings
//!       parameters:
//!         - { name: name, in: path, required: true, schema: { type: string } }
//!         - { name: times, in: query, schema: { type: integer, minimum: 1, maximum: 3, default: 1 } }
//!       requestBody:
//!         required: true
//!         content: { application/json: { schema: { $ref: '#/components/schemas/Greeting' } } }
//!       responses:
//!         '201':
//!           description: Greeted
//!           content: { application/json: { schema: { type: object, required: [said] } } }
//! components:
//!   schemas:
//!     Greeting:
//!       type: object
//!       required: [word]
//!       properties: { word: { type: string, minLength: 1 } }
//! "#;
//!
//! struct App { /* the engine, the read pool, … */ }
//!
//! // One file per endpoint: wire types, handler, error cases. Parse, run, render.
//! #[derive(Deserialize)]
//! struct Greeting { word: String }
//! #[derive(Serialize)]
//! struct Greeted { said: String }
//!
//! async fn greet(_app: Arc<App>, call: Call) -> Result<Reply, Problem> {
//!     let greeting: Greeting = call.parse()?;          // fits: the document was checked before
//!     let name = call.path("name")?;
//!     let times = call.query_integer("times").unwrap_or(1);
//!     if name == "nobody" {
//!         return Err(Problem::not_found("nobody is not here"));
//!     }
//!     Reply::created(&Greeted { said: format!("{} {name} ({times}, {})", greeting.word, call.brand()) })
//! }
//!
//! fn edge(app: Arc<App>, keys: TokenKeys) -> Result<Edge, Box<dyn std::error::Error>> {
//!     let tokens = BearerTokens::new(BearerConfig::new("https://issuer.example", "zerosum"), keys);
//!     let settings = Settings::new("greetings", ErrorMessage, tokens, Readiness::always());
//!     Ok(Api::new(Contract::parse(DOCUMENT)?, app, settings).on("greet", greet).build()?)
//! }
//!
//! let keys = TokenKeys::from_jwks(&DevKey::ephemeral()?.jwks())?;
//! let edge = edge(Arc::new(App {}), keys)?;
//! // zerosum_edge::serve(listener, edge, ServeLimits::default(), shutdown).await
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the document must say
//!
//! See [`contract`]. In short: `operationId` on every operation; `x-scope: action:resource`
//! (`key:own` where the handler decides), or `x-public: true`; `x-max-body-bytes` for larger bodies.
//! The operations `livez`, `readyz`, `metrics` and `openapi` are answered by the edge.
//!
//! # In tests
//!
//! [`Edge::respond`] answers a request without a connection;
//! [`Contract::check_response`] checks every answer that a test sees.

mod api;
mod auth;
mod call;
mod clock;
pub mod contract;
pub mod cursor;
pub mod date_time;
mod dialect;
mod health;
pub mod json;
mod problem;
mod reply;
mod request_id;
mod serve;
pub mod telemetry;
pub mod tokens;

pub use api::{Api, ApiError, Edge, Settings};
pub use auth::{
    Authenticate, BearerConfig, BearerTokens, BoxFuture, CLIENT_ID_HEADER, Client, ClientDirectory,
    Credentials, HASH_HEADER, KeyError, LookupFailed, Nonce, Principal, SIGNATURE_HEADER, Scope, ScopeError,
    Scopes, SignedRequests, TokenKeys, hmac_signature, signature,
};
pub use call::Call;
pub use clock::{Clock, system_clock};
pub use contract::{Contract, ContractError};
pub use dialect::{Dialect, ErrorCode, ErrorMessage};
pub use health::Readiness;
pub use problem::{Code, Kind, Problem};
pub use reply::{IDEMPOTENT_REPLAYED, Reply};
pub use request_id::{RequestId, RequestIds};
pub use serve::{Drained, ServeLimits, listen, serve};

/// What handlers and callers of [`Edge::respond`] need of `http`.
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
