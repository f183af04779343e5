//! A route that checks the token, reads the same JSON and answers the same JSON, and does nothing else: what HTTP
//! itself costs on this machine.

use std::{io, sync::Arc};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use zerosum_edge::{Authenticate as _, BearerTokens, Credentials};

/// As the services have it.
const BODY_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, Deserialize, Serialize)]
struct Transaction {
    #[serde(default)]
    id: String,
    r#type: String,
    external_ref: Option<String>,
    memo: Option<String>,
    #[serde(default)]
    posted_at: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Entry {
    #[serde(default)]
    id: String,
    account_id: String,
    amount_cents: i64,
    memo: Option<String>,
}

pub(super) async fn serve(
    listener: TcpListener,
    tokens: Arc<BearerTokens>,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new()
        .route("/v1/transactions", post(transaction))
        .route("/readyz", get(|| async { "ready" }))
        .with_state(tokens);
    axum::serve(listener, router).with_graceful_shutdown(stopped).await
}

async fn transaction(
    State(tokens): State<Arc<BearerTokens>>,
    request: Request,
) -> Result<(StatusCode, Json<Transaction>), StatusCode> {
    let (head, body) = request.into_parts();
    let credentials = Credentials {
        method: &head.method,
        target: head.uri.path(),
        headers: &head.headers,
        body: &axum::body::Bytes::new(),
    };
    tokens.authenticate(credentials).await.map_err(|_| StatusCode::UNAUTHORIZED)?;
    let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| StatusCode::BAD_REQUEST)?;
    let mut transaction: Transaction = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    // Texts of the length that the real ones have.
    transaction.id = "0193a1f0-0000-7000-8000-000000000000".to_owned();
    transaction.posted_at = "2026-01-01T00:00:00.000000Z".to_owned();
    for entry in &mut transaction.entries {
        entry.id = "0193a1f0-0000-7000-8000-000000000000-0".to_owned();
    }
    Ok((StatusCode::CREATED, Json(transaction)))
}
