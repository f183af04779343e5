//! POST /connect/wallet/settle

use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use zerosum_domain::Points;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency as idempotency;

use super::{
    App, SERVICE,
    wire::{IdIn, IdentityIn, LocationIn, reference, short_map, valid},
};
use crate::{
    command::{Action, Gift, Issue, Settle, SettleChild},
    model::{Basket, WalletAccountId},
};

/// What one settle may give and settle: a receipt's worth. Bounds a command's share of a batch.
const GIFTS_MAX: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    reference: String,
    wallet_id: Option<IdIn>,
    identity: Option<IdentityIn>,
    location: Option<LocationIn>,
    basket: Option<Value>,
    operations: Option<Vec<GiftIn>>,
    wallet_transactions: Option<Vec<ChildIn>>,
    meta: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChildIn {
    reference: String,
    wallet_id: Option<IdIn>,
    points_value: Option<i64>,
}

/// An item of `operations` or of `basket.summary.adjudicationResults`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GiftIn {
    #[serde(rename = "type")]
    kind: Option<String>,
    operation_type: Option<String>,
    account_id: Option<IdIn>,
    targeted_account_id: Option<IdIn>,
    balances: Option<BalancesIn>,
    amount: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BalancesIn {
    current: Option<i64>,
}

pub(super) async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    let key = idempotency::reference(&call, SERVICE, "settle", &request.reference);
    let mut gifts = Vec::new();
    let mut issues = Vec::new();
    for (at, gift) in adjudicated(request.basket.as_ref())?.iter().enumerate() {
        read_gift(&format!("/basket/summary/adjudicationResults/{at}"), gift, &mut gifts, &mut issues)?;
    }
    for (at, gift) in request.operations.iter().flatten().enumerate() {
        read_gift(&format!("/operations/{at}"), gift, &mut gifts, &mut issues)?;
    }
    if gifts.len() > GIFTS_MAX {
        return Err(Problem::invalid(format!(
            "/operations: at most {GIFTS_MAX} points operations are taken at once"
        )));
    }
    let settle = Settle {
        reference: reference("/reference", &request.reference)?,
        wallet: request.wallet_id.map(|id| valid("/walletId", id.0.parse())).transpose()?,
        identity: request.identity.map(|identity| identity.identity_value),
        location: request.location.into(),
        basket: basket(request.basket)?,
        gifts,
        children: children(request.wallet_transactions.unwrap_or_default())?,
        issues,
        meta: short_map("/meta", request.meta.as_ref())?,
    };
    app.run(&call, Some(key), "/connect/wallet/settle", Action::Settle(Box::new(settle))).await
}

fn children(children: Vec<ChildIn>) -> Result<Vec<SettleChild>, Problem> {
    let child = |(at, child): (usize, ChildIn)| {
        let at = format_args!("/walletTransactions/{at}");
        let wallet = child.wallet_id.map(|id| valid(format_args!("{at}/walletId"), id.0.parse()));
        let points =
            child.points_value.map(|points| valid(format_args!("{at}/pointsValue"), Points::new(points)));
        Ok(SettleChild {
            reference: reference(format_args!("{at}/reference"), &child.reference)?,
            wallet: wallet.transpose()?,
            points: points.transpose()?,
        })
    };
    children.into_iter().enumerate().map(child).collect()
}

pub(super) fn basket(basket: Option<Value>) -> Result<Option<Basket>, Problem> {
    let Some(basket) = basket.filter(|basket| basket.is_object()) else { return Ok(None) };
    // Raw parts can only be read from text.
    let kept = serde_json::from_str(&basket.to_string());
    kept.map(Some).map_err(|error| Problem::invalid(format!("/basket: {error}")))
}

fn adjudicated(basket: Option<&Value>) -> Result<Vec<GiftIn>, Problem> {
    let results = basket.and_then(|basket| basket.pointer("/summary/adjudicationResults"));
    match results {
        Some(Value::Array(items)) => items
            .iter()
            .map(GiftIn::deserialize)
            .collect::<Result<_, _>>()
            .map_err(|error| Problem::invalid(format!("/basket/summary/adjudicationResults: {error}"))),
        _ => Ok(Vec::new()),
    }
}

/// Points for a points account are a gift; anything else is told of as an issue and not done.
fn read_gift(at: &str, item: &GiftIn, gifts: &mut Vec<Gift>, issues: &mut Vec<Issue>) -> Result<(), Problem> {
    let kind = item.operation_type.as_ref().or(item.kind.as_ref()).map(|kind| kind.to_ascii_lowercase());
    let earned = match kind.as_deref() {
        Some("earn") => true,
        Some("credit") => false,
        other => {
            issues.push(Issue {
                code: "NOT_SUPPORTED".to_owned(),
                message: format!(
                    "{at}: {} is not an operation of points; it was not done",
                    other.unwrap_or("nothing")
                ),
            });
            return Ok(());
        }
    };
    let account = item.targeted_account_id.as_ref().or(item.account_id.as_ref());
    let Some(account) = account.and_then(|id| id.0.parse::<WalletAccountId>().ok()) else {
        issues.push(Issue {
            code: "ACCOUNT_NOT_FOUND".to_owned(),
            message: format!("{at}: names no account; nothing was given"),
        });
        return Ok(());
    };
    let points = item.balances.as_ref().and_then(|balances| balances.current).or(item.amount).unwrap_or(0);
    // Adjudication lists what came to nothing too.
    if points != 0 {
        let points = valid(format_args!("{at}/balances/current"), Points::new(points))?;
        gifts.push(Gift { account, points, earned });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(item: Value) -> (Vec<Gift>, Vec<Issue>) {
        let (mut gifts, mut issues) = (Vec::new(), Vec::new());
        read_gift("/operations/0", &GiftIn::deserialize(item).unwrap(), &mut gifts, &mut issues).unwrap();
        (gifts, issues)
    }

    #[test]
    fn points_are_given_and_coupons_are_told_of() {
        let (gifts, issues) =
            read(json!({"type": "earn", "balances": {"current": 5}, "targetedAccountId": "7"}));
        assert!(issues.is_empty() && gifts[0].earned && gifts[0].points.get() == 5);
        let (gifts, issues) = read(json!({"operationType": "CREDIT", "amount": 3, "accountId": 7}));
        assert!(issues.is_empty() && !gifts[0].earned && gifts[0].account.get() == 7);
        for other in [
            json!({"operationType": "REDEEM", "token": "T"}),
            json!({"type": "earn", "amount": 1}),
            json!({}),
        ] {
            let (gifts, issues) = read(other);
            assert!(gifts.is_empty() && issues.len() == 1);
        }
    }
}
