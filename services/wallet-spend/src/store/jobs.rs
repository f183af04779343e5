//! What the jobs look for: locks and points whose time has come, over all brands.
//!
//! A connection of its own, as the application role: the read pool sees one brand at a time. It only reads.

use tokio_postgres::{Client, Config, Error, NoTls, Row};
use zerosum_domain::BrandId;
use zerosum_ledger::engine::STATEMENT_MS_MAX;

use crate::{
    command::Action,
    model::{WalletAccountId, WalletId, WalletTransactionId},
};

/// Something to be ended, and the command that ends it.
#[derive(Debug)]
pub(crate) struct Lapsed {
    pub brand: BrandId,
    pub action: Action,
}

/// Locks that have run out, those that ran out first. Brands that are halted are left out, and holds that are no lock
/// of a wallet's.
const LOCKS: &str = "
select b.brand_id, t.wallet_id, t.wallet_transaction_id
  from ledger.holds h
 cross join lateral (
   select * from ledger.brands b where b.brand_key = h.brand_key and b.halted_reason is null offset 0
 ) b
 cross join lateral (
   select * from wallet.wallet_transactions t where t.brand_key = h.brand_key and t.hold_id = h.hold_id offset 0
 ) t
 where h.status = 'open' and h.expires_at <= clock_timestamp()
 order by h.expires_at
 limit $1::bigint";

/// Accounts with points that have expired and that no lock holds.
const POINTS: &str = "
select b.brand_id, a.wallet_id, a.account_id
  from wallet.expired_points e
  join wallet.accounts a on a.brand_key = e.brand_key and a.ledger_account = e.ledger_account
  join ledger.brands b on b.brand_key = e.brand_key
 where b.halted_reason is null
 group by b.brand_id, a.wallet_id, a.account_id
 order by min(e.expires_at)
 limit $1::bigint";

/// Looks for what has lapsed; connects when it is first asked, and again after a failure.
#[derive(Debug)]
pub(crate) struct LapsedReader {
    database: Config,
    client: Option<Client>,
}

impl LapsedReader {
    pub fn new(database: &Config) -> Self {
        let mut database = database.clone();
        let options = format!(
            "{} -c role=zerosum_app -c default_transaction_read_only=on -c statement_timeout={STATEMENT_MS_MAX}",
            database.get_options().unwrap_or_default()
        );
        database.options(options).application_name("zerosum wallet-spend expiry");
        Self { database, client: None }
    }

    /// At most `most` locks and as many accounts. Locks come first: they free what then may expire.
    pub async fn next(&mut self, most: i64) -> Result<Vec<Lapsed>, Error> {
        let client = match self.client.take() {
            Some(client) if !client.is_closed() => client,
            _ => self.connect().await?,
        };
        let mut lapsed = Vec::new();
        for row in client.query(LOCKS, &[&most]).await? {
            lapsed.extend(lock(&row)?);
        }
        for row in client.query(POINTS, &[&most]).await? {
            lapsed.extend(points(&row)?);
        }
        self.client = Some(client);
        Ok(lapsed)
    }

    async fn connect(&self) -> Result<Client, Error> {
        let (client, connection) = self.database.connect(NoTls).await?;
        // It ends with the client.
        tokio::spawn(connection);
        Ok(client)
    }
}

fn lock(row: &Row) -> Result<Option<Lapsed>, Error> {
    let ids = (
        BrandId::parse(row.try_get(0)?),
        WalletId::new(row.try_get(1)?),
        WalletTransactionId::new(row.try_get(2)?),
    );
    let (Ok(brand), Ok(wallet), Ok(transaction)) = ids else { return Ok(None) };
    Ok(Some(Lapsed { brand, action: Action::ExpireLock { wallet, transaction } }))
}

fn points(row: &Row) -> Result<Option<Lapsed>, Error> {
    let ids = (
        BrandId::parse(row.try_get(0)?),
        WalletId::new(row.try_get(1)?),
        WalletAccountId::new(row.try_get(2)?),
    );
    let (Ok(brand), Ok(wallet), Ok(account)) = ids else { return Ok(None) };
    Ok(Some(Lapsed { brand, action: Action::ExpirePoints { wallet, account } }))
}
