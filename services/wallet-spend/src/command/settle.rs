//! POST /connect/wallet/settle: the purchase is done. All or nothing.
//!
//! Order of effects: parent SETTLED, EARN, CREDIT, then the child SPENDs: what is earned and credited is there
//! before anything is debited.

use std::sync::Arc;

use zerosum_domain::spend::PointCount;

use super::{
    Issue, Refused, Settle, SettleChild,
    case::Case,
    done::{Done, Moved, Settled},
    event::{self, Beside},
    ids::Kind,
    note::Note,
    points::Lifetime,
    spend::points_back,
};
use crate::{
    model::{
        Event, PointsResults, TransactionStatus, TransactionType, WalletId, WalletTransaction,
        WalletTransactionId,
    },
    view::keep_details,
};

pub(super) fn decide(case: &mut Case<'_, '_>, settle: &Settle) -> Result<Done, Refused> {
    let named = case.transaction_by_reference(&settle.reference);
    let wallet = wallet(case, settle, named.as_ref())?;
    case.lapse(wallet)?;
    // Its lock may just have run out.
    let named = named.and_then(|named| case.transaction(named.id));
    let mut children = children(case, wallet, settle)?;
    let mut issues = settle.issues.clone();
    let parent = match named {
        Some(spend) if spend.kind == TransactionType::Spend => {
            let child = SettleChild { reference: spend.reference.clone(), wallet: None, points: None };
            children.insert(0, child_of(case, wallet, &child)?);
            None
        }
        open => Some(parent(case, wallet, settle, open)?),
    };

    let mut moved = Vec::new();
    let parent = match parent {
        Some(parent) => Some(settle_parent(case, settle, parent, &mut moved, &mut issues)?),
        None => None,
    };
    let mut settled = Vec::with_capacity(children.len());
    for child in children {
        let of = parent.as_ref().map(|parent| parent.id);
        settled.push(settle_child(case, child, of, &mut moved, &mut issues)?);
    }
    let identity = parent.as_ref().and_then(|parent| parent.identity).and_then(|id| case.identity_by_id(id));
    let done = Done::Settled(Box::new(Settled { parent, identity, children: settled, moved, issues }));
    event::tell(case, "POSCONNECT.WALLET.SETTLE", &done, &Beside::default());
    case.commit();
    Ok(done)
}

/// The wallet that is meant, named in any of the ways there are; all of them must mean the same.
fn wallet(
    case: &Case<'_, '_>,
    settle: &Settle,
    named: Option<&Arc<WalletTransaction>>,
) -> Result<WalletId, Refused> {
    let by_identity = settle.identity.as_deref().map(|value| case.identity(value)).transpose()?;
    if let Some(wallet) = settle.wallet {
        case.wallet(wallet)?;
    }
    let by_child = settle.children.iter().find_map(|child| case.transaction_by_reference(&child.reference));
    let ways = [
        settle.wallet,
        by_identity.map(|identity| identity.wallet),
        named.map(|named| named.wallet),
        by_child.map(|child| child.wallet),
    ];
    let mut ways = ways.into_iter().flatten();
    let Some(wallet) = ways.next() else {
        return Err(Refused::not_possible(
            "walletId or identity: one of them is needed to settle without an open",
        ));
    };
    if ways.any(|other| other != wallet) {
        return Err(Refused::TransactionNotFound { reference: settle.reference.clone() });
    }
    Ok(wallet)
}

/// The open purchase of the reference, or a new one.
fn parent(
    case: &mut Case<'_, '_>,
    wallet: WalletId,
    settle: &Settle,
    named: Option<Arc<WalletTransaction>>,
) -> Result<WalletTransaction, Refused> {
    let now = case.now();
    match named {
        Some(open) if open.kind == TransactionType::Settle && open.status == TransactionStatus::Active => {
            Ok(Arc::unwrap_or_clone(open))
        }
        // Settled with this content it would have been answered by its key.
        Some(open) if open.status == TransactionStatus::Settled => {
            Err(Refused::ReferenceNotUnique { reference: settle.reference.clone() })
        }
        Some(other) => Err(Refused::not_active(&settle.reference, other.status)),
        None => {
            let identity = match &settle.identity {
                Some(value) => Some(case.identity(value)?.id),
                None => None,
            };
            let id = case.ids.next(Kind::WalletTransaction, WalletTransactionId::new);
            Ok(super::open::purchase(id, wallet, identity, settle.reference.clone(), now))
        }
    }
}

/// A child as it is before anything is done, and how many of its points are settled.
struct Child {
    spend: Arc<WalletTransaction>,
    points: i64,
    money: i64,
    /// Its lock had run out.
    late: bool,
}

fn children(case: &mut Case<'_, '_>, wallet: WalletId, settle: &Settle) -> Result<Vec<Child>, Refused> {
    let mut found: Vec<Child> = Vec::with_capacity(settle.children.len());
    for child in &settle.children {
        let next = child_of(case, wallet, child)?;
        if found.iter().any(|other| other.spend.id == next.spend.id) {
            return Err(Refused::not_possible(format!(
                "walletTransactions: {} is listed twice",
                child.reference
            )));
        }
        found.push(next);
    }
    Ok(found)
}

fn child_of(case: &mut Case<'_, '_>, wallet: WalletId, child: &SettleChild) -> Result<Child, Refused> {
    if child.wallet.is_some_and(|named| named != wallet) {
        return Err(Refused::TransactionNotFound { reference: child.reference.clone() });
    }
    let mut spend = case.named(wallet, &child.reference, TransactionType::Spend)?;
    if spend.lapsed(case.now()) {
        // One more than what lapse() ends at once.
        spend = case.release(spend, zerosum_ledger::book::HoldEnd::Expired)?.0;
    }
    let late = match spend.status {
        TransactionStatus::Active => false,
        TransactionStatus::Expired => true,
        status => return Err(Refused::not_active(&child.reference, status)),
    };
    let (mut points, mut money) = (spend.points, spend.money);
    if let Some(part) = child.points.filter(|part| part.get() != spend.points) {
        points = part.get();
        money = part_money(case, &spend, part.into())?;
    }
    Ok(Child { spend, points, money, late })
}

/// What a part of a lock gives, by the scheme's tiers of today.
fn part_money(case: &Case<'_, '_>, spend: &WalletTransaction, part: PointCount) -> Result<i64, Refused> {
    let differs = |what: &str| Refused::AdjudicationMismatch {
        differences: vec![format!("walletTransactions: pointsValue of {}: {what}", spend.reference)],
    };
    if part.get() > spend.points {
        return Err(differs("is more than was locked"));
    }
    let row = case.account(spend.wallet, spend.account.ok_or(Refused::AccountNotFound)?)?;
    let scheme = case.scheme(row.account.scheme)?;
    let tiers = scheme
        .tiers_of(spend.location.store_parent.as_deref(), &case.brand.unit_id)
        .ok_or_else(|| differs("the scheme has no redemption rate for this unit any more"))?;
    let tier = tiers.as_slice().iter().rev().find(|tier| tier.admits(part));
    tier.map(|tier| tier.money(part).get())
        .ok_or_else(|| differs("must be a multiple of the step and not below the floor"))
}

fn settle_parent(
    case: &mut Case<'_, '_>,
    settle: &Settle,
    mut parent: WalletTransaction,
    moved: &mut Vec<Moved>,
    issues: &mut Vec<Issue>,
) -> Result<Arc<WalletTransaction>, Refused> {
    parent.status = TransactionStatus::Settled;
    parent.updated_at = case.now();
    parent.location = settle.location.clone();
    parent.basket = settle.basket.clone().or(parent.basket);
    parent.meta = settle.meta.clone().or(parent.meta);
    parent.accounts = Vec::new();
    if let Some(value) = &settle.identity {
        parent.identity = Some(case.identity(value)?.id);
    }
    let mut results = PointsResults::default();
    // EARN before CREDIT, each in the order of the request.
    let earned = settle.gifts.iter().filter(|gift| gift.earned);
    let credited = settle.gifts.iter().filter(|gift| !gift.earned);
    for gift in earned.chain(credited) {
        let Ok(row) = case.account(parent.wallet, gift.account) else {
            issues.push(Issue {
                code: "ACCOUNT_NOT_FOUND".to_owned(),
                message: format!(
                    "account {} is no points account of this wallet; nothing was given",
                    gift.account
                ),
            });
            continue;
        };
        let scheme = case.scheme(row.account.scheme)?;
        let event = if gift.earned { Event::Earn } else { Event::Credit };
        let note = Note {
            parent: None,
            wallet_transaction: Some(parent.id),
            details: keep_details(None, &parent.location, None),
        };
        let given = case.give(&row, &scheme, event, gift.points.get(), note)?;
        if gift.earned {
            results.earn += gift.points.get();
        } else {
            results.credit += gift.points.get();
        }
        parent.accounts.push((row.account.id, Some(given.transaction.id)));
        moved.push(given);
    }
    parent.results = Some(results);
    // What a refund of the purchase takes back.
    parent.points = results.earn + results.credit;
    parent.settled_points = parent.points;
    Ok(case.save_transaction(parent))
}

fn settle_child(
    case: &mut Case<'_, '_>,
    child: Child,
    parent: Option<WalletTransactionId>,
    moved: &mut Vec<Moved>,
    issues: &mut Vec<Issue>,
) -> Result<Arc<WalletTransaction>, Refused> {
    let Child { spend, points, money, late } = child;
    let account = spend.account.ok_or(Refused::AccountNotFound)?;
    let row = case.account(spend.wallet, account)?;
    let scheme = case.scheme(row.account.scheme)?;
    let said = keep_details(spend.details.as_ref(), &spend.location, Some((points, money)));
    let note = Note { parent: spend.lock_transaction, wallet_transaction: Some(spend.id), details: said };
    let taken = if late {
        issues.push(Issue {
            code: "TRANSACTION_EXPIRED".to_owned(),
            message: format!(
                "the lock of {} had expired; it was settled from usable points",
                spend.reference
            ),
        });
        let lifetime = Lifetime { given: 0, spent: points, spent_value: money };
        case.take(&row, &scheme, Event::Spend, points, lifetime, note)?
    } else {
        case.settle_lock(&row, &scheme, &spend, points, money, note)?
    };
    let mut spend = Arc::unwrap_or_clone(spend);
    spend.parent = spend.parent.or(parent);
    spend.accounts = vec![(account, spend.lock_transaction), (account, Some(taken.transaction.id))];
    spend.results = Some(PointsResults { spend: points, money, ..PointsResults::default() });
    spend.settled_points = points;
    spend.settled_money = money;
    spend.spend_posting = taken.transaction.posting;
    spend.closing_transaction = Some(taken.transaction.id);
    spend.updated_at = case.now();
    spend.status = TransactionStatus::Settled;
    moved.push(taken);
    if let Some(back) = points_back(case, &scheme, &mut spend)? {
        spend.accounts.push((account, Some(back.transaction.id)));
        moved.push(back);
    }
    Ok(case.save_transaction(spend))
}
