//! Who the clients are: read through a function that knows one client at a time, kept for a short while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use zerosum_domain::BrandId;
use zerosum_edge::{BoxFuture, Client, ClientDirectory, LookupFailed, Scopes};
use zerosum_ledger::reads::{Query, Reads};

/// A revoked client is refused at the latest after this.
const KEPT: Duration = Duration::from_secs(10);
/// More clients than a brand's tills; past it the directory starts over rather than grow.
const CLIENTS_MAX: usize = 10_000;
/// Longer ids are nobody's.
const ID_BYTES_MAX: usize = 255;

const FIND: &str = "select brand_id, name, secret, accepts_hash from wallet.find_client($1::text)";

struct Known {
    client: Option<Client>,
    name: Arc<str>,
    until: Instant,
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Directory {
    reads: Reads,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").finish_non_exhaustive()
    }
}

impl Directory {
    pub fn new(reads: Reads) -> Self {
        Self { reads, known: Arc::default() }
    }

    /// The friendly name of a client that has been proven.
    pub fn name_of(&self, id: &str) -> Arc<str> {
        self.lock().get(id).map_or_else(|| id.into(), |known| known.name.clone())
    }

    /// A poisoned map still holds whole entries.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn find(&self, id: &str) -> Result<Option<Client>, LookupFailed> {
        let now = Instant::now();
        if id.len() > ID_BYTES_MAX {
            return Ok(None);
        }
        if let Some(known) = self.lock().get(id)
            && known.until > now
        {
            return Ok(known.client.clone());
        }
        // Whose it is comes from the row: nobody is read for until the client is proven.
        let nobody = BrandId::parse("-").map_err(|error| LookupFailed(error.into()))?;
        let rows = self.reads.query(&nobody, Query { sql: FIND, params: &[&id] }).await;
        let rows = rows.map_err(|error| LookupFailed(error.into()))?;
        let mut client = None;
        let mut name: Arc<str> = id.into();
        if let Some(row) = rows.first() {
            let failed = |error: tokio_postgres::Error| LookupFailed(error.into());
            name = row.try_get::<_, &str>(1).map_err(failed)?.into();
            let accepts_hash: bool = row.try_get(3).map_err(failed)?;
            client = accepts_hash
                .then(|| {
                    Ok(Client {
                        brand: row.try_get::<_, &str>(0)?.into(),
                        secret: row.try_get::<_, &str>(2)?.into(),
                        scopes: Scopes::new(["admin:*"]),
                    })
                })
                .transpose()
                .map_err(failed)?;
        }
        let mut known = self.lock();
        if known.len() >= CLIENTS_MAX {
            known.clear();
        }
        known.insert(id.to_owned(), Known { client: client.clone(), name, until: now + KEPT });
        Ok(client)
    }
}

impl ClientDirectory for Directory {
    fn client<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Client>, LookupFailed>> {
        Box::pin(self.find(id))
    }
}
