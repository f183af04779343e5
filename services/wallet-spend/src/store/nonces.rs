//! Nonces of signed requests: each good once, kept while its timestamp would still be taken.
//!
//! A connection of its own, as the application role, that only writes these rows: they are no money, and no
//! command waits for them. Requests share it; their statements follow each other on it.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, Error, NoTls};
use zerosum_ledger::engine::STATEMENT_MS_MAX;

/// Rows that one sweep forgets at most, so that it never is a long delete.
const SWEPT_MAX: i64 = 1_000;

const TAKE: &str = "
insert into wallet.nonces (brand_key, client_id, nonce, expires_at)
select ledger.brand_key($1::text), $2::text, $3::text, to_timestamp($4::bigint) + make_interval(secs => $5::bigint)
 where abs(extract(epoch from now())::bigint - $4::bigint) <= $5::bigint
    on conflict do nothing";

const SWEEP: &str = "
delete from wallet.nonces
 where ctid = any (array(select ctid from wallet.nonces where expires_at < now() limit $1::bigint))";

/// Cheap to clone; connects when it is first needed, and again after a failure.
#[derive(Debug, Clone)]
pub(crate) struct Nonces {
    database: Config,
    client: Arc<Mutex<Option<Arc<Client>>>>,
}

impl Nonces {
    pub fn new(database: &Config) -> Self {
        let mut database = database.clone();
        let options = format!(
            "{} -c role=zerosum_app -c statement_timeout={STATEMENT_MS_MAX}",
            database.get_options().unwrap_or_default()
        );
        database.options(options).application_name("zerosum wallet-spend nonces");
        Self { database, client: Arc::default() }
    }

    /// Whether the nonce is new and its timestamp good, by the database's clock.
    pub async fn take(&self, brand: &str, client: &str, nonce: &str, seconds: i64) -> Result<bool, Error> {
        let off = crate::api::TIMESTAMP_SECONDS_OFF_MAX;
        // A timestamp that no clock can have would be out of the database's range.
        if !(0..=253_402_300_799).contains(&seconds) {
            return Ok(false);
        }
        let connection = self.connection().await?;
        let taken = connection.execute(TAKE, &[&brand, &client, &nonce, &seconds, &off]).await?;
        Ok(taken == 1)
    }

    /// Forgets some that are past; answers how many.
    pub async fn sweep(&self) -> Result<u64, Error> {
        self.connection().await?.execute(SWEEP, &[&SWEPT_MAX]).await
    }

    async fn connection(&self) -> Result<Arc<Client>, Error> {
        let mut kept = self.client.lock().await;
        if let Some(client) = kept.as_ref().filter(|client| !client.is_closed()) {
            return Ok(client.clone());
        }
        let (client, connection) = self.database.connect(NoTls).await?;
        // It ends with the client.
        tokio::spawn(connection);
        let client = Arc::new(client);
        *kept = Some(client.clone());
        Ok(client)
    }
}
