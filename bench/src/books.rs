//! Brands and accounts to post to, made by SQL: opening accounts is not what is measured.

mod fill;
mod indexes;

use std::sync::Arc;

use anyhow::Context as _;
use tokio_postgres::Client;
use uuid::Uuid;

pub use fill::fill;

use crate::{stage::Database, traffic::Accounts};

/// Of an account that a scenario spends from: no run reaches its floor of zero.
const FUNDS: i64 = 1_000_000_000_000_000;

/// A brand and its accounts; the first has a floor of zero and funds.
#[derive(Debug, Clone)]
pub struct Brand {
    pub id: String,
    pub accounts: Accounts,
    pub ids: Arc<Vec<Uuid>>,
}

/// `count` brands that share `accounts` accounts evenly.
pub async fn open(database: &Database, count: usize, accounts: usize) -> anyhow::Result<Vec<Brand>> {
    let client = database.owner().await?;
    let mut brands = Vec::with_capacity(count);
    for number in 0..count {
        brands.push(open_one(&client, number, accounts / count).await.context("opening the accounts")?);
    }
    drop(client);
    database.settle().await?;
    Ok(brands)
}

async fn open_one(client: &Client, number: usize, accounts: usize) -> anyhow::Result<Brand> {
    let id = format!("brand-{number:03}");
    let ids: Vec<Uuid> = (0..accounts).map(|place| id_of(number, place)).collect();
    client.execute(include_str!("books/open.sql"), &[&id, &ids]).await?;
    if let [hot, other, ..] = &ids[..] {
        let fund = id_of(number, accounts);
        client.execute(include_str!("books/fund.sql"), &[&id, hot, other, &FUNDS, &fund]).await?;
    }
    let texts = ids.iter().map(|id| {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        id.hyphenated().encode_lower(&mut text);
        text
    });
    Ok(Brand { accounts: Arc::new(texts.collect()), id, ids: Arc::new(ids) })
}

/// Version 7 in form, so that ids are local as the engine's are: of the accounts, and behind them of what funds one.
fn id_of(brand: usize, place: usize) -> Uuid {
    const FIRST: u128 = 0x0193_a1f0_0000_7000_8000_0000_0000_0000;
    let widen = |number: usize| u128::try_from(number).unwrap_or(u128::MAX);
    Uuid::from_u128(FIRST + (widen(brand) << 32) + widen(place))
}
