//! Who the clients are: read through a function that knows one client at a time, kept for a short while.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tokio_postgres::Row;
use zerosum_domain::BrandId;
use zerosum_edge::{BoxFuture, Client, ClientDirectory, LookupFailed, Scopes};
use zerosum_ledger::reads::{Query, Reads};

/// A revoked client is refused at the latest after this.
const KEPT_FOR: Duration = Duration::from_secs(10);
/// More clients than a brand's tills; past it the directory starts over rather than grow.
const CLIENTS_MAX: usize = 10_000;
/// Longer ids are nobody's.
const ID_BYTES_MAX: usize = 255;

const FIND: &str =
    "select brand_id, name, secret, accepts_hash, accepts_hmac from wallet.find_client($1::text)";

/// A client and the signatures that it may use.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub client: Client,
    pub name: Arc<str>,
    pub accepts_hash: bool,
    pub accepts_hmac: bool,
}

/// What was found, or that nobody was.
struct Kept {
    found: Option<Known>,
    until: Instant,
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Directory {
    reads: Reads,
    kept: Arc<Mutex<HashMap<String, Kept>>>,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").finish_non_exhaustive()
    }
}

impl Directory {
    pub fn new(reads: Reads) -> Self {
        Self { reads, kept: Arc::default() }
    }

    /// The friendly name of a client that has been proven.
    pub fn name_of(&self, id: &str) -> Arc<str> {
        let name = |kept: &Kept| kept.found.as_ref().map(|known| known.name.clone());
        self.lock().get(id).and_then(name).unwrap_or_else(|| id.into())
    }

    /// A poisoned map still holds whole entries.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client of this id, whichever signatures it may use.
    pub async fn find(&self, id: &str) -> Result<Option<Known>, LookupFailed> {
        let now = Instant::now();
        if id.len() > ID_BYTES_MAX {
            return Ok(None);
        }
        if let Some(kept) = self.lock().get(id)
            && kept.until > now
        {
            return Ok(kept.found.clone());
        }
        // Whose it is comes from the row: nobody is read for until the client is proven.
        let nobody = BrandId::parse("-").map_err(|error| LookupFailed(error.into()))?;
        let rows = self.reads.query(&nobody, Query { sql: FIND, params: &[&id] }).await;
        let rows = rows.map_err(|error| LookupFailed(error.into()))?;
        let found = rows.first().map(read).transpose().map_err(|error| LookupFailed(error.into()))?;
        let mut kept = self.lock();
        if kept.len() >= CLIENTS_MAX {
            kept.clear();
        }
        kept.insert(id.to_owned(), Kept { found: found.clone(), until: now + KEPT_FOR });
        Ok(found)
    }
}

fn read(row: &Row) -> Result<Known, tokio_postgres::Error> {
    Ok(Known {
        client: Client {
            brand: row.try_get::<_, &str>(0)?.into(),
            secret: row.try_get::<_, &str>(2)?.into(),
            scopes: Scopes::new(["admin:*"]),
        },
        name: row.try_get::<_, &str>(1)?.into(),
        accepts_hash: row.try_get(3)?,
        accepts_hmac: row.try_get(4)?,
    })
}

/// For the published signature: a client that refuses it is nobody.
impl ClientDirectory for Directory {
    fn client<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Client>, LookupFailed>> {
        Box::pin(async move {
            let found = self.find(id).await?;
            Ok(found.filter(|known| known.accepts_hash).map(|known| known.client))
        })
    }
}
