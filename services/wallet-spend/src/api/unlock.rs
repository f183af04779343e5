//! POST /connect/wallet/unlock

use std::sync::Arc;

use serde::Deserialize;
use zerosum_edge::{Call, Problem, Reply};

use super::{
    App,
    void::ending_key,
    wire::{IdentityIn, reference},
};
use crate::command::{Action, Unlock};

#[derive(Deserialize)]
struct Request {
    identity: IdentityIn,
    reference: String,
}

pub(super) async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    let key = ending_key("unlock", &request.reference, &request.identity.identity_value);
    let unlock = Unlock {
        identity: request.identity.identity_value,
        reference: reference("/reference", &request.reference)?,
    };
    app.run(&call, Some(key), "/connect/wallet/unlock", Action::Unlock(unlock)).await
}
