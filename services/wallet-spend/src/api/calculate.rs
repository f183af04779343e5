//! POST /connect/wallet/spend/calculate: what can be spent of what is asked. Changes nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zerosum_domain::{Cents, Points, spend::Ask};
use zerosum_edge::{Call, Problem, Reply};

use super::{
    App, brand, read_problem,
    wire::{IdentityIn, LocationIn, valid},
};
use crate::{
    model::Location,
    store::{Calculated, Calculation},
    view::{AdjudicationShown, BalanceAfterShown, IdentityView, OperationShown, Seconds, WalletView},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    identity: IdentityIn,
    location: Option<LocationIn>,
    scheme: Option<SchemeIn>,
    points_value: Option<i64>,
    monetary_value: Option<i64>,
}

#[derive(Deserialize)]
struct SchemeIn {
    reference: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    wallet: WalletView<'a>,
    identity: IdentityView<'a>,
    spend_adjudication_results: AdjudicationShown<'a>,
}

pub(super) async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    let ask = match (request.points_value, request.monetary_value) {
        (Some(points), None) => Ask::Points(valid("/pointsValue", Points::new(points))?),
        (None, Some(money)) => Ask::Money(valid("/monetaryValue", Cents::new(money))?),
        _ => return Err(Problem::invalid("exactly one of pointsValue and monetaryValue must be given")),
    };
    let location: Location = request.location.into();
    let wanted = Calculation {
        identity: &request.identity.identity_value,
        scheme: request.scheme.as_ref().and_then(|scheme| scheme.reference.as_deref()),
        banner: location.store_parent.as_deref(),
        ask,
    };
    let found = app.store.calculate(&brand(&call)?, &wanted).await.map_err(read_problem)?;
    Reply::ok(&render(&found))
}

fn render(found: &Calculated) -> Response<'_> {
    let before = &found.account.balances;
    let (points, money) = (found.adjudication.points.get(), found.adjudication.money.get());
    Response {
        wallet: WalletView::of(&found.wallet),
        identity: IdentityView::of(&found.identity),
        spend_adjudication_results: AdjudicationShown {
            points_value: points,
            points_remainder: found.adjudication.remainder().get(),
            monetary_value: money,
            // As if it were settled now.
            balance_after: BalanceAfterShown {
                current: before.current - points,
                usable: before.usable - points,
                locked: before.locked,
                lifetime: before.lifetime,
                lifetime_spend: before.lifetime_spend + points,
                lifetime_spend_value: before.lifetime_spend_value + money,
                pending: 0,
            },
            applied_tier: found.adjudication.tier.terms().into(),
            operations: [OperationShown {
                scheme: found.scheme,
                account: found.account.account.id,
                wallet: found.wallet.id,
                details: None,
                points,
                money,
            }],
            analysed_date_time: Seconds(found.at),
        },
    }
}
