//! `spendAdjudicationResults`, as calculate answers it and as a wallet transaction shows it again.

use serde::{Deserialize, Serialize, Serializer};
use zerosum_domain::spend::{Rate, TierTerms};

use super::Seconds;
use crate::model::{Json, SchemeId, WalletAccountId, WalletId};

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BalanceAfterShown {
    pub current: i64,
    pub usable: i64,
    pub locked: i64,
    pub lifetime: i64,
    pub lifetime_spend: i64,
    pub lifetime_spend_value: i64,
    pub pending: i64,
}

/// A tier; its rate is a JSON number.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedTierShown {
    pub bonus: i64,
    pub ceiling: i64,
    pub floor: i64,
    pub points_back: i64,
    pub rate: RateShown,
    pub step: i64,
}

impl From<&TierTerms> for AppliedTierShown {
    fn from(terms: &TierTerms) -> Self {
        Self {
            bonus: terms.bonus.get(),
            ceiling: terms.ceiling.get(),
            floor: terms.floor.get(),
            points_back: terms.points_back.get(),
            rate: RateShown(terms.rate),
            step: terms.step.get(),
        }
    }
}

/// An exact decimal as the JSON number of the same digits.
#[derive(Debug, Clone, Copy)]
pub struct RateShown(pub Rate);

impl Serialize for RateShown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::value::RawValue::from_string(self.0.to_string()) {
            Ok(number) => number.serialize(serializer),
            Err(error) => Err(serde::ser::Error::custom(error)),
        }
    }
}

/// One operation of an adjudication. Calculate shows `details` before `value`, a transaction after it.
#[derive(Debug)]
pub struct OperationShown<'a> {
    pub scheme: SchemeId,
    pub account: WalletAccountId,
    pub wallet: WalletId,
    pub details: Option<&'a Json>,
    pub points: i64,
    pub money: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Operation<'a> {
    resource_type: &'static str,
    resource_id: SchemeId,
    account_id: WalletAccountId,
    wallet_id: WalletId,
    operation_type: &'static str,
    details: Option<&'a Json>,
    value: i64,
    balances: OperationBalances,
}

/// Snake case here and nowhere else, as published.
#[derive(Serialize)]
struct OperationBalances {
    current: i64,
    lifetime_spend: i64,
    lifetime_spend_value: i64,
}

impl Serialize for OperationShown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Operation {
            resource_type: "SCHEME",
            resource_id: self.scheme,
            account_id: self.account,
            wallet_id: self.wallet,
            operation_type: "spend",
            details: self.details,
            value: self.points,
            balances: OperationBalances {
                current: self.points,
                lifetime_spend: self.points,
                lifetime_spend_value: self.money,
            },
        }
        .serialize(serializer)
    }
}

/// What calculate found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdjudicationShown<'a> {
    pub points_value: i64,
    pub points_remainder: i64,
    pub monetary_value: i64,
    pub balance_after: BalanceAfterShown,
    pub applied_tier: AppliedTierShown,
    pub operations: [OperationShown<'a>; 1],
    pub analysed_date_time: Seconds,
}
