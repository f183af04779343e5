//! The run's own issuer: a key that nobody keeps, and tokens of the callers.

use std::time::Duration;

use zerosum_edge::tokens::{DevKey, Grant};

use crate::{
    http::Head,
    serve::{AUDIENCE, ISSUER},
};

/// Everything that the traffics do.
const SCOPES: &str = "write:ledger read:ledger admin:cash write:cash read:cash_balance";
/// Services take none that lives longer.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

pub struct Issuer {
    key: DevKey,
}

impl Issuer {
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { key: DevKey::ephemeral()? })
    }

    pub fn jwks(&self) -> String {
        self.key.jwks()
    }

    /// A head with a token of its own: each caller is another till.
    pub fn head(&self, brand: &str, caller: usize) -> anyhow::Result<Head> {
        let subject = format!("till-{caller}");
        let grant = Grant {
            issuer: ISSUER,
            audience: AUDIENCE,
            subject: &subject,
            brand: Some(brand),
            scope: SCOPES,
        };
        // The moment before, so that a service whose clock is read a moment earlier takes it.
        let now = (zerosum_edge::system_clock())() - 1;
        Ok(Head::bearer(&self.key.mint(&grant, now, LIFETIME)?))
    }
}
