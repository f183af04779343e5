//! What a service asks of a PostgreSQL server before it serves: a version that we support, a schema that is there,
//! and durability. A server that may forget a commit that it has acknowledged is refused.

use tokio_postgres::{Client, Config, Error, NoTls};

/// The oldest major version whose plans and features the statements were measured on.
const VERSION_MIN: i32 = 150_000;

/// A server that forgets acknowledged commits when it loses power must not keep money.
const DURABLE: &[&str] = &["fsync", "synchronous_commit", "full_page_writes"];

/// Why a database cannot be served from. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error(
        "the database cannot be reached: check DATABASE_URL, and that PostgreSQL is running and lets this login in"
    )]
    Unreachable(#[source] Error),
    #[error("PostgreSQL {found} is too old: version 15 or newer is needed")]
    Version { found: String },
    #[error(
        "{setting} is off, so an acknowledged payment could be lost: turn it on, or start with --i-accept-data-loss"
    )]
    NotDurable { setting: &'static str },
    #[error("the database has no ledger schema: run `zerosum migrate` against it as its owner")]
    NotMigrated,
    #[error(
        "this login may not act as {role}: run `zerosum migrate`, then `grant {role} to` it as the owner"
    )]
    MissingRole { role: &'static str },
}

/// Checks the server behind this address. `accept_data_loss` skips the durability check only; it is for tests.
pub async fn check_server(database: &Config, accept_data_loss: bool) -> Result<(), Unfit> {
    let (client, connection) = database.connect(NoTls).await.map_err(Unfit::Unreachable)?;
    // Ends with the client.
    let connection = tokio::spawn(connection);
    let checked = check(&client, accept_data_loss).await;
    drop(client);
    let _ended = connection.await;
    checked
}

async fn check(client: &Client, accept_data_loss: bool) -> Result<(), Unfit> {
    let version: i32 = setting(client, "server_version_num").await?.parse().unwrap_or_default();
    if version < VERSION_MIN {
        return Err(Unfit::Version { found: setting(client, "server_version").await? });
    }
    if !accept_data_loss {
        for setting_name in DURABLE {
            if setting(client, setting_name).await? == "off" {
                return Err(Unfit::NotDurable { setting: setting_name });
            }
        }
    }
    let migrated = "select to_regclass('ledger.entries') is not null";
    if !one::<bool>(client, migrated).await? {
        return Err(Unfit::NotMigrated);
    }
    for role in ["zerosum_app", "zerosum_read"] {
        let member = format!("select pg_has_role(current_user, '{role}', 'member')");
        if !one::<bool>(client, &member).await? {
            return Err(Unfit::MissingRole { role });
        }
    }
    Ok(())
}

async fn setting(client: &Client, name: &str) -> Result<String, Unfit> {
    one(client, &format!("select current_setting('{name}')")).await
}

async fn one<T: for<'a> tokio_postgres::types::FromSql<'a>>(client: &Client, sql: &str) -> Result<T, Unfit> {
    let row = client.query_one(sql, &[]).await.map_err(Unfit::Unreachable)?;
    row.try_get(0).map_err(Unfit::Unreachable)
}
