//! POST /connect/wallet/spend/void

use std::sync::Arc;

use serde::Deserialize;
use zerosum_edge::{Call, Problem, Reply};

use super::{
    App, SERVICE,
    wire::{IdentityIn, reference},
};
use crate::command::{Action, Void};

#[derive(Deserialize)]
struct Request {
    identity: IdentityIn,
    reference: String,
}

pub(super) async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    let key = ending_key("void", &request.reference, &request.identity.identity_value);
    let void = Void {
        identity: request.identity.identity_value,
        reference: reference("/reference", &request.reference)?,
    };
    app.run(&call, Some(key), "/connect/wallet/spend/void", Action::Void(void)).await
}

/// What ends a transaction answers the same body again, whatever else the request says: who ends what is its key.
pub(super) fn ending_key(operation: &str, reference: &str, identity: &str) -> zerosum_ledger::Key {
    // A reference has no control characters, so the two parts cannot be told otherwise.
    let key = format!("{reference}\u{1f}{identity}");
    zerosum_ledger::Key::new(format!("{SERVICE}/{operation}"), key, [0; 32]).of_reference()
}
