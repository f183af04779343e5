//! What every handler takes from a call: the brand, ids, moments and pages.

use jiff::Timestamp;
use zerosum_domain::BrandId;
use zerosum_edge::{Call, Problem, cursor, date_time};

use crate::store::Window;

pub(super) fn brand(call: &Call) -> Result<BrandId, Problem> {
    BrandId::parse(call.brand()).map_err(|_| Problem::forbidden("the brand of the caller is not set up"))
}

/// The moment that a read is asked for.
pub(super) fn at(call: &Call) -> Result<Option<Timestamp>, Problem> {
    call.query_text("at").map(|text| date_time::parse(text, "query parameter at")).transpose()
}

/// The page that is asked for of this list, whose positions are `N` bytes.
pub(super) fn window<const N: usize, K>(
    call: &Call,
    list: &str,
    key: impl FnOnce([u8; N]) -> K,
) -> Result<Window<K>, Problem> {
    let before = call.query_text("cursor").map(|text| cursor::open::<N>(list, text)).transpose()?;
    let limit = call.query_integer("limit").and_then(|limit| usize::try_from(limit).ok());
    Ok(Window { before: before.map(key), limit: limit.unwrap_or(LIMIT_DEFAULT) })
}

/// As in the document, which also has the bounds.
const LIMIT_DEFAULT: usize = 50;
