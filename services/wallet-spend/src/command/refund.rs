//! POST /connect/wallet/refund: what was earned is taken back, or what was spent is given back.

use std::sync::Arc;

use zerosum_domain::LotId;
use zerosum_ledger::book::Drawn;

use super::{
    Refund, Refused,
    case::Case,
    done::{Done, Moved, Refunded},
    event::{self, Beside},
    ids::Kind,
    note::Note,
    open::purchase,
    points::Lifetime,
};
use crate::{
    model::{
        Event, PointsResults, TransactionStatus, TransactionType, WalletTransaction, WalletTransactionId,
    },
    view::keep_details,
};

/// Account transactions that one refund makes at most: as many as a settle may give.
pub(super) const GIFTS_MAX: usize = 100;

pub(super) fn decide(case: &mut Case<'_, '_>, refund: &Refund) -> Result<Done, Refused> {
    case.must_be_new(&refund.reference)?;
    let not_found = || Refused::TransactionNotFound { reference: refund.original.clone() };
    let original = case.transaction_by_reference(&refund.original).ok_or_else(not_found)?;
    if original.lapsed(case.now()) {
        return Err(Refused::TransactionExpired { reference: refund.original.clone() });
    }
    if original.status != TransactionStatus::Settled {
        return Err(match original.status {
            TransactionStatus::Active => Refused::not_possible(format!(
                "transaction {} is not settled: void or unlock it",
                refund.original
            )),
            status => Refused::not_active(&refund.original, status),
        });
    }
    case.lapse(original.wallet)?;
    let id = case.ids.next(Kind::WalletTransaction, WalletTransactionId::new);
    let mut transaction =
        purchase(id, original.wallet, original.identity, refund.reference.clone(), case.now());
    transaction.kind = TransactionType::Refund;
    transaction.status = TransactionStatus::Settled;
    transaction.parent = Some(original.id);
    transaction.original = Some(original.id);
    transaction.location = refund.location.clone();
    transaction.basket = refund.basket.clone();

    let mut original = Arc::unwrap_or_clone(original);
    let moved = match original.kind {
        TransactionType::Spend => give_back(case, refund, &mut original, &mut transaction)?,
        TransactionType::Settle => take_back(case, refund, &mut original, &mut transaction)?,
        TransactionType::Refund => return Err(Refused::not_possible("a refund cannot be refunded")),
    };
    transaction.accounts =
        moved.iter().map(|moved| (moved.account.account.id, Some(moved.transaction.id))).collect();
    original.updated_at = case.now();
    case.save_transaction(original);
    let transaction = case.save_transaction(transaction);
    let done = Done::Refunded(Box::new(Refunded { transaction, moved }));
    event::tell(case, "POSCONNECT.WALLET.REFUND", &done, &Beside::default());
    case.commit();
    Ok(done)
}

/// How many points are still to be refunded, and how many of them are meant.
fn wanted(refund: &Refund, original: &WalletTransaction) -> Result<i64, Refused> {
    let left = original.settled_points - original.refunded_points;
    let wanted = refund.points.map_or(left, |points| points.get());
    if left == 0 {
        return Err(Refused::not_possible(format!("transaction {} is refunded already", refund.original)));
    }
    if wanted > left {
        return Err(Refused::not_possible(format!(
            "pointsValue: {wanted} points are more than the {left} that are left to refund"
        )));
    }
    Ok(wanted)
}

/// Spent points go back to the lots that they came from; the same share of what came back when the spend settled is
/// taken from usable points, those that were just given back included. Where they do not cover it, nothing is done.
fn give_back(
    case: &mut Case<'_, '_>,
    refund: &Refund,
    original: &mut WalletTransaction,
    transaction: &mut WalletTransaction,
) -> Result<Vec<Moved>, Refused> {
    let points = wanted(refund, original)?;
    let row = case.account(original.wallet, original.account.ok_or(Refused::AccountNotFound)?)?;
    let scheme = case.scheme(row.account.scheme)?;
    let refunded_points = original.refunded_points + points;
    // The money of the part refunded so far, so that the last refund gives exactly what is left.
    let refunded_money = share(original.settled_money, refunded_points, original.settled_points);
    let money = refunded_money - original.refunded_money;
    let keeps_lots = case.book.account(row.ledger).is_some_and(|account| account.keeps_lots);
    let lots = if keeps_lots { lots_of(case, original, points)? } else { Vec::new() };
    let note = Note {
        parent: original.closing_transaction,
        wallet_transaction: Some(transaction.id),
        details: keep_details(None, &transaction.location, None),
    };
    let lifetime = Lifetime { given: 0, spent: -points, spent_value: -money };
    let mut moved = vec![case.give_back(&row, &scheme, lots, points, lifetime, note.clone())?];
    let taken_before = share(original.points_back, original.refunded_points, original.settled_points);
    let back = share(original.points_back, refunded_points, original.settled_points) - taken_before;
    if back > 0 {
        let row = case.account(original.wallet, row.account.id)?;
        let lifetime = Lifetime { given: -back, ..Lifetime::default() };
        moved.push(case.take(&row, &scheme, Event::Refund, back, lifetime, note)?);
    }
    original.refunded_points = refunded_points;
    original.refunded_money = refunded_money;
    transaction.account = Some(row.account.id);
    transaction.points = points;
    transaction.money = money;
    transaction.results =
        Some(PointsResults { credit: points, refund: back, money, ..PointsResults::default() });
    Ok(moved)
}

/// `⌊whole × part / of⌋`; `part ≤ of`, so it fits.
fn share(whole: i64, part: i64, of: i64) -> i64 {
    if of == 0 {
        return 0;
    }
    let share = i128::from(whole) * i128::from(part) / i128::from(of);
    i64::try_from(share).unwrap_or(whole)
}

/// The lots to give back to: those the spend took from, in its order, after what was given back before.
fn lots_of(case: &Case<'_, '_>, original: &WalletTransaction, points: i64) -> Result<Vec<Drawn>, Refused> {
    let mut skip = original.refunded_points;
    let mut left = points;
    let mut lots = Vec::new();
    for (lot, taken) in taken_from(case, original) {
        let skipped = skip.min(taken);
        skip -= skipped;
        let part = (taken - skipped).min(left);
        left -= part;
        if part > 0 {
            lots.push(Drawn { lot, amount: part });
        }
    }
    if left == 0 && lots.iter().all(|drawn| case.book.lot(drawn.lot).is_some()) {
        return Ok(lots);
    }
    // Another process settled it after this batch had resolved its names: the refund came before that.
    Err(Refused::not_possible(format!("transaction {} is just being settled", original.reference)))
}

/// What a spend took of each lot, posted before or in this very batch.
fn taken_from(case: &Case<'_, '_>, original: &WalletTransaction) -> Vec<(LotId, i64)> {
    let Some(posting) = original.spend_posting else { return Vec::new() };
    let known = case.book.transaction(posting).map_or(&[][..], |known| known.entries.as_slice());
    let made = case.book.tape().entries.iter().filter(|entry| entry.id.transaction == posting);
    known
        .iter()
        .chain(made)
        .filter(|entry| entry.amount < 0)
        .filter_map(|entry| Some((entry.lot?, -entry.amount)))
        .collect()
}

/// What a purchase gave is taken back from usable points, in the order in which it was given: as many points as are
/// asked for, after those of earlier refunds; or nothing, where the usable points do not cover them.
fn take_back(
    case: &mut Case<'_, '_>,
    refund: &Refund,
    original: &mut WalletTransaction,
    transaction: &mut WalletTransaction,
) -> Result<Vec<Moved>, Refused> {
    let points = wanted(refund, original)?;
    let mut given: Vec<_> = case
        .rows
        .account_transactions
        .iter()
        .chain(&case.rows.known_account_transactions)
        .filter(|made| made.wallet_transaction == Some(original.id))
        .filter(|made| matches!(made.event, Event::Earn | Event::Credit))
        .cloned()
        .collect();
    given.sort_unstable_by_key(|gift| gift.id);
    given.truncate(GIFTS_MAX);
    let mut skip = original.refunded_points;
    let mut left = points;
    let mut moved = Vec::with_capacity(given.len());
    for gift in given {
        let skipped = skip.min(gift.value);
        skip -= skipped;
        let part = (gift.value - skipped).min(left);
        left -= part;
        if part == 0 {
            continue;
        }
        let row = case.account(original.wallet, gift.account)?;
        let scheme = case.scheme(row.account.scheme)?;
        let note = Note {
            parent: Some(gift.id),
            wallet_transaction: Some(transaction.id),
            details: keep_details(None, &transaction.location, None),
        };
        let lifetime = Lifetime { given: -part, ..Lifetime::default() };
        moved.push(case.take(&row, &scheme, Event::Refund, part, lifetime, note)?);
    }
    if left > 0 {
        // Settled after this batch had resolved its names: the refund came before that.
        return Err(Refused::not_possible(format!("transaction {} is just being settled", refund.original)));
    }
    original.refunded_points += points;
    transaction.points = points;
    transaction.results = Some(PointsResults { refund: points, ..PointsResults::default() });
    Ok(moved)
}
