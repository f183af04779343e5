//! POST /schemes/points

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use serde_json::{Map, Number, Value};
use zerosum_domain::spend::{Money, PointCount, PointsExpiry, Tier, TierTerms, Tiers};
use zerosum_edge::{Call, Problem, Reply, date_time};
use zerosum_idempotency as idempotency;

use super::{
    App, SERVICE,
    wire::{reference, valid},
};
use crate::{
    command::{Action, CreateScheme},
    model::{Label, Status},
};

/// Units with rates of their own in one scheme; bounds what one scheme can be.
const UNITS_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    reference: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    class: String,
    status: String,
    account_client_type: Option<String>,
    details: DetailsIn,
    rates: RatesIn,
    timeout_override: Option<i32>,
    services: Option<ServicesIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DetailsIn {
    name: String,
    start_date: Option<String>,
    end_date: Option<String>,
}

#[derive(Deserialize)]
struct RatesIn {
    redemption: BTreeMap<String, Vec<TierIn>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TierIn {
    floor: i64,
    ceiling: i64,
    step: i64,
    rate: Number,
    #[serde(default)]
    bonus: i64,
    #[serde(default)]
    points_back: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServicesIn {
    expiry_points: Option<ExpiryIn>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpiryIn {
    days: Option<i32>,
    months: Option<i32>,
    yearly: Option<String>,
    minimum_days: Option<i32>,
}

pub(super) async fn handle(app: Arc<App>, call: Call) -> Result<Reply, Problem> {
    let request: Request = call.parse()?;
    let key = idempotency::optional(&call, SERVICE)?;
    let named = request.reference.as_deref().filter(|named| !named.is_empty());
    let create = CreateScheme {
        reference: named.map(|named| reference("/reference", named)).transpose()?,
        kind: valid("/type", Label::parse(&request.kind))?,
        class: valid("/class", Label::parse(&request.class))?,
        status: valid("/status", Status::parse(&request.status))?,
        client_type: request.account_client_type.map(Into::into),
        name: request.details.name,
        starts_at: date("/details/startDate", request.details.start_date.as_deref())?,
        ends_at: date("/details/endDate", request.details.end_date.as_deref())?,
        lock_seconds: request.timeout_override,
        points_expiry: request
            .services
            .and_then(|services| services.expiry_points)
            .map_or(Ok(None), expiry)?,
        tiers: tiers(request.rates.redemption)?,
        shown: shown(call.body()),
    };
    app.run(&call, key, "/schemes/points", Action::CreateScheme(Box::new(create))).await
}

/// One way to expire, or none: then points never do.
fn expiry(expiry: ExpiryIn) -> Result<Option<PointsExpiry>, Problem> {
    const AT: &str = "/services/expiryPoints";
    let ExpiryIn { days, months, yearly, minimum_days } = expiry;
    if minimum_days.is_some() && yearly.is_none() {
        return Err(Problem::invalid(format!("{AT}/minimumDays: goes with yearly only")));
    }
    let rule = match (days, months, yearly) {
        (None, None, None) => return Ok(None),
        (Some(days), None, None) => valid(format_args!("{AT}/days"), PointsExpiry::days(days)),
        (None, Some(months), None) => valid(format_args!("{AT}/months"), PointsExpiry::months(months)),
        (None, None, Some(day)) => {
            valid(format_args!("{AT}/yearly"), PointsExpiry::yearly(&day, minimum_days.unwrap_or(0)))
        }
        _ => Err(Problem::invalid(format!("{AT}: days, months and yearly exclude each other"))),
    };
    rule.map(Some)
}

fn date(field: &str, text: Option<&str>) -> Result<Option<jiff::Timestamp>, Problem> {
    text.map(|text| date_time::parse(text, field)).transpose()
}

fn tiers(units: BTreeMap<String, Vec<TierIn>>) -> Result<Vec<(String, Tiers)>, Problem> {
    const AT: &str = "/rates/redemption";
    if units.len() > UNITS_MAX {
        return Err(Problem::invalid(format!("{AT}: at most {UNITS_MAX} units have rates of their own")));
    }
    let unit = |(unit, tiers): (String, Vec<TierIn>)| {
        let mut of = Vec::with_capacity(tiers.len());
        for (at, tier) in tiers.into_iter().enumerate() {
            of.push(read_tier(&format!("{AT}/{unit}/{at}"), &tier)?);
        }
        let tiers = valid(format_args!("{AT}/{unit}"), Tiers::new(of))?;
        Ok((unit, tiers))
    };
    units.into_iter().map(unit).collect()
}

fn read_tier(at: &str, tier: &TierIn) -> Result<Tier, Problem> {
    let terms = TierTerms {
        floor: valid(format_args!("{at}/floor"), PointCount::new(tier.floor))?,
        ceiling: valid(format_args!("{at}/ceiling"), PointCount::new(tier.ceiling))?,
        step: valid(format_args!("{at}/step"), PointCount::new(tier.step))?,
        // The text of the number: a rate never is a float.
        rate: valid(format_args!("{at}/rate"), tier.rate.to_string().parse())?,
        bonus: valid(format_args!("{at}/bonus"), Money::new(tier.bonus))?,
        points_back: valid(format_args!("{at}/pointsBack"), PointCount::new(tier.points_back))?,
    };
    valid(at, Tier::new(terms))
}

/// What a scheme shows again of its request.
fn shown(body: &Value) -> Map<String, Value> {
    let part = |name: &str| (name.to_owned(), body.get(name).cloned().unwrap_or(Value::Null));
    ["details", "rates", "services", "rules"].into_iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rate_is_read_as_text() {
        let tier = |rate: Value| {
            let tier = json!({"floor": 10_000, "ceiling": 500_000, "step": 10_000, "rate": rate});
            read_tier("/t", &TierIn::deserialize(tier).unwrap())
        };
        assert_eq!(tier(json!(0.1)).unwrap().terms().rate.to_string(), "0.1");
        assert_eq!(tier(json!(2)).unwrap().terms().rate.to_string(), "2");
        assert!(tier(json!(0.12345678901)).is_err());
        assert!(tier(json!(0)).is_err());
    }
}
