//! Wallet transaction objects, `basket.summary` with every key it has, nulls included.

use serde::Serialize;

use super::{Adjudicated, IdentityView, MapShown, Seconds};
use crate::model::{
    Basket, Identity, IdentityId, Json, PointsResults, Reference, Summary, TransactionStatus,
    TransactionType, WalletAccountId, WalletId, WalletTransaction, WalletTransactionId,
};

/// Whether the stored location is shown. A void does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocationShown {
    Stored,
    Hidden,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WtxView<'a> {
    wallet_transaction_id: WalletTransactionId,
    parent_wallet_transaction_id: IdOrZero<WalletTransactionId>,
    wallet_id: WalletId,
    reference: &'a Reference,
    transaction_date_time: Seconds,
    transaction_date_time_offset: &'static str,
    identity_id: Option<IdentityId>,
    identity: Option<IdentityView<'a>>,
    #[serde(rename = "type")]
    kind: TransactionType,
    status: TransactionStatus,
    meta: MapShown<'a>,
    state: &'static str,
    /// A wallet transaction does not expire; the lock behind it does.
    expiry_date: Option<()>,
    accounts: Vec<AccountRef>,
    basket: BasketView<'a>,
    channel: &'static str,
    location: LocationView<'a>,
    date_created: Seconds,
    last_updated: Seconds,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum IdOrZero<T> {
    Id(T),
    Zero(&'static str),
}

impl<T> IdOrZero<T> {
    fn of(id: Option<T>) -> Self {
        id.map_or(Self::Zero("0"), Self::Id)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AccountRef {
    account_id: WalletAccountId,
    account_transaction_id: IdOrZero<crate::model::AccountTransactionId>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LocationView<'a> {
    store_id: Option<&'a str>,
    store_parent_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct BasketView<'a> {
    contents: Option<&'a Json>,
    summary: Option<SummaryView<'a>>,
    payment: Option<&'a Json>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SummaryView<'a> {
    total_items: Option<&'a Json>,
    total_basket_value: Option<&'a Json>,
    total_qualifying_amount: Option<&'a Json>,
    total_discount_amount: Option<&'a Json>,
    total_tax_amount: Option<&'a Json>,
    fulfilled_base_earn: Option<&'a Json>,
    expected_points: Option<&'a Json>,
    original_qualified_accounts: Option<&'a Json>,
    spend_adjudication_results: Option<Adjudicated<'a>>,
    results: ResultsView,
    qualifies_results: Option<&'a Json>,
    reporting: Option<&'a Json>,
    tier_membership_results: Option<&'a Json>,
    redemption_channel: Option<&'a Json>,
    adjudication_results: Option<&'a Json>,
    adjustment_results: Option<&'a Json>,
    bounce_back_results: Option<&'a Json>,
    tender_results: Option<&'a Json>,
    adjustment_rules: Option<&'a Json>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultsView {
    points: PointsView,
    points_by_scheme: Option<()>,
    tiers: Option<()>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PointsView {
    spend: i64,
    debit: i64,
    refund: i64,
    total_points_taken: i64,
    earn: i64,
    credit: i64,
    total_points_given: i64,
    total_monetary_value: i64,
}

impl From<PointsResults> for PointsView {
    fn from(of: PointsResults) -> Self {
        Self {
            spend: of.spend,
            debit: of.debit,
            refund: of.refund,
            total_points_taken: of.spend.saturating_add(of.debit).saturating_add(of.refund),
            earn: of.earn,
            credit: of.credit,
            total_points_given: of.earn.saturating_add(of.credit),
            total_monetary_value: of.money,
        }
    }
}

impl<'a> WtxView<'a> {
    pub fn of(transaction: &'a WalletTransaction, location: LocationShown) -> Self {
        Self {
            wallet_transaction_id: transaction.id,
            parent_wallet_transaction_id: IdOrZero::of(transaction.parent),
            wallet_id: transaction.wallet,
            reference: &transaction.reference,
            transaction_date_time: Seconds(transaction.created_at),
            transaction_date_time_offset: "+00:00",
            identity_id: transaction.identity,
            identity: None,
            kind: transaction.kind,
            status: transaction.status,
            meta: MapShown::or_null(transaction.meta.as_ref()),
            state: "ORIGINAL",
            expiry_date: None,
            accounts: transaction
                .accounts
                .iter()
                .map(|(account, last)| AccountRef {
                    account_id: *account,
                    account_transaction_id: IdOrZero::of(*last),
                })
                .collect(),
            basket: BasketView::of(transaction),
            channel: "api",
            location: match location {
                LocationShown::Stored => LocationView {
                    store_id: transaction.location.store.as_deref(),
                    store_parent_id: transaction.location.store_parent.as_deref(),
                },
                LocationShown::Hidden => LocationView { store_id: None, store_parent_id: None },
            },
            date_created: Seconds(transaction.created_at),
            last_updated: Seconds(transaction.updated_at),
        }
    }

    /// With the identity in full, as the parent of a settle has it.
    #[must_use]
    pub fn with_identity(mut self, identity: Option<&'a Identity>) -> Self {
        self.identity = identity.map(IdentityView::of);
        self
    }
}

impl<'a> BasketView<'a> {
    fn of(transaction: &'a WalletTransaction) -> Self {
        static NOTHING: Basket = Basket { contents: None, summary: None, payment: None };
        static NO_FIGURES: std::sync::LazyLock<Summary> = std::sync::LazyLock::new(Summary::default);
        let basket = transaction.basket.as_ref().unwrap_or(&NOTHING);
        let figures = basket.summary.as_ref().unwrap_or(&NO_FIGURES);
        let summary = transaction.results.map(|results| SummaryView {
            total_items: figures.total_items.as_ref(),
            total_basket_value: figures.total_basket_value.as_ref(),
            total_qualifying_amount: figures.total_qualifying_amount.as_ref(),
            total_discount_amount: figures.total_discount_amount.as_ref(),
            total_tax_amount: figures.total_tax_amount.as_ref(),
            fulfilled_base_earn: figures.fulfilled_base_earn.as_ref(),
            expected_points: figures.expected_points.as_ref(),
            original_qualified_accounts: figures.original_qualified_accounts.as_ref(),
            spend_adjudication_results: transaction.adjudication.as_ref().map(Adjudicated),
            results: ResultsView { points: results.into(), points_by_scheme: None, tiers: None },
            qualifies_results: figures.qualifies_results.as_ref(),
            reporting: figures.reporting.as_ref(),
            tier_membership_results: figures.tier_membership_results.as_ref(),
            redemption_channel: figures.redemption_channel.as_ref(),
            adjudication_results: figures.adjudication_results.as_ref(),
            adjustment_results: figures.adjustment_results.as_ref(),
            bounce_back_results: figures.bounce_back_results.as_ref(),
            tender_results: figures.tender_results.as_ref(),
            adjustment_rules: figures.adjustment_rules.as_ref(),
        });
        Self { contents: basket.contents.as_ref(), summary, payment: basket.payment.as_ref() }
    }
}
