//! The demo brand as a caller of its own services.

use anyhow::{Context, bail};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::up::Facts;

/// The brand's token for accounting, and its client for wallet-spend.
pub struct Caller<'a> {
    client: Client,
    accounting_url: &'a str,
    wallet_spend_url: &'a str,
    token: &'a str,
    client_id: &'a str,
    client_secret: &'a str,
}

impl<'a> Caller<'a> {
    /// `None` where the facts name no brand.
    pub fn new(facts: &'a Facts) -> Option<Self> {
        Some(Self {
            client: Client::new(),
            accounting_url: &facts.accounting_url,
            wallet_spend_url: &facts.wallet_spend_url,
            token: facts.token.as_deref()?,
            client_id: facts.client_id.as_deref()?,
            client_secret: facts.client_secret.as_deref()?,
        })
    }

    pub async fn ledger_get(&self, target: &str) -> anyhow::Result<Value> {
        let request = self.client.get(format!("{}{target}", self.accounting_url)).bearer_auth(self.token);
        wanted(send(request, target).await?, target)
    }

    pub async fn ledger_post(&self, target: &str, key: &str, body: &Value) -> anyhow::Result<Value> {
        let request = self.client.post(format!("{}{target}", self.accounting_url));
        let request = request.bearer_auth(self.token).header("Idempotency-Key", key).json(body);
        wanted(send(request, target).await?, target)
    }

    /// `None` where it does not exist.
    pub async fn wallet_find(&self, target: &str) -> anyhow::Result<Option<Value>> {
        match send(self.signed(Method::GET, target, ""), target).await? {
            (StatusCode::NOT_FOUND, _) => Ok(None),
            answer => wanted(answer, target).map(Some),
        }
    }

    pub async fn wallet_send(&self, method: &str, target: &str, body: &Value) -> anyhow::Result<Value> {
        let method = method.parse().context("reading a method failed")?;
        let request = self.signed(method, target, &body.to_string());
        // One key per thing that is made: a run after a killed one repeats it without doing it twice.
        let request = request.header("Idempotency-Key", format!("demo {target}"));
        wanted(send(request, target).await?, target)
    }

    fn signed(&self, method: Method, target: &str, body: &str) -> RequestBuilder {
        let hash = zerosum_edge::signature(target, body.as_bytes(), self.client_secret);
        self.client
            .request(method, format!("{}{target}", self.wallet_spend_url))
            .header(zerosum_edge::CLIENT_ID_HEADER, self.client_id)
            .header(zerosum_edge::HASH_HEADER, hash)
            .header("Content-Type", "application/json")
            .body(body.to_owned())
    }
}

async fn send(request: RequestBuilder, target: &str) -> anyhow::Result<(StatusCode, Value)> {
    let doing = || format!("asking {target} for the demo brand failed");
    let answer = request.send().await.with_context(doing)?;
    let status = answer.status();
    let body = answer.json().await.with_context(doing)?;
    Ok((status, body))
}

fn wanted((status, body): (StatusCode, Value), target: &str) -> anyhow::Result<Value> {
    if status.is_success() {
        return Ok(body);
    }
    bail!("{target} answered {status} for the demo brand: {body}")
}
