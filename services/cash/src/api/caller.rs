//! What every handler takes from a call: the brand and the user.

use zerosum_domain::{BrandId, Cents, Invalid};
use zerosum_edge::{Call, Problem};

use crate::command::text::UserId;

/// The caller's brand, which is the brand that the request names.
pub(super) fn brand(call: &Call, named: &str) -> Result<BrandId, Problem> {
    call.principal.must_be_of(named)?;
    BrandId::parse(named).map_err(|_| Problem::forbidden("brand_id: this brand is not set up"))
}

/// The brand and the user that a read names.
pub(super) fn account_of_query(call: &Call) -> Result<(BrandId, UserId), Problem> {
    let text = |name| call.query_text(name).unwrap_or_default();
    let brand = brand(call, text("brand_id"))?;
    let user = UserId::parse(text("user_id"))
        .map_err(|invalid| Problem::invalid(format!("query parameter user_id: {invalid}")))?;
    Ok((brand, user))
}

pub(super) fn cents(amount: i64) -> Result<Cents, Problem> {
    Cents::new(amount).map_err(field("amount_cents"))
}

/// What a value object says of a field, as the caller is told.
pub(super) fn field(name: &'static str) -> impl FnOnce(Invalid) -> Problem {
    move |invalid| Problem::invalid(format!("/{name}: {invalid}"))
}
