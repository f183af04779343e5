//! POST /connect/wallet/open. With `lock` it makes a transaction; without, it only looks.

use std::{fmt::Write, sync::Arc};

use serde::Deserialize;
use serde_json::Value;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency as idempotency;

use super::{
    App, SERVICE, brand, read_problem,
    wire::{IdentityIn, LocationIn, map, reference},
};
use crate::command::{Action, Open};

#[derive(Deserialize)]
struct Request {
    identity: IdentityIn,
    reference: String,
    lock: Option<bool>,
    location: Option<LocationIn>,
    basket: Option<Value>,
}

pub(super) async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    let basket = map("/basket", request.basket.as_ref())?;
    let named = reference("/reference", &request.reference)?;
    if !request.lock.unwrap_or(false) {
        let opened = app
            .store
            .open(&brand(&call)?, &request.identity.identity_value, basket)
            .await
            .map_err(read_problem)?;
        return Ok(Reply::bytes(zerosum_edge::StatusCode::OK, crate::command::body(&opened).json));
    }
    // The same open again is answered again; another one with its reference takes its place.
    let mut key = idempotency::reference(&call, SERVICE, "open", "");
    let mut name = format!("{named}\u{1f}");
    for byte in key.fingerprint {
        // Writing to a text does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    key = zerosum_ledger::Key::new(key.scope().clone(), name, key.fingerprint).of_reference();
    let open = Open {
        identity: request.identity.identity_value,
        reference: named,
        location: request.location.into(),
        basket,
    };
    app.run(&call, Some(key), "/connect/wallet/open", Action::Open(Box::new(open))).await
}
