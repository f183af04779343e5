//! Reads what a lane does not remember, ahead of the batch that needs it and without locks: what is decided on it is
//! confirmed when it is written.

use std::{collections::HashMap, sync::Arc};

use futures_util::join;
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::{Error, types::ToSql};
use zerosum_domain::BrandId;

use super::{Attempt, Missing, classify, moment, open_books};
use crate::{
    book::Book,
    engine::{Clock, ROUND_TRIP_MAX, StateMachine, Stats, read, session::Session},
};

/// What was seen: brands that take writes, with those of the accounts that there are.
pub(in crate::engine) struct Seen {
    pub books: HashMap<BrandId, Book>,
    pub now: Option<Timestamp>,
}

/// Its first poll sends all of it.
pub(in crate::engine) async fn scout<M: StateMachine>(
    session: Arc<Session<M>>,
    stats: Arc<Stats>,
    clock: Clock,
    missing: Missing,
) -> Result<Seen, Attempt> {
    Stats::add(&stats.round_trips, 1);
    let brands: Vec<i64> = missing.brands.iter().map(|brand| brand.key().get()).collect();
    let params: [&(dyn ToSql + Sync); 1] = [&brands];
    let db = session.db();
    let reading = async {
        let (renewed, ledger, brand_rows) = join!(
            session.renew_plans(),
            read::unlocked(&session, &missing.wants),
            db.query(&session.statements.read_brands, &params),
        );
        renewed?;
        let (ledger, brand_rows) = (ledger?, brand_rows?);
        let now = if brand_rows.is_empty() { None } else { Some(moment(&clock, &brand_rows)?) };
        let (mut books, halted) = open_books(&brand_rows)?;
        books.retain(|brand, _| !halted.contains(brand));
        ledger.into_books(&mut books)?;
        Ok(Seen { books, now })
    };
    let seen = timeout(ROUND_TRIP_MAX, reading).await.map_err(|_silent| Attempt::Unavailable)?;
    seen.map_err(|error: Error| classify::<M>(&error))
}
