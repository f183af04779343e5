//! Lots and holds: new ones, and what became of known ones.

use jiff::Timestamp;
use tokio_postgres::Error;
use zerosum_domain::BrandKey;

use super::{Books, Params, array_literal, brands, column};
use crate::{
    book::{Hold, Lot},
    engine::{
        StateMachine,
        fault_points::{FaultPoint, reach},
        session::Session,
    },
};

pub(super) async fn new_lots<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingLots);
    let new: Vec<(BrandKey, &Lot)> =
        books.rows(|book| book.tape().new_lots.iter().filter_map(|id| book.lot(*id)));
    if new.is_empty() {
        return Ok(());
    }
    let brands = brands(&new);
    let accounts = column(&new, |lot| lot.account.uuid());
    let ids = column(&new, |lot| lot.id.uuid());
    let expires = column(&new, |lot| lot.expires_at);
    let remaining = column(&new, |lot| lot.remaining);
    let held = column(&new, |lot| lot.held);
    let params: Params<'_, 7> = [&brands, &accounts, &ids, &expires, &remaining, &held, &now];
    session.db().execute(&session.statements.insert_lots, &params).await.map(drop)
}

pub(super) async fn changed_lots<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
) -> Result<(), Error> {
    let changed: Vec<(BrandKey, &Lot)> =
        books.rows(|book| book.changed_lots().filter(|lot| !book.tape().new_lots.contains(&lot.id)));
    if changed.is_empty() {
        return Ok(());
    }
    let brands = brands(&changed);
    let ids = column(&changed, |lot| lot.id.uuid());
    let remaining = column(&changed, |lot| lot.remaining);
    let held = column(&changed, |lot| lot.held);
    let expires = column(&changed, |lot| lot.expires_at);
    let params: Params<'_, 5> = [&brands, &ids, &remaining, &held, &expires];
    session.db().execute(&session.statements.update_lots, &params).await.map(drop)
}

pub(super) async fn new_holds<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    reach(FaultPoint::WritingHolds);
    let new: Vec<(BrandKey, &Hold)> =
        books.rows(|book| book.tape().new_holds.iter().filter_map(|id| book.known_hold(*id)));
    if new.is_empty() {
        return Ok(());
    }
    let brands = brands(&new);
    let ids = column(&new, |hold| hold.id.uuid());
    let accounts = column(&new, |hold| hold.account.uuid());
    let amounts = column(&new, |hold| hold.amount);
    let lots = column(&new, |hold| array_literal(hold.lots.iter().map(|drawn| drawn.lot)));
    let lot_amounts = column(&new, |hold| array_literal(hold.lots.iter().map(|drawn| drawn.amount)));
    let statuses = column(&new, |hold| hold.status.as_str());
    let captured = column(&new, |hold| hold.captured);
    let expires = column(&new, |hold| hold.expires_at);
    let params: Params<'_, 10> =
        [&brands, &ids, &accounts, &amounts, &lots, &lot_amounts, &statuses, &captured, &expires, &now];
    session.db().execute(&session.statements.insert_holds, &params).await.map(drop)
}

pub(super) async fn changed_holds<M: StateMachine>(
    session: &Session<M>,
    books: &Books<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let changed: Vec<(BrandKey, &Hold)> =
        books.rows(|book| book.changed_holds().filter(|hold| !book.tape().new_holds.contains(&hold.id)));
    if changed.is_empty() {
        return Ok(());
    }
    let brands = brands(&changed);
    let ids = column(&changed, |hold| hold.id.uuid());
    let statuses = column(&changed, |hold| hold.status.as_str());
    let captured = column(&changed, |hold| hold.captured);
    let params: Params<'_, 5> = [&brands, &ids, &statuses, &captured, &now];
    session.db().query(&session.statements.update_holds, &params).await.map(drop)
}
