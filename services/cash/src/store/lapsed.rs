//! Finding what has lapsed and was not posted yet, over all brands.
//!
//! A connection of its own, as the application role: the read pool sees one brand at a time. It only reads.

use std::collections::BTreeSet;

use jiff::Timestamp;
use tokio_postgres::{Client, Config, Error, NoTls};
use zerosum_domain::{AccountId, BrandId};
use zerosum_ledger::{Clock, engine::STATEMENT_MS_MAX};

use super::moment;

/// Accounts of one brand with something that has lapsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lapsed {
    pub brand: BrandId,
    pub accounts: BTreeSet<AccountId>,
}

/// Looks for what has lapsed; connects when it is first asked, and again after a failure.
#[derive(Debug)]
pub struct LapsedReader {
    database: Config,
    clock: Clock,
    client: Option<Client>,
}

impl LapsedReader {
    pub fn new(database: &Config, clock: Clock) -> Self {
        let mut database = database.clone();
        let options = format!(
            "{} -c role=zerosum_app -c default_transaction_read_only=on -c statement_timeout={STATEMENT_MS_MAX}",
            database.get_options().unwrap_or_default()
        );
        database.options(options).application_name("zerosum cash expiry");
        Self { database, clock, client: None }
    }

    /// At most `most` accounts, those that lapsed first. Brands that are halted are left out.
    pub async fn next(&mut self, most: u16) -> Result<Vec<Lapsed>, Error> {
        let client = match self.client.take() {
            Some(client) if !client.is_closed() => client,
            _ => self.connect().await?,
        };
        let at: Option<Timestamp> = moment(&self.clock);
        let rows = client.query(include_str!("lapsed.sql"), &[&at, &i64::from(most)]).await?;
        self.client = Some(client);
        let mut lapsed: Vec<Lapsed> = Vec::new();
        for row in rows {
            let Ok(brand) = BrandId::parse(row.try_get(0)?) else { continue };
            let account = AccountId::new(row.try_get(1)?);
            match lapsed.iter_mut().find(|of| of.brand == brand) {
                Some(of) => {
                    of.accounts.insert(account);
                }
                None => lapsed.push(Lapsed { brand, accounts: [account].into() }),
            }
        }
        Ok(lapsed)
    }

    async fn connect(&self) -> Result<Client, Error> {
        let (client, connection) = self.database.connect(NoTls).await?;
        // It ends with the client.
        tokio::spawn(connection);
        Ok(client)
    }
}
