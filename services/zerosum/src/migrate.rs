//! `zerosum migrate`: brings the database up to date, as its owner.

use std::process::ExitCode;

use anyhow::Context;
use tokio_postgres::Client;
use zerosum_embedded_postgres::APP_ROLE;

use crate::config::MigrateArgs;
use crate::database::{self, Database};

pub async fn run(args: MigrateArgs) -> anyhow::Result<ExitCode> {
    let database = Database::open_or_join(&args.database).await?;
    let ran = database.migrate().await?;
    if ran.is_empty() {
        println!("the database is up to date");
    }
    for name in ran {
        println!("ran {name}");
    }
    if let Some(password) = &args.app_password {
        let owner = database.owner().await?;
        make_login(&owner, password).await?;
        println!("the services can log in as {APP_ROLE}");
    }
    database.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// The role that services log in as. It owns nothing and can do what its groups can.
async fn make_login(owner: &Client, password: &str) -> anyhow::Result<()> {
    let known = owner
        .query_opt("select from pg_roles where rolname = $1", &[&APP_ROLE])
        .await
        .context("looking for the login role failed")?;
    let verb = if known.is_some() { "alter" } else { "create" };
    // A slow or failing statement is logged as it is, which is not for a password. Only a superuser may say so.
    let _ =
        owner.batch_execute("set log_min_duration_statement = -1; set log_min_error_statement = panic").await;
    // The server quotes the password: a statement like this one takes no parameters.
    let row = owner
        .query_one("select format('role %I login password %L', $1::text, $2::text)", &[&APP_ROLE, &password])
        .await
        .context("quoting the password failed")?;
    let statement: String = row.get(0);
    owner.batch_execute(&format!("{verb} {statement}")).await.context("making the login role failed")?;
    database::grant(owner, APP_ROLE).await
}
