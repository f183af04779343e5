//! GET /v1/trial-balance: totals per account type and currency, now or at a past moment.

use jiff::Timestamp;
use serde::Serialize;
use zerosum_edge::{Call, Problem, Reply};
use zerosum_idempotency::read_problem;

use super::{State, caller};
use crate::store::Total;

#[derive(Debug, Serialize)]
struct TrialBalanceView<'a> {
    at: Option<Timestamp>,
    balanced: bool,
    totals: Vec<TotalView<'a>>,
    currencies: Vec<CurrencyView<'a>>,
}

#[derive(Debug, Serialize)]
struct TotalView<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    currency: &'a str,
    balance_cents: String,
}

#[derive(Debug, Serialize)]
struct CurrencyView<'a> {
    currency: &'a str,
    balance_cents: String,
}

pub(super) async fn handle(app: State, call: Call) -> Result<Reply, Problem> {
    let brand = caller::brand(&call)?;
    let at = caller::at(&call)?;
    let totals = app.store.trial_balance(&brand, at).await.map_err(read_problem)?;
    Reply::ok(&view(at, &totals))
}

/// `totals` come by currency.
fn view(at: Option<Timestamp>, totals: &[Total]) -> TrialBalanceView<'_> {
    let sums: Vec<(&str, i128)> = totals
        .chunk_by(|one, other| one.currency == other.currency)
        .map(|of_one| (&*of_one[0].currency, of_one.iter().map(|total| total.balance).sum()))
        .collect();
    TrialBalanceView {
        at,
        balanced: sums.iter().all(|(_, sum)| *sum == 0),
        totals: totals
            .iter()
            .map(|total| TotalView {
                kind: &total.kind,
                currency: &total.currency,
                balance_cents: total.balance.to_string(),
            })
            .collect(),
        currencies: sums
            .into_iter()
            .map(|(currency, sum)| CurrencyView { currency, balance_cents: sum.to_string() })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(kind: &str, currency: &str, balance: i128) -> Total {
        Total { kind: kind.into(), currency: currency.into(), balance }
    }

    #[test]
    fn each_currency_must_sum_to_zero_by_itself() {
        let books = [total("asset", "EUR", 5), total("asset", "USD", 7), total("revenue", "USD", -7)];
        let view = view(None, &books);
        assert!(!view.balanced);
        let sums: Vec<_> = view.currencies.iter().map(|sum| (sum.currency, &*sum.balance_cents)).collect();
        assert_eq!(sums, [("EUR", "5"), ("USD", "0")]);
    }

    #[test]
    fn books_without_a_transaction_are_balanced() {
        assert!(view(None, &[]).balanced);
    }
}
