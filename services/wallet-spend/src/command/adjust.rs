//! PATCH /wallet/{w}/account/{a}/credit|debit|earn|spend: points by hand.

use super::{Adjust, AdjustKind, Refused, case::Case, done::Done, event::Told, note::Note, points::Lifetime};
use crate::{
    model::Event,
    view::{AccountShown, keep_details},
};

pub(super) fn decide(case: &mut Case<'_, '_>, adjust: &Adjust) -> Result<Done, Refused> {
    case.wallet(adjust.wallet)?;
    case.account(adjust.wallet, adjust.account)?;
    case.lapse(adjust.wallet)?;
    let row = case.account(adjust.wallet, adjust.account)?;
    let scheme = case.scheme(row.account.scheme)?;
    let points = adjust.points.get();
    let note =
        Note { details: keep_details(adjust.details.as_ref(), &adjust.location, None), ..Note::default() };
    let spent = Lifetime { given: 0, spent: points, spent_value: adjust.money.get() };
    let (moved, event) = match adjust.kind {
        AdjustKind::Credit => {
            (case.give(&row, &scheme, Event::Credit, points, note)?, "WALLET.ACCOUNT.CREDIT")
        }
        AdjustKind::Earn => (case.give(&row, &scheme, Event::Earn, points, note)?, "WALLET.ACCOUNT.EARN"),
        AdjustKind::Debit => {
            let taken = case.take(&row, &scheme, Event::Debit, points, Lifetime::default(), note)?;
            (taken, "WALLET.ACCOUNT.DEBIT")
        }
        AdjustKind::Spend => {
            (case.take(&row, &scheme, Event::Spend, points, spent, note)?, "WALLET.ACCOUNT.SPEND")
        }
    };
    let mut told = Told::new();
    told.account_transaction(&moved.transaction, &moved.account, AccountShown::EventAfter);
    let done = Done::Adjusted(Box::new(moved));
    told.emit(case, event, &done);
    case.commit();
    Ok(done)
}
