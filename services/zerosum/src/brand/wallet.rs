//! `zerosum brand set` and `zerosum permission set|list|remove`: what a brand decides of its points.
//!
//! The services read both with every batch and every read, so a change takes effect at once. Rules are set here one by
//! one and by PUT /services/permissions all at once, one after another whoever sets them; what they mean is
//! wallet-spend's.

use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::Serialize;
use tokio_postgres::{Client, GenericClient, Transaction};

use crate::config::{BrandSetArgs, OneBrandArgs, PermissionSetArgs, PermissionSubjectArgs};
use crate::database::Database;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SettingsView {
    brand_id: String,
    lock_seconds: i32,
    refund_grace_days: i32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleView {
    subject: String,
    status: Option<String>,
    state: Option<String>,
    may_earn: bool,
    may_spend: bool,
}

pub async fn set(args: BrandSetArgs) -> anyhow::Result<ExitCode> {
    let database = Database::open_or_join(&args.brand.database).await?;
    let owner = database.owner().await?;
    let set = change(&owner, &args).await;
    drop(owner);
    database.close().await?;
    println!("{}", serde_json::to_string(&set?).context("writing the answer failed")?);
    Ok(ExitCode::SUCCESS)
}

/// A figure that is not given stays; a brand without settings gets those of a new brand.
async fn change(owner: &Client, args: &BrandSetArgs) -> anyhow::Result<SettingsView> {
    let sql = "
        with made as (
          insert into wallet.brand_settings (brand_key, unit_id, unit_name)
          select brand_key, brand_id, name from ledger.brands where brand_id = $1
          on conflict (brand_key) do nothing
        )
        select count(*) from ledger.brands where brand_id = $1";
    let known: i64 =
        owner.query_one(sql, &[&args.brand.brand_id]).await.context("asking for the brand failed")?.get(0);
    if known == 0 {
        bail!("there is no brand {:?}", args.brand.brand_id);
    }
    let sql = "
        update wallet.brand_settings
           set lock_seconds = coalesce($2, lock_seconds), refund_grace_days = coalesce($3, refund_grace_days)
         where brand_key = ledger.brand_key($1)
        returning $1, lock_seconds, refund_grace_days";
    let row = owner
        .query_one(sql, &[&args.brand.brand_id, &args.lock_seconds, &args.refund_grace_days])
        .await
        .context("changing the settings failed")?;
    Ok(SettingsView {
        brand_id: row.try_get(0)?,
        lock_seconds: row.try_get(1)?,
        refund_grace_days: row.try_get(2)?,
    })
}

pub async fn list(args: OneBrandArgs) -> anyhow::Result<ExitCode> {
    let database = Database::open_or_join(&args.database).await?;
    let rules = rules(&database.owner().await?, &args.brand_id).await;
    database.close().await?;
    print(&rules?)
}

pub async fn permit(args: PermissionSetArgs) -> anyhow::Result<ExitCode> {
    let PermissionSubjectArgs { brand, subject, status, state } = &args.about;
    let database = Database::open_or_join(&brand.database).await?;
    let mut owner = database.owner().await?;
    let rules = async {
        let alone = alone_at_the_rules(&mut owner, &brand.brand_id).await?;
        // The key takes two nulls for the same.
        let sql = "
            insert into wallet.permission_rules (brand_key, subject, status, state, may_earn, may_spend)
            values (ledger.brand_key($1), $2, $3, $4, $5, $6)
            on conflict on constraint permission_rules_key
            do update set may_earn = excluded.may_earn, may_spend = excluded.may_spend";
        let (may_earn, may_spend) = (!args.no_earn, !args.no_spend);
        alone
            .execute(sql, &[&brand.brand_id, subject, status, state, &may_earn, &may_spend])
            .await
            .context("changing the rules failed")?;
        let rules = rules(&alone, &brand.brand_id).await?;
        alone.commit().await.context("changing the rules failed")?;
        Ok(rules)
    };
    let rules: anyhow::Result<_> = rules.await;
    drop(owner);
    database.close().await?;
    print(&rules?)
}

pub async fn remove(args: PermissionSubjectArgs) -> anyhow::Result<ExitCode> {
    let PermissionSubjectArgs { brand, subject, status, state } = &args;
    let database = Database::open_or_join(&brand.database).await?;
    let mut owner = database.owner().await?;
    let left = async {
        let alone = alone_at_the_rules(&mut owner, &brand.brand_id).await?;
        let sql =
            "delete from wallet.permission_rules where brand_key = ledger.brand_key($1) and subject = $2
                     and status is not distinct from $3 and state is not distinct from $4";
        let removed = alone.execute(sql, &[&brand.brand_id, subject, status, state]).await;
        if removed.context("removing the rule failed")? == 0 {
            bail!("brand {:?} has no such rule", brand.brand_id);
        }
        let left = rules(&alone, &brand.brand_id).await?;
        alone.commit().await.context("removing the rule failed")?;
        Ok(left)
    };
    let left: anyhow::Result<_> = left.await;
    drop(owner);
    database.close().await?;
    print(&left?)
}

/// A transaction that has the brand's rules to itself, with the lock that PUT /services/permissions takes. Without it a
/// rule that is set while a PUT replaces them all would break the PUT, or survive it and make a mixture of both.
#[expect(clippy::disallowed_methods, reason = "an operator's settings: no money is written")]
async fn alone_at_the_rules<'a>(owner: &'a mut Client, brand_id: &str) -> anyhow::Result<Transaction<'a>> {
    let transaction = owner.transaction().await.context("changing the rules failed")?;
    rules(&transaction, brand_id).await?;
    let lock = "select pg_advisory_xact_lock(hashtextextended('wallet.permission_rules ' || ledger.brand_key($1), 0))";
    transaction.execute(lock, &[&brand_id]).await.context("waiting for the rules failed")?;
    Ok(transaction)
}

async fn rules(owner: &impl GenericClient, brand_id: &str) -> anyhow::Result<Vec<RuleView>> {
    let known = owner.query_opt("select 1 from ledger.brands where brand_id = $1", &[&brand_id]).await;
    if known.context("asking for the brand failed")?.is_none() {
        bail!("there is no brand {brand_id:?}");
    }
    let sql =
        "select subject, status, state, may_earn, may_spend from wallet.permission_rules where brand_key = ledger.brand_key($1)
                order by subject, status nulls first, state nulls first";
    let rows = owner.query(sql, &[&brand_id]).await.context("asking for the rules failed")?;
    let rule = |row: &tokio_postgres::Row| -> anyhow::Result<RuleView> {
        Ok(RuleView {
            subject: row.try_get(0)?,
            status: row.try_get(1)?,
            state: row.try_get(2)?,
            may_earn: row.try_get(3)?,
            may_spend: row.try_get(4)?,
        })
    };
    rows.iter().map(rule).collect()
}

fn print(rules: &[RuleView]) -> anyhow::Result<ExitCode> {
    let shown = serde_json::json!({ "rules": rules });
    println!("{}", serde_json::to_string(&shown).context("writing the answer failed")?);
    Ok(ExitCode::SUCCESS)
}
