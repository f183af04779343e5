//! What a proof stands on: a database, one brand, accounts with money on them, and a token.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use futures_util::future::try_join_all;
use tempfile::TempDir;
use tokio::time::Instant;
use uuid::Uuid;
use zerosum_accounting::command::{Accounting, Batch, Command, Entry, Post, text::TransactionType};
use zerosum_cash::command::{
    self as cash, Cash, Grant,
    text::{Source, UserId},
};
use zerosum_domain::{AccountId, Amount, BrandId, Cents};
use zerosum_edge::tokens::{self, DevKey};
use zerosum_ledger::{Engine, EngineConfig, Submission};
use zerosum_testkit::TestDatabase;

pub const BRAND: &str = "proof";
/// The brand's client of wallet-spend.
pub const CLIENT_ID: &str = "1234567890";
pub const SECRET: &str = "0987654321";
pub const ISSUER: &str = "zerosum";
pub const AUDIENCE: &str = "zerosum";

/// The accounts of a stage: the first is the mint, which may go below zero; nobody else may.
#[derive(Debug, Clone, Copy)]
pub struct Accounts {
    pub customers: usize,
    /// What each customer begins with.
    pub opening: i64,
}

pub struct Stage {
    pub database: TestDatabase,
    pub accounts: Vec<AccountId>,
    pub token: String,
    pub jwks: PathBuf,
    _folder: Option<Arc<TempDir>>,
}

/// Account ids are chosen by us, so that a seed names the same accounts in every run.
fn account_id(n: usize) -> AccountId {
    AccountId::new(Uuid::from_u128(0x0193_a1f0_0000_7000_8000_0000_0000_0000 + n as u128))
}

impl Stage {
    pub async fn new(accounts: Accounts) -> anyhow::Result<Self> {
        Self::on(TestDatabase::new().await, accounts).await
    }

    pub async fn on(database: TestDatabase, accounts: Accounts) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("making a folder failed")?;
        DevKey::create(folder.path())?;
        let stage = Self::with_key_of(folder.path(), database, accounts).await?;
        Ok(Self { _folder: Some(Arc::new(folder)), ..stage })
    }

    /// The same stage where its database has gone.
    pub fn at(&self, database: TestDatabase) -> Self {
        Self {
            database,
            accounts: self.accounts.clone(),
            token: self.token.clone(),
            jwks: self.jwks.clone(),
            _folder: self._folder.clone(),
        }
    }

    /// Tokens are signed with the key in this folder.
    pub async fn with_key_of(
        folder: &Path,
        database: TestDatabase,
        accounts: Accounts,
    ) -> anyhow::Result<Self> {
        let ids: Vec<AccountId> = (0..=accounts.customers).map(account_id).collect();
        let uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let admin = database.admin().await;
        let brand = "with brand as (
                       insert into ledger.brands (brand_id, name, currency) values ($1, 'Proof', 'USD')
                     ), settings as (
                       insert into wallet.brand_settings (brand_key, unit_id, unit_name) values (ledger.brand_key($1), $1, 'Proof')
                     )
                     insert into wallet.clients (brand_key, client_id, name, secret) values (ledger.brand_key($1), $2, 'Proof', $3)";
        admin.execute(brand, &[&BRAND, &CLIENT_ID, &SECRET]).await?;
        let opened = "insert into ledger.accounts (brand_key, account_id, name, type, steward, currency, keeps_lots,
                                                   created_at, updated_at)
                      select ledger.brand_key($2), id, 'proof', 'asset', 'general', 'USD', false, now(), now() from unnest($1::uuid[]) id";
        admin.execute(opened, &[&uuids, &BRAND]).await?;
        let balances = "insert into ledger.balances (brand_key, account_id, posted, held, version, floor)
                        select ledger.brand_key($2), id, 0, 0, 0, case when id <> $3 then 0 end from unnest($1::uuid[]) id";
        admin.execute(balances, &[&uuids, &BRAND, &account_id(0).uuid()]).await?;
        let key = DevKey::load(folder)?;
        let grant = tokens::Grant {
            issuer: ISSUER,
            audience: AUDIENCE,
            subject: "prover",
            brand: Some(BRAND),
            scope: "write:ledger read:ledger write:cash admin:cash",
        };
        let now = (zerosum_edge::system_clock())();
        // Longer than any run, and as long as a token may live.
        let token = key.mint(&grant, now, Duration::from_secs(24 * 3600))?;
        let jwks = folder.join("jwks.json");
        let stage = Self { database, accounts: ids, token, jwks, _folder: None };
        stage.fund(accounts.opening).await?;
        Ok(stage)
    }

    pub fn brand() -> BrandId {
        match BrandId::parse(BRAND) {
            Ok(brand) => brand,
            Err(invalid) => unreachable!("{invalid}"),
        }
    }

    /// So many seconds from now, as a request says it.
    pub fn moment(&self, seconds: i64) -> String {
        let now = i64::try_from((zerosum_edge::system_clock())()).unwrap_or_default();
        jiff::Timestamp::from_second(now + seconds).map(|moment| moment.to_string()).unwrap_or_default()
    }

    /// Cash for these users, so that each has an account.
    pub async fn give_cash(&self, users: &[String], amount: i64) -> anyhow::Result<()> {
        let engine = Engine::start(Cash, EngineConfig::new(self.database.app_url().parse()?));
        for user in users {
            let grant = Grant {
                user: UserId::parse(user)?,
                amount: Cents::new(amount)?,
                source: Source::parse("proof")?,
                reason: None,
                expires_at: None,
                memo: None,
            };
            let submission = Submission {
                brand: Self::brand(),
                key: None,
                command: cash::Command::Grant(grant),
                deadline: Instant::now() + Duration::from_secs(10),
            };
            let answer = engine.submit(submission).await?;
            answer.outcome.map_err(|refused| anyhow::anyhow!("a grant was refused: {refused:?}"))?;
        }
        Ok(())
    }

    /// An engine in this process, by way of `url`.
    pub fn engine(url: &str) -> anyhow::Result<Engine<Accounting>> {
        Ok(Engine::start(Accounting, EngineConfig::new(url.parse()?)))
    }

    /// A transfer as accounting decides it. The memo is the key, so that the books say who asked.
    pub fn transfer(
        &self,
        key: Option<&str>,
        from: usize,
        to: usize,
        amount: i64,
    ) -> anyhow::Result<Command> {
        Ok(Command::Post(self.post(key, from, to, amount)?))
    }

    fn post(&self, key: Option<&str>, from: usize, to: usize, amount: i64) -> anyhow::Result<Post> {
        let entry = |account: usize, amount| {
            Ok::<_, anyhow::Error>(Entry {
                account: self.accounts[account],
                amount: Amount::new(amount)?,
                memo: None,
            })
        };
        Ok(Post {
            kind: TransactionType::parse("transfer")?,
            external_ref: None,
            memo: key.map(zerosum_accounting::command::text::Memo::parse).transpose()?,
            metadata: None,
            entries: vec![entry(from, -amount)?, entry(to, amount)?],
        })
    }

    /// Gives every customer its opening balance.
    async fn fund(&self, opening: i64) -> anyhow::Result<()> {
        if opening == 0 {
            return Ok(());
        }
        let engine = Self::engine(self.database.app_url())?;
        let customers: Vec<usize> = (1..self.accounts.len()).collect();
        try_join_all(customers.chunks(100).map(|some| async {
            let items = some.iter().map(|to| self.post(None, 0, *to, opening)).collect::<Result<_, _>>()?;
            let submission = Submission {
                brand: Self::brand(),
                key: None,
                command: Command::Batch(Batch { atomic: true, items }),
                deadline: Instant::now() + Duration::from_secs(60),
            };
            let answer = engine.submit(submission).await?;
            answer.outcome.map(drop).map_err(|refused| anyhow::anyhow!("funding was refused: {refused:?}"))
        }))
        .await?;
        Ok(())
    }
}
