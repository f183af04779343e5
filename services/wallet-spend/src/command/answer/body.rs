//! What was done, as status and JSON. Pure: the first answer, its replay and its event are made here.

use serde::Serialize;

use super::created::CreatedView;
use crate::{
    command::{
        Done, Issue,
        done::{Moved, Opened, Refunded, Settled, Spent, Unlocked, Voided},
    },
    model::{Json, text_of},
    view::{
        AccountShown, AccountView, AppliedTierShown, AtxShown, AtxView, EmptyMap, IdentityView,
        LocationShown, PermissionsView, SchemeView, WalletView, WtxView,
    },
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub status: u16,
    pub json: String,
}

const OK: u16 = 200;
const CREATED: u16 = 201;
/// Processed with issues.
const MULTI_STATUS: u16 = 207;

/// See the module's documentation.
pub fn body(done: &Done) -> Body {
    match done {
        Done::Scheme(scheme) => render(CREATED, &SchemeView::of(scheme)),
        Done::Wallet(new) => render(CREATED, &CreatedView::of(new)),
        // 201 is for what is made under /services, and for accounts and schemes.
        Done::Identity(identity) => render(OK, &IdentityView::of(identity)),
        Done::Account(account) => render(CREATED, &AccountView::of(account, AccountShown::Read)),
        Done::Adjusted(moved) => render(OK, &with_account(moved)),
        Done::ChangedWallet(wallet) => render(OK, &WalletView::of(wallet)),
        Done::ChangedIdentity(identity) => render(OK, &IdentityView::of(identity)),
        Done::ChangedAccount(account) => render(OK, &AccountView::of(account, AccountShown::Read)),
        Done::Opened(opened) => render(OK, &OpenedView::of(opened)),
        Done::Spent(spent) => render(OK, &spent_view(spent)),
        Done::Voided(voided) => render(OK, &voided_view(voided)),
        Done::Settled(settled) => {
            let status = if settled.issues.is_empty() { OK } else { MULTI_STATUS };
            render(status, &settled_view(settled))
        }
        Done::Unlocked(unlocked) => render(OK, &unlocked_view(unlocked)),
        Done::Refunded(refunded) => render(OK, &refunded_view(refunded)),
        Done::Annotated(transaction) => render(OK, &WtxView::of(transaction, LocationShown::Stored)),
        Done::Permitted(rules) => render(OK, &PermissionsView::of(rules)),
        Done::Expired => Body { status: OK, json: "{}".to_owned() },
    }
}

fn render(status: u16, view: &impl Serialize) -> Body {
    match text_of(view) {
        Ok(json) => Body { status, json },
        Err(error) => unreachable!("every view has text keys and finite numbers: {error}"),
    }
}

/// `{walletTransactions, accountTransactions}`, with the issues of a settle that had some.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TransactionsView<'a> {
    wallet_transactions: Vec<WtxView<'a>>,
    account_transactions: Vec<AtxView<'a>>,
    #[serde(skip_serializing_if = "<[Issue]>::is_empty")]
    issues: &'a [Issue],
}

fn with_account(moved: &Moved) -> AtxView<'_> {
    AtxView::of(&moved.transaction, AtxShown::AnswerWith(&moved.account))
}

fn spent_view(spent: &Spent) -> TransactionsView<'_> {
    TransactionsView {
        wallet_transactions: vec![WtxView::of(&spent.transaction, LocationShown::Stored)],
        account_transactions: spent
            .account_transactions
            .iter()
            .map(|transaction| AtxView::of(transaction, AtxShown::Answer))
            .collect(),
        issues: &[],
    }
}

fn voided_view(voided: &Voided) -> TransactionsView<'_> {
    TransactionsView {
        wallet_transactions: vec![WtxView::of(&voided.transaction, LocationShown::Hidden)],
        account_transactions: vec![with_account(&voided.moved)],
        issues: &[],
    }
}

fn settled_view(settled: &Settled) -> TransactionsView<'_> {
    let parent = settled
        .parent
        .iter()
        .map(|parent| WtxView::of(parent, LocationShown::Stored).with_identity(settled.identity.as_deref()));
    let children = settled.children.iter().map(|child| WtxView::of(child, LocationShown::Stored));
    TransactionsView {
        wallet_transactions: parent.chain(children).collect(),
        account_transactions: settled.moved.iter().map(with_account).collect(),
        issues: &settled.issues,
    }
}

fn unlocked_view(unlocked: &Unlocked) -> TransactionsView<'_> {
    let parent = std::iter::once(WtxView::of(&unlocked.parent, LocationShown::Stored));
    let children = unlocked.children.iter();
    let children = children.map(|child| WtxView::of(&child.transaction, LocationShown::Hidden));
    TransactionsView {
        wallet_transactions: parent.chain(children).collect(),
        account_transactions: unlocked.children.iter().map(|child| with_account(&child.moved)).collect(),
        issues: &[],
    }
}

fn refunded_view(refunded: &Refunded) -> TransactionsView<'_> {
    TransactionsView {
        wallet_transactions: vec![WtxView::of(&refunded.transaction, LocationShown::Stored)],
        account_transactions: refunded.moved.iter().map(with_account).collect(),
        issues: &[],
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OpenedView<'a> {
    analyse_basket_results: AnalyseBasket<'a>,
    wallet: WalletView<'a>,
    identity: IdentityView<'a>,
    accounts: Vec<EnrichedView<'a>>,
    additional_entities: EmptyMap,
    wallet_transactions: Vec<WtxView<'a>>,
    account_transactions: EmptyMap,
    basket_adjudication_result: Option<()>,
    spend_adjudication_results: Option<()>,
    transaction_capabilities: Capabilities,
}

/// Baskets are kept and shown; offers on them are somebody else's.
#[derive(Debug, Serialize)]
struct AnalyseBasket<'a> {
    basket: Option<&'a Json>,
    discount: EmptyMap,
    points: EmptyMap,
}

#[derive(Debug, Serialize)]
struct EnrichedView<'a> {
    #[serde(flatten)]
    account: AccountView<'a>,
    enriched: Enriched<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Enriched<'a> {
    properties: Properties<'a>,
    scheme_reference: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    redemption_rates: Rates<'a>,
}

#[derive(Debug)]
struct Rates<'a>(&'a [(String, zerosum_domain::spend::Tiers)]);

impl Serialize for Rates<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tiers = |tiers: &zerosum_domain::spend::Tiers| -> Vec<AppliedTierShown> {
            tiers.as_slice().iter().map(|tier| tier.terms().into()).collect()
        };
        serializer.collect_map(self.0.iter().map(|(unit, of)| (unit, tiers(of))))
    }
}

#[derive(Debug, Serialize)]
struct Capabilities {
    loyalty: Loyalty,
}

#[derive(Debug, Serialize)]
struct Loyalty {
    spend: bool,
    earn: bool,
}

impl<'a> OpenedView<'a> {
    fn of(opened: &'a Opened) -> Self {
        Self {
            analyse_basket_results: AnalyseBasket {
                basket: opened.basket.as_ref(),
                discount: EmptyMap,
                points: EmptyMap,
            },
            wallet: WalletView::of(&opened.wallet),
            identity: IdentityView::of(&opened.identity),
            accounts: opened
                .accounts
                .iter()
                .map(|opened| EnrichedView {
                    account: AccountView::of(&opened.account, AccountShown::Read),
                    enriched: Enriched {
                        properties: Properties { redemption_rates: Rates(&opened.tiers) },
                        scheme_reference: &opened.scheme_reference,
                    },
                })
                .collect(),
            additional_entities: EmptyMap,
            wallet_transactions: opened
                .transaction
                .iter()
                .map(|transaction| WtxView::of(transaction, LocationShown::Stored))
                .collect(),
            account_transactions: EmptyMap,
            basket_adjudication_result: None,
            spend_adjudication_results: None,
            transaction_capabilities: Capabilities {
                loyalty: Loyalty { spend: opened.may_spend, earn: opened.may_earn },
            },
        }
    }
}
