//! Migrations: one forward stream, in the repository's `migrations/`, compiled in.
//!
//! They run as the owner of the database, never as the application role.
//! Two processes that migrate at once are safe: an advisory lock lets one wait for the other.

use refinery::{Migration, Runner};
use tokio_postgres::{Config, NoTls};

/// Each file is `YYYYMMDDHHMMSS_verb_object.sql`.
const MIGRATIONS: &[(&str, &str)] = &[
    ("20261120100000_create_ledger", include_str!("../../../migrations/20261120100000_create_ledger.sql")),
    ("20261120110000_create_wallet", include_str!("../../../migrations/20261120110000_create_wallet.sql")),
    ("20261130060000_chain_batches", include_str!("../../../migrations/20261130060000_chain_batches.sql")),
    (
        "20261130061000_vacuum_new_rows",
        include_str!("../../../migrations/20261130061000_vacuum_new_rows.sql"),
    ),
    ("20261130120000_pace_vacuum", include_str!("../../../migrations/20261130120000_pace_vacuum.sql")),
    ("20261130140000_key_rows_by_id", include_str!("../../../migrations/20261130140000_key_rows_by_id.sql")),
    ("20261201030000_share_answers", include_str!("../../../migrations/20261201030000_share_answers.sql")),
    (
        "20261201160000_keep_figures_with_balances",
        include_str!("../../../migrations/20261201160000_keep_figures_with_balances.sql"),
    ),
];

/// Any number that nothing else in the database locks: "zerosum" in ASCII.
const LOCK: i64 = 0x007a_6572_6f73_756d;

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("cannot connect to the database to migrate it")]
    Connect(#[source] tokio_postgres::Error),
    #[error("the migration lock cannot be taken")]
    Lock(#[source] tokio_postgres::Error),
    #[error("a migration's name is not of the form version_name")]
    Name(#[source] refinery::Error),
    #[error("a migration failed; nothing of it was kept")]
    Run(#[source] refinery::Error),
}

/// Brings the database up to date; answers the names of the migrations that it ran.
pub async fn migrate(url: &str) -> Result<Vec<String>, MigrateError> {
    let config: Config = url.parse().map_err(MigrateError::Connect)?;
    let (mut client, connection) = config.connect(NoTls).await.map_err(MigrateError::Connect)?;
    let connection = tokio::spawn(connection);
    client.query_one("select pg_advisory_lock($1)::text", &[&LOCK]).await.map_err(MigrateError::Lock)?;
    let migrations = MIGRATIONS.iter().map(|(file, sql)| {
        // The library's own names are V<version>__<name>.
        let name = file
            .split_once('_')
            .map_or_else(|| (*file).to_owned(), |(version, name)| format!("V{version}__{name}"));
        Migration::unapplied(&name, sql)
    });
    let migrations: Vec<Migration> = migrations.collect::<Result<_, _>>().map_err(MigrateError::Name)?;
    let report = Runner::new(&migrations).run_async(&mut client).await.map_err(MigrateError::Run)?;
    drop(client);
    // The connection's task ends with the client, which also releases the lock.
    let _ended = connection.await;
    Ok(report.applied_migrations().iter().map(|migration| migration.name().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_file_is_compiled_in_under_its_own_name() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap().trim_end_matches(".sql").to_owned())
            .collect();
        files.sort();
        let compiled: Vec<&str> = MIGRATIONS.iter().map(|(name, _)| *name).collect();
        assert_eq!(files, compiled);
    }

    #[test]
    fn every_migration_says_why_and_what_it_locks() {
        for (name, sql) in MIGRATIONS {
            let mut lines = sql.lines();
            assert!(lines.next().is_some_and(|line| line.starts_with("-- Why: ")), "{name}");
            assert!(lines.next().is_some_and(|line| line.starts_with("-- Locks: ")), "{name}");
        }
    }
}
