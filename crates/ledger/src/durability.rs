//! Whether the database keeps what it acknowledges.

use tokio_postgres::{Config, NoTls};

/// With one of these off, a crash of the server loses acknowledged money.
const SETTINGS: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];

#[derive(Debug, thiserror::Error)]
pub enum DurabilityError {
    #[error("cannot ask the database whether it keeps what it acknowledges")]
    Ask(#[source] tokio_postgres::Error),
    #[error("the database would lose acknowledged money in a crash: turn on {off}, or say --i-accept-data-loss")]
    Off { off: String },
}

/// An error unless every acknowledged commit is flushed. Ask as the services log in: settings may differ by role.
pub async fn refuse_data_loss(database: &Config) -> Result<(), DurabilityError> {
    let (client, connection) = database.connect(NoTls).await.map_err(DurabilityError::Ask)?;
    // It ends with the client.
    let connection = tokio::spawn(connection);
    let off = "select name from pg_settings where name = any ($1) and setting = 'off' order by name";
    let rows = client.query(off, &[&&SETTINGS[..]]).await.map_err(DurabilityError::Ask)?;
    let names = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<&str>, _>>();
    let off = names.map_err(DurabilityError::Ask)?.join(", ");
    drop(client);
    let _ended = connection.await;
    if off.is_empty() { Ok(()) } else { Err(DurabilityError::Off { off }) }
}
