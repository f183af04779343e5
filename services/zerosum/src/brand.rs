//! `zerosum brand create`: a brand, its settings, and the client that signs its requests.

use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use serde::Serialize;
use tokio_postgres::Client;

use crate::config::BrandArgs;
use crate::database::Database;

pub mod halt;
pub mod wallet;

/// What a new brand is called and deals in.
#[derive(Debug)]
pub struct NewBrand<'a> {
    pub brand_id: &'a str,
    pub name: &'a str,
    pub currency: &'a str,
}

/// The client of a brand, secret included: shown to the operator once, when it was made.
#[derive(Serialize)]
pub struct Credentials {
    pub brand_id: String,
    pub client_id: String,
    pub client_secret: String,
}

pub async fn run(args: BrandArgs) -> anyhow::Result<ExitCode> {
    let database = Database::open_or_join(&args.database).await?;
    database.migrate().await?;
    let owner = database.owner().await?;
    let brand = NewBrand {
        brand_id: &args.brand_id,
        name: args.name.as_deref().unwrap_or(&args.brand_id),
        currency: &args.currency,
    };
    let made = create(&owner, &brand).await;
    drop(owner);
    database.close().await?;
    match made? {
        Some(credentials) => {
            println!("{}", serde_json::to_string(&credentials).context("writing the answer failed")?);
            Ok(ExitCode::SUCCESS)
        }
        None => bail!("the brand {:?} exists already: choose another id", args.brand_id),
    }
}

/// Makes all of it in one statement, or nothing: `None` when the brand exists.
pub async fn create(owner: &Client, brand: &NewBrand<'_>) -> anyhow::Result<Option<Credentials>> {
    let credentials = Credentials {
        brand_id: brand.brand_id.to_owned(),
        // Ten digits, like the published clients have.
        client_id: format!("{:010}", random_below(10_000_000_000)?),
        client_secret: random_hex()?,
    };
    let made = owner
        .execute(
            "with brand as (
               insert into ledger.brands (brand_id, name, currency) values ($1, $2, $3)
               on conflict do nothing
               returning brand_key, brand_id, name
             ), settings as (
               insert into wallet.brand_settings (brand_key, unit_id, unit_name)
               select brand_key, brand_id, name from brand
             )
             insert into wallet.clients (brand_key, client_id, name, secret)
             select brand_key, $4, name, $5 from brand",
            &[
                &brand.brand_id,
                &brand.name,
                &brand.currency,
                &credentials.client_id,
                &credentials.client_secret,
            ],
        )
        .await
        .context("making the brand failed")?;
    Ok((made == 1).then_some(credentials))
}

fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("asking for random bytes failed: {error}"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn random_below(bound: u64) -> anyhow::Result<u64> {
    // 64 bits over a bound of 34 bits: the skew is below one in a billion, and an id is no secret.
    Ok(getrandom::u64().map_err(|error| anyhow!("asking for random bytes failed: {error}"))? % bound)
}
