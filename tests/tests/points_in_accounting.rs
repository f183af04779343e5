//! Points in the general ledger: what wallet-spend does to a consumer's points is what accounting shows of them, call by
//! call, in the accounts of the wallet and of the scheme; and the trial balance is zero after every one.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use zerosum_tests::{Ask, BRAND, Client, Stage, wallet};

const SCHEME: &str = "SCHEME";
const IDENTITY: &str = "ada";

/// One database, both services over it, and the consumer's ids.
struct Books {
    stage: Stage,
    accounting: Client,
    wallet_spend: Client,
    wallet: String,
    account: String,
    /// Of the scheme: `PTS:<id>`.
    currency: String,
    /// The four ledger accounts of the scheme's points, by what they are.
    ledger: BTreeMap<&'static str, String>,
}

/// What the four accounts of a scheme hold; what is given comes out of `issue`, so that is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    wallet: i64,
    issue: i64,
    redemption: i64,
    expired: i64,
}

fn location() -> Value {
    json!({"incomingIdentifier": "till-1", "parentIncomingIdentifier": BRAND})
}

fn text(value: &Value, at: &str) -> String {
    value.pointer(at).and_then(Value::as_str).unwrap_or_else(|| panic!("no {at} in {value}")).to_owned()
}

impl Books {
    async fn open() -> Self {
        let stage = Stage::new().await;
        let (accounting, wallet_spend) = (stage.accounting().await, stage.wallet_spend().await);
        let fields = json!({"services": {"expiryPoints": {"days": 30}}});
        let scheme = text(&wallet_spend.need(wallet::scheme(SCHEME, &fields), 201).await, "/id");
        let body = json!({
            "type": "CONSUMER",
            "identities": [{"type": "CUSTOMER_ID", "value": IDENTITY}],
            "accounts": {"scheme": [{"schemeId": scheme, "status": "ACTIVE", "state": "LOADED"}]},
        });
        let create = Ask::post("createWalletAccounts", "/services/wallet/accounts", &body);
        let made = wallet_spend.need(create, 201).await;
        let currency = format!("PTS:{scheme}");
        let listed = accounting.need(Ask::get("listAccounts", "/v1/accounts?limit=100"), 200).await;
        let of_scheme: Vec<&Value> = listed["data"]
            .as_array()
            .expect("accounts")
            .iter()
            .filter(|account| account["currency"] == json!(currency))
            .collect();
        let by_type = |kind: &str| {
            let mut found = of_scheme.iter().filter(|account| account["type"] == json!(kind));
            let id = text(found.next().unwrap_or_else(|| panic!("no {kind} account in {listed}")), "/id");
            assert!(found.next().is_none(), "two {kind} accounts of one scheme");
            id
        };
        assert_eq!(of_scheme.len(), 4, "{listed}");
        let ledger = [
            ("wallet", by_type("asset")),
            ("issue", by_type("liability")),
            ("redemption", by_type("expense")),
            ("expired", by_type("revenue")),
        ];
        Self {
            wallet: text(&made, "/walletId"),
            account: text(&made, "/accounts/scheme/results/0/accountId"),
            stage,
            accounting,
            wallet_spend,
            currency,
            ledger: ledger.into(),
        }
    }

    fn identity() -> Value {
        json!({"identityValue": IDENTITY})
    }

    async fn earn(&self, reference: &str, points: i64) {
        let body = json!({
            "identity": Self::identity(), "reference": reference, "location": location(),
            "operations": [
                {"operationType": "earn", "accountId": self.account, "balances": {"current": points}},
            ],
        });
        let settle = Ask::post("settle", "/connect/wallet/settle", &body).keyless();
        self.wallet_spend.need(settle, 200).await;
    }

    async fn by_hand(&self, operation: &'static str, verb: &str, points: i64) {
        let target = format!("/wallet/{}/account/{}/{verb}", self.wallet, self.account);
        let adjust = Ask::patch(operation, target, &json!({"balances": {"current": points}}));
        self.wallet_spend.need(adjust, 200).await;
    }

    async fn spend(&self, reference: &str, points: i64, lock: bool) {
        let body = json!({
            "identity": Self::identity(), "location": location(), "pointsValue": points,
        });
        let calculate = Ask::post("spendCalculate", "/connect/wallet/spend/calculate", &body);
        let quote = self.wallet_spend.need(calculate, 200).await["spendAdjudicationResults"].take();
        let body = json!({
            "identity": Self::identity(), "location": location(), "reference": reference, "lock": lock,
            "spendAdjudicationResults": quote,
        });
        self.wallet_spend.need(Ask::post("spend", "/connect/wallet/spend", &body).keyless(), 200).await;
    }

    async fn void(&self, reference: &str) {
        let body = json!({"identity": Self::identity(), "reference": reference});
        self.wallet_spend
            .need(Ask::post("spendVoid", "/connect/wallet/spend/void", &body).keyless(), 200)
            .await;
    }

    async fn settle(&self, reference: &str, spend: &str, points: Option<i64>) {
        let child =
            json!({"link": true, "reference": spend, "operationType": "SETTLE", "pointsValue": points});
        let body = json!({
            "identity": Self::identity(), "reference": reference, "walletTransactions": [child],
        });
        self.wallet_spend.need(Ask::post("settle", "/connect/wallet/settle", &body).keyless(), 200).await;
    }

    async fn refund(&self, reference: &str, of: &str, points: i64) {
        let body = json!({
            "reference": reference, "originalTransaction": {"reference": of}, "pointsValue": points,
        });
        self.wallet_spend.need(Ask::post("refund", "/connect/wallet/refund", &body).keyless(), 200).await;
    }

    /// What each posting moved of a ledger account, oldest first, and when.
    async fn movements(&self, of: &str) -> Vec<i64> {
        let target = format!("/v1/accounts/{}/ledger?limit=100", self.ledger[of]);
        let page = self.accounting.need(Ask::get("getAccountLedger", target), 200).await;
        assert_eq!(page["next_cursor"], Value::Null, "a page is enough for this test");
        let mut moved: Vec<(String, i64)> = Vec::new();
        // A posting has an entry for each lot that it touches.
        for entry in page["data"].as_array().expect("entries") {
            let amount: i64 = text(entry, "/amount_cents").parse().expect("a decimal");
            let posting = text(entry, "/transaction_id");
            match moved.last_mut() {
                Some((last, sum)) if *last == posting => *sum += amount,
                _ => moved.push((posting, amount)),
            }
        }
        moved.into_iter().rev().map(|(_, amount)| amount).collect()
    }

    /// What wallet-spend says that it moved, oldest first: locks and their ends move nothing.
    async fn told(&self) -> Vec<i64> {
        let target = format!("/wallet/{}/account/{}/transactions", self.wallet, self.account);
        let list = self.wallet_spend.need(Ask::get("listAccountTransactions", target), 200).await;
        let made = list["results"].as_array().expect("transactions");
        let current = |made: &Value, when: &str| made[when]["current"].as_i64().expect("points");
        let moved = made.iter().rev().map(|made| {
            let by = current(made, "balancesAfter") - current(made, "balancesBefore");
            let locks = ["LOCK", "VOID", "UNLOCK"].contains(&made["event"].as_str().expect("an event"));
            assert_eq!(by == 0, locks, "{made}");
            by
        });
        moved.filter(|by| *by != 0).collect()
    }

    /// Both services say the same of the points, and it is this.
    async fn agree(&self, after: &str, held: Held) {
        assert_eq!(self.movements("wallet").await, self.told().await, "after {after}");
        let figures = [
            ("wallet", held.wallet),
            ("issue", held.issue),
            ("redemption", held.redemption),
            ("expired", held.expired),
        ];
        for (of, points) in figures {
            assert_eq!(self.accounting.balance(&self.ledger[of]).await, points, "{of} after {after}");
            assert_eq!(self.movements(of).await.iter().sum::<i64>(), points, "{of} after {after}");
        }
        assert_eq!(held.wallet + held.issue + held.redemption + held.expired, 0, "after {after}");

        let trial = self.accounting.need(Ask::get("getTrialBalance", "/v1/trial-balance"), 200).await;
        assert_eq!(trial["balanced"], true, "after {after}: {trial}");
        let total = |kind: &str| {
            let totals = trial["totals"].as_array().expect("totals").iter();
            let mut of =
                totals.filter(|of| of["type"] == json!(kind) && of["currency"] == json!(self.currency));
            of.next().map_or(0, |of| text(of, "/balance_cents").parse().expect("a decimal"))
        };
        let totals = ["asset", "liability", "expense", "revenue"].map(total);
        assert_eq!(totals, figures.map(|(_, points)| points), "after {after}: {trial}");
        let currencies = trial["currencies"].as_array().expect("currencies");
        let own =
            currencies.iter().find(|of| of["currency"] == json!(self.currency)).expect("the scheme's points");
        assert_eq!(own["balance_cents"], "0", "after {after}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounting_shows_every_movement_of_points_and_they_sum_to_zero() {
    let books = Books::open().await;
    let held = |wallet, issue, redemption, expired| Held { wallet, issue, redemption, expired };
    books.agree("nothing", held(0, 0, 0, 0)).await;
    books.earn("earned", 500).await;
    books.agree("an earn", held(500, -500, 0, 0)).await;
    books.by_hand("creditAccount", "credit", 1_000).await;
    books.agree("a credit", held(1_500, -1_500, 0, 0)).await;

    books.spend("settled", 600, true).await;
    books.agree("a lock", held(1_500, -1_500, 0, 0)).await;
    // Out of both lots.
    books.settle("buy", "settled", None).await;
    books.agree("a settle", held(900, -1_500, 600, 0)).await;
    books.spend("voided", 300, true).await;
    books.void("voided").await;
    books.agree("a void", held(900, -1_500, 600, 0)).await;
    books.spend("in-part", 200, true).await;
    books.settle("buy-part", "in-part", Some(50)).await;
    books.agree("a settle in part", held(850, -1_500, 650, 0)).await;
    books.spend("at-once", 100, false).await;
    books.agree("a spend at once", held(750, -1_500, 750, 0)).await;

    books.refund("given-back", "settled", 550).await;
    books.agree("a refund of a spend", held(1_300, -1_500, 200, 0)).await;
    books.refund("taken-back", "earned", 120).await;
    books.agree("a refund of an earning", held(1_180, -1_500, 320, 0)).await;
    books.by_hand("debitAccount", "debit", 30).await;
    books.agree("a debit", held(1_150, -1_500, 350, 0)).await;

    // Everything that is left expires; the service's job posts it soon after.
    books.stage.as_owner("update ledger.lots set expires_at = now() - interval '1 second' where live").await;
    for _ in 0..200 {
        if books.accounting.balance(&books.ledger["expired"]).await != 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    books.agree("an expiry", held(0, -1_500, 350, 1_150)).await;
    let report = books.stage.books_hold().await;
    println!("11 kinds of calls, {} entries: both services agree after each", report.counts.entries);
}
