//! One repeatable-read, read-only transaction, as the application role.

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};

use super::{Report, VerifyError};

/// Memory of one sort or hash of a check. Enough to sort ten million entries in a few runs, and what the smallest
/// machine that this is meant for can lend.
const WORK_MEM: &str = "128MB";

/// A check reads whole tables, and what it takes out of JSON has no statistics: a join that the planner believes to be
/// tiny, and loops over, would take the square of the time.
const JOINS: &str = "-c enable_nestloop=off";
/// A look-up is a loop. What it finds is never asked for again: to keep it in mind (`Memoize`) took minutes for what takes
/// seconds.
pub(super) const LOOKUPS: &str = "-c enable_memoize=off";

/// Runs `checks` on one snapshot, and tells them its moment.
pub(super) async fn with<F>(url: &str, checks: F) -> Result<Report, VerifyError>
where
    F: AsyncFnOnce(&Client, Timestamp) -> Result<Report, VerifyError>,
{
    let (client, connection) = connect(url, JOINS).await?;
    let report = on_one(&client, checks).await;
    drop(client);
    let _ended = connection.await;
    report
}

/// Another connection that sees what this one sees, for look-ups on a second core.
pub(super) async fn beside(client: &Client, url: &str) -> Result<Client, VerifyError> {
    let row = client.query_one("select pg_export_snapshot()", &[]).await.map_err(VerifyError::Snapshot)?;
    let snapshot: String = row.try_get(0).map_err(VerifyError::Snapshot)?;
    let (second, _ends_with_its_client) = connect(url, LOOKUPS).await?;
    let begin = "begin isolation level repeatable read read only; set transaction snapshot";
    second.batch_execute(&format!("{begin} '{snapshot}'")).await.map_err(VerifyError::Snapshot)?;
    Ok(second)
}

pub(super) async fn connect(
    url: &str,
    plans: &str,
) -> Result<(Client, JoinHandle<Result<(), tokio_postgres::Error>>), VerifyError> {
    let mut config: Config = url.parse().map_err(VerifyError::Connect)?;
    let options = format!(
        "{} -c role=zerosum_app -c statement_timeout=0 -c work_mem={WORK_MEM} -c jit=off {plans}",
        config.get_options().unwrap_or_default()
    );
    config.options(options).application_name("zerosum verify");
    let (client, connection) = config.connect(NoTls).await.map_err(VerifyError::Connect)?;
    // It ends with the client, and its error is also the error of the statement that it broke.
    Ok((client, tokio::spawn(connection)))
}

async fn on_one<F>(client: &Client, checks: F) -> Result<Report, VerifyError>
where
    F: AsyncFnOnce(&Client, Timestamp) -> Result<Report, VerifyError>,
{
    client
        .batch_execute("begin isolation level repeatable read read only")
        .await
        .map_err(VerifyError::Snapshot)?;
    // The first statement takes the snapshot.
    let row = client.query_one("select clock_timestamp()", &[]).await.map_err(VerifyError::Snapshot)?;
    let report = checks(client, row.try_get(0).map_err(VerifyError::Snapshot)?).await?;
    // Nothing was changed, so ending the transaction matters only to the connection, which ends too.
    client.batch_execute("commit").await.map_err(VerifyError::Snapshot)?;
    Ok(report)
}
