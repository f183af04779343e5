//! POST /connect/wallet/spend: locks points, or spends them at once.

use std::sync::Arc;

use jiff::SignedDuration;
use zerosum_domain::spend::{Mismatch, Tier};

use super::{
    Refused, Spend,
    case::Case,
    done::{Done, Moved, Spent},
    event::{self, Beside},
    ids::Kind,
    note::Note,
    points::Lifetime,
    rows::AccountRow,
};
use crate::{
    model::{
        Event, PointsResults, SchemeRef, TransactionStatus, TransactionType, WalletId, WalletTransaction,
        WalletTransactionId,
    },
    view::keep_details,
};

pub(super) fn decide(case: &mut Case<'_, '_>, spend: &Spend) -> Result<Done, Refused> {
    let (identity, wallet) = case.identity_named(&spend.identity)?;
    case.must_be_new(&spend.reference)?;
    let parent = parent(case, wallet, spend)?;
    let (row, scheme) = account(case, wallet, spend)?;
    let tier = confirm(case, &scheme, spend)?;
    case.lapse(wallet)?;
    // Its locks may just have ended.
    let row = case.account(wallet, row.account.id)?;
    let (points, money) = (spend.claim.points.get(), spend.claim.money.get());
    case.must_cover(&row, points)?;

    let now = case.now();
    let id = case.ids.next(Kind::WalletTransaction, WalletTransactionId::new);
    let mut transaction = WalletTransaction {
        id,
        parent: parent.as_ref().map(|parent| parent.id),
        wallet,
        identity: Some(identity),
        reference: spend.reference.clone(),
        kind: TransactionType::Spend,
        status: if spend.lock { TransactionStatus::Active } else { TransactionStatus::Settled },
        meta: spend.meta.clone(),
        accounts: Vec::new(),
        basket: None,
        adjudication: Some(spend.claim.shown.clone()),
        results: Some(PointsResults { spend: points, money, ..PointsResults::default() }),
        location: spend.location.clone(),
        account: Some(row.account.id),
        points,
        money,
        points_back: tier.terms().points_back.get(),
        settled_points: 0,
        settled_money: 0,
        refunded_points: 0,
        refunded_money: 0,
        details: spend.details.clone(),
        hold: None,
        lock_expires_at: None,
        lock_transaction: None,
        closing_transaction: None,
        spend_posting: None,
        original: None,
        created_at: now,
        updated_at: now,
    };
    let (account_transactions, accounts) = if spend.lock {
        let before = case.snapshot(&row);
        let moved = lock(case, &row, &scheme, &mut transaction)?;
        (vec![moved.transaction], vec![before])
    } else {
        let moved = spend_at_once(case, &row, &scheme, &mut transaction)?;
        moved.into_iter().map(|moved| (moved.transaction, moved.account)).unzip()
    };
    let transaction = case.save_transaction(transaction);
    let done = Done::Spent(Box::new(Spent { transaction, account_transactions }));
    event::tell(case, "POSCONNECT.WALLET.SPEND", &done, &Beside { accounts, replaced: None });
    case.commit();
    Ok(done)
}

fn lock(
    case: &mut Case<'_, '_>,
    row: &AccountRow,
    scheme: &SchemeRef,
    transaction: &mut WalletTransaction,
) -> Result<Moved, Refused> {
    let seconds = scheme.lock_seconds.unwrap_or(case.brand.lock_seconds);
    let until = case.now().checked_add(SignedDuration::from_secs(i64::from(seconds))).ok();
    let asked = transaction.points;
    let note =
        Note { wallet_transaction: Some(transaction.id), details: transaction.details.clone(), parent: None };
    let hold = case
        .book
        .hold(case.context, row.ledger, asked, until)
        .map_err(|short| Refused::InsufficientPoints { usable: short.usable, asked })?;
    let moved = case.tell_lock(row, asked, note);
    transaction.hold = Some(hold);
    transaction.lock_expires_at = until;
    transaction.lock_transaction = Some(moved.transaction.id);
    transaction.accounts = vec![(row.account.id, Some(moved.transaction.id))];
    Ok(moved)
}

fn spend_at_once(
    case: &mut Case<'_, '_>,
    row: &AccountRow,
    scheme: &SchemeRef,
    transaction: &mut WalletTransaction,
) -> Result<Vec<Moved>, Refused> {
    let (points, money) = (transaction.points, transaction.money);
    let said = keep_details(transaction.details.as_ref(), &transaction.location, Some((points, money)));
    let note = Note { wallet_transaction: Some(transaction.id), details: said, parent: None };
    let lifetime = Lifetime { given: 0, spent: points, spent_value: money };
    let moved = case.take(row, scheme, Event::Spend, points, lifetime, note)?;
    transaction.settled_points = points;
    transaction.settled_money = money;
    transaction.spend_posting = moved.transaction.posting;
    transaction.closing_transaction = Some(moved.transaction.id);
    let mut all = vec![moved];
    all.extend(points_back(case, scheme, transaction)?);
    transaction.accounts = all.iter().map(|moved| (row.account.id, Some(moved.transaction.id))).collect();
    Ok(all)
}

/// Credits what the tier gives back when its spend settles.
pub(super) fn points_back(
    case: &mut Case<'_, '_>,
    scheme: &SchemeRef,
    transaction: &mut WalletTransaction,
) -> Result<Option<Moved>, Refused> {
    let (Some(account), true) = (transaction.account, transaction.points_back > 0) else { return Ok(None) };
    let row = case.account(transaction.wallet, account)?;
    let note = Note {
        parent: transaction.closing_transaction,
        wallet_transaction: Some(transaction.id),
        details: keep_details(None, &transaction.location, None),
    };
    let moved = case.give(&row, scheme, Event::Credit, transaction.points_back, note)?;
    if let Some(results) = &mut transaction.results {
        results.credit += transaction.points_back;
    }
    Ok(Some(moved))
}

fn parent(
    case: &Case<'_, '_>,
    wallet: WalletId,
    spend: &Spend,
) -> Result<Option<Arc<WalletTransaction>>, Refused> {
    let Some(reference) = &spend.parent else { return Ok(None) };
    let found = case.transaction_by_reference(reference).filter(|found| found.wallet == wallet);
    let parent = found.ok_or_else(|| Refused::TransactionNotFound { reference: reference.clone() })?;
    if parent.lapsed(case.now()) {
        return Err(Refused::TransactionExpired { reference: reference.clone() });
    }
    match parent.status {
        TransactionStatus::Active => Ok(Some(parent)),
        status => Err(Refused::not_active(reference, status)),
    }
}

/// The account that the operations name, if it is one of this wallet and the rest of them agrees.
fn account(
    case: &Case<'_, '_>,
    wallet: WalletId,
    spend: &Spend,
) -> Result<(AccountRow, Arc<SchemeRef>), Refused> {
    let differs = |what: String| Refused::AdjudicationMismatch { differences: vec![what] };
    let Some(operation) = spend.claim.operation() else {
        return Err(differs("operations: exactly one is expected".to_owned()));
    };
    if operation.wallet.is_some_and(|named| named != wallet) {
        return Err(differs("operations/0/walletId: is not the wallet of this identity".to_owned()));
    }
    let row = case.account(wallet, operation.account).map_err(|_| {
        differs("operations/0/accountId: is not an account of this identity's wallet".to_owned())
    })?;
    if operation.scheme.is_some_and(|named| named != row.account.scheme) {
        return Err(differs("operations/0/resourceId: is not the scheme of this account".to_owned()));
    }
    if operation.points != spend.claim.points.get() {
        return Err(differs("operations/0/value: is not pointsValue".to_owned()));
    }
    let scheme = case.scheme(row.account.scheme)?;
    Ok((row, scheme))
}

/// The money must be what the scheme gives for these points today.
fn confirm(case: &Case<'_, '_>, scheme: &SchemeRef, spend: &Spend) -> Result<Tier, Refused> {
    let differs = |what: String| Refused::AdjudicationMismatch { differences: vec![what] };
    let tiers = scheme
        .tiers_of(spend.location.store_parent.as_deref(), &case.brand.unit_id)
        .ok_or_else(|| differs("location: the scheme has no redemption rate for this unit".to_owned()))?;
    tiers.confirm(spend.claim.points, spend.claim.money).map_err(|mismatch| {
        differs(match mismatch {
            Mismatch::Points => format!("pointsValue: no tier lets {} points be spent", spend.claim.points),
            Mismatch::Money { expected } => {
                format!("monetaryValue: {} points give {expected}", spend.claim.points)
            }
        })
    })
}
