//! The database that a command works on: one that the operator names, or a server of our own.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls};
use zerosum_embedded_postgres::{APP_ROLE, Address, Error, Search, Server, VERSION_MIN};

use crate::config::DatabaseArgs;

/// Our database on a server of our own.
const NAME: &str = "zerosum";

/// A database that answers and is new enough.
#[derive(Debug)]
pub struct Database {
    /// As the owner: for migrations and what operators do.
    pub owner_url: String,
    /// As services log in.
    pub app_url: String,
    /// Ours to stop.
    pub server: Option<Server>,
}

impl Database {
    /// For `up`: a server of our own is started, and must not be running already.
    pub async fn open(args: &DatabaseArgs, app_url: Option<&str>) -> anyhow::Result<Self> {
        let database = match named(args) {
            Some(url) => {
                Self { owner_url: url.to_owned(), app_url: app_url.unwrap_or(url).to_owned(), server: None }
            }
            None => Self::of_server(start(args).await?).await?,
        };
        database.check().await?;
        Ok(database)
    }

    /// For a command beside `up`: joins the server that `up` runs, or starts it for the moment.
    pub async fn open_or_join(args: &DatabaseArgs) -> anyhow::Result<Self> {
        if named(args).is_some() {
            return Self::open(args, None).await;
        }
        let data_dir = &args.folder.data_dir;
        let database = match start(args).await {
            Ok(server) => Self::of_server(server).await?,
            Err(error @ Error::InUse { .. }) => match Address::of_running(data_dir)? {
                Some(address) => {
                    Self { owner_url: address.url(NAME), app_url: address.app_url(NAME), server: None }
                }
                None => return Err(error.into()),
            },
            Err(error) => return Err(error.into()),
        };
        database.check().await?;
        Ok(database)
    }

    async fn of_server(server: Server) -> anyhow::Result<Self> {
        server.ensure_database(NAME).await?;
        Ok(Self { owner_url: server.url(NAME), app_url: server.app_url(NAME), server: Some(server) })
    }

    /// Brings the schema up to date, and lets the services' login act in their roles.
    pub async fn migrate(&self) -> anyhow::Result<Vec<String>> {
        let ran = zerosum_ledger::migrate(&self.owner_url).await.context("migrating the database failed")?;
        let login =
            self.app_url.parse::<Config>().ok().and_then(|config| config.get_user().map(str::to_owned));
        grant(&self.owner().await?, login.as_deref().unwrap_or(APP_ROLE)).await?;
        Ok(ran)
    }

    /// A connection as the owner.
    pub async fn owner(&self) -> anyhow::Result<Client> {
        connect(&self.owner_url).await
    }

    pub async fn close(self) -> anyhow::Result<()> {
        match self.server {
            Some(server) => Ok(server.stop().await?),
            None => Ok(()),
        }
    }

    async fn check(&self) -> anyhow::Result<()> {
        let client = self.owner().await?;
        let row = client
            .query_one(
                "select current_setting('server_version_num')::int, current_setting('server_version')",
                &[],
            )
            .await
            .context("asking the database for its version failed")?;
        let (number, version): (i32, String) = (row.get(0), row.get(1));
        // 150004 is 15.4.
        if u32::try_from(number / 10_000).is_ok_and(|major| major < VERSION_MIN) {
            bail!(
                "the database of DATABASE_URL is PostgreSQL {version}: use PostgreSQL {VERSION_MIN} or newer"
            );
        }
        Ok(())
    }
}

/// Makes `login` a member of the roles that services act in. A superuser needs no membership, and the grant
/// does no harm.
pub async fn grant(owner: &Client, login: &str) -> anyhow::Result<()> {
    let statement = format!("grant zerosum_app, zerosum_read to {}", quoted(login));
    owner
        .batch_execute(&statement)
        .await
        .with_context(|| format!("letting {login} act as the services failed"))
}

pub fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// An empty variable is how some environments say "unset".
fn named(args: &DatabaseArgs) -> Option<&str> {
    args.database_url.as_deref().filter(|url| !url.is_empty())
}

async fn start(args: &DatabaseArgs) -> Result<Server, Error> {
    let mut search = Search::from_env();
    search.pg_bin = args.pg_bin.clone().filter(|dir| !dir.as_os_str().is_empty());
    let config = zerosum_embedded_postgres::Config::kept(absolute(&args.folder.data_dir)).search(search);
    Server::start(config).await
}

fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Connects to `url`, and says what to do when that fails; never with the password.
pub async fn connect(url: &str) -> anyhow::Result<Client> {
    let config: Config = url.parse().map_err(|_| {
        anyhow!("the database URL cannot be read: write postgresql://user:password@host:port/database")
    })?;
    let (client, connection) = config.connect(NoTls).await.map_err(|error| explain(&config, error))?;
    // It ends by itself when the client is dropped.
    tokio::spawn(connection);
    Ok(client)
}

fn explain(config: &Config, error: tokio_postgres::Error) -> anyhow::Error {
    let host = match config.get_hosts().first() {
        Some(tokio_postgres::config::Host::Tcp(host)) => host.clone(),
        Some(tokio_postgres::config::Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let place = format!("{host}:{}", config.get_ports().first().unwrap_or(&5432));
    let name = config.get_dbname().or(config.get_user()).unwrap_or_default();
    let what = match error.code() {
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
            format!(
                "there is no database {name:?} at {place}: create it (createdb {name}), or correct DATABASE_URL"
            )
        }
        Some(code) if *code == SqlState::INVALID_PASSWORD => {
            format!("the database at {place} refuses the user or password of DATABASE_URL: correct them")
        }
        Some(_) => format!("the database {name:?} at {place} does not let us in"),
        None => format!(
            "no database answers at {place}: start it, correct DATABASE_URL, or unset DATABASE_URL to let zerosum run its own"
        ),
    };
    anyhow::Error::new(error).context(what)
}
