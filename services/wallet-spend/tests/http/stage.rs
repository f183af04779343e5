//! What a test stands on: the service over a database of its own, two brands with a client each, a scheme and wallets.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};
use zerosum_edge::signature;
use zerosum_testkit::{TestDatabase, http::Till};
use zerosum_wallet_spend::service::{Parts, Service};

pub use zerosum_testkit::http::Answer;

pub const BRAND: &str = "demo";
pub const OTHER_BRAND: &str = "rival";
pub const UNIT: &str = "AFabulousRetailer";
const SECRET: &str = "0987654321";

/// Who signs: a client of each brand.
pub fn client(brand: &str) -> String {
    format!("{brand}-till")
}

/// A test that ends without [`Stage::books_hold`] after what it did last has failed.
pub struct Stage {
    pub database: TestDatabase,
    pub service: Service,
    till: Till,
    next: AtomicU32,
    proven: AtomicBool,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let proven = self.proven.load(Ordering::Relaxed);
        assert!(proven || std::thread::panicking(), "the test ended without a look at the books");
    }
}

/// Every ACTIVE spend locks exactly its points.
const LOCKS_WITHOUT_HOLDS: &str = "
select count(*) from wallet.wallet_transactions t
  left join ledger.holds h on h.brand_key = t.brand_key and h.hold_id = t.hold_id
 where t.type = 'SPEND' and t.status = 'ACTIVE' and (h.status, h.amount) is distinct from ('open', t.points)";
/// And nothing else is locked.
const HOLDS_WITHOUT_LOCKS: &str = "
select count(*) from ledger.holds h
  left join wallet.wallet_transactions t on t.brand_key = h.brand_key and t.hold_id = h.hold_id
 where h.status = 'open' and t.status is distinct from 'ACTIVE'";
/// An account holds what its transactions moved.
const ACCOUNTS_OFF_THEIR_HISTORY: &str = "
select count(*) from wallet.accounts a
  join ledger.balances b on b.brand_key = a.brand_key and b.account_id = a.ledger_account
 where b.posted <> (
   select coalesce(sum(case when m.posting is null then 0
                            when m.event in ('CREDIT', 'EARN') then m.value
                            when m.event = 'REFUND' then m.current_after - m.current_before
                            else -m.value end), 0)
     from wallet.account_transactions m where m.brand_key = a.brand_key and m.account_id = a.account_id)";
/// Lifetime spend is what was settled and not refunded, and what was spent by hand.
const LIFETIMES_OFF: &str = "
select count(*) from wallet.accounts a
  join ledger.balances b on b.brand_key = a.brand_key and b.account_id = a.ledger_account
 where b.figures[2] is distinct from (
   select coalesce(sum(t.settled_points - t.refunded_points), 0)
     from wallet.wallet_transactions t
    where t.brand_key = a.brand_key and t.account_id = a.account_id and t.type = 'SPEND'
 ) + (
   select coalesce(sum(m.value), 0) from wallet.account_transactions m
    where m.brand_key = a.brand_key and m.account_id = a.account_id and m.event = 'SPEND'
      and m.wallet_transaction_id = 0)";

/// A wallet with one points account.
#[derive(Debug, Clone)]
pub struct Holder {
    pub identity: String,
    pub wallet: String,
    pub account: String,
    pub scheme: String,
    pub scheme_reference: String,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(|parts| parts).await
    }

    /// Over lanes that remember nothing.
    pub async fn forgetful() -> Self {
        Self::with(|mut parts| {
            parts.host.remembers = false;
            parts
        })
        .await
    }

    async fn with(change: impl FnOnce(Parts) -> Parts) -> Self {
        let database = TestDatabase::new().await;
        let admin = database.admin().await;
        for brand in [BRAND, OTHER_BRAND] {
            let sql = "insert into ledger.brands (brand_id, name, currency) values ($1, $1, 'USD')";
            admin.execute(sql, &[&brand]).await.unwrap();
            let sql = "insert into wallet.clients (brand_key, client_id, name, secret) values (ledger.brand_key($1), $2, 'api', $3)";
            admin.execute(sql, &[&brand, &client(brand), &SECRET]).await.unwrap();
        }
        let parts = Parts::new(database.app_url().parse().unwrap());
        let service = Service::start(change(parts)).unwrap();
        let till = Till::new(service.edge().clone(), String::new());
        Self { database, service, till, next: AtomicU32::new(1), proven: AtomicBool::new(false) }
    }

    /// A fresh name.
    pub fn name(&self, of: &str) -> String {
        format!("{of}-{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub async fn ask_as(
        &self,
        brand: &str,
        operation: &str,
        method: Method,
        target: &str,
        body: &[u8],
        headers: &[(&str, &str)],
    ) -> Answer {
        self.proven.store(method == Method::GET && self.proven.load(Ordering::Relaxed), Ordering::Relaxed);
        patient(&self.till, operation, signed(brand, method, target, body, headers)).await
    }

    pub fn till(&self) -> &Till {
        &self.till
    }

    /// Another instance of the service over the same database.
    pub fn second_instance(&self) -> Till {
        let service = Service::start(Parts::new(self.database.app_url().parse().unwrap())).unwrap();
        Till::new(service.edge().clone(), String::new())
    }

    pub async fn post(&self, operation: &str, target: &str, body: &Value) -> Answer {
        self.ask_as(BRAND, operation, Method::POST, target, body.to_string().as_bytes(), &[]).await
    }

    pub async fn patch(&self, operation: &str, target: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask_as(BRAND, operation, Method::PATCH, target, body.as_bytes(), &[]).await
    }

    pub async fn get(&self, operation: &str, target: &str) -> Answer {
        self.ask_as(BRAND, operation, Method::GET, target, b"", &[]).await
    }

    /// Sends a request as it is.
    pub async fn send(&self, operation: &str, request: Request<Full<bytes::Bytes>>) -> Answer {
        self.proven.store(false, Ordering::Relaxed);
        self.till.send(operation, request).await
    }

    /// The scheme of the published page.
    pub async fn scheme(&self, reference: &str) -> String {
        self.scheme_with(reference, json!({})).await
    }

    pub async fn scheme_with(&self, reference: &str, more: Value) -> String {
        let mut body = json!({
            "reference": reference, "type": "LOYALTY", "class": "POINTS", "status": "ACTIVE",
            "accountClientType": "RETAILPOINTS", "details": {"name": reference},
            "rates": {"redemption": {UNIT: [
                {"floor": 10000, "ceiling": 500000, "step": 10000, "rate": 0.1, "bonus": 0, "pointsBack": 0}
            ]}},
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.post("createScheme", "/schemes/points", &body).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// A wallet with an account of each scheme; the first is the holder's.
    pub async fn holder_of(&self, identity: &str, schemes: &[(&str, &str)]) -> Holder {
        let made = self.holder_of_any(identity, schemes).await;
        let text = |pointer: &str| made.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
        Holder {
            identity: identity.to_owned(),
            wallet: text("/walletId"),
            account: text("/accounts/scheme/results/0/accountId"),
            scheme: schemes[0].0.to_owned(),
            scheme_reference: schemes[0].1.to_owned(),
        }
    }

    /// What POST /services/wallet/accounts answers, whether or not the identity was there.
    pub async fn holder_of_any(&self, identity: &str, schemes: &[(&str, &str)]) -> Value {
        let accounts: Vec<Value> = schemes
            .iter()
            .map(|(scheme, _)| json!({"schemeId": scheme, "status": "ACTIVE", "state": "LOADED"}))
            .collect();
        let body = json!({
            "type": "CONSUMER", "state": "DEFAULT", "status": "ACTIVE",
            "identities": [{"type": "CUSTOMER_ID", "value": identity, "state": "DEFAULT", "status": "ACTIVE"}],
            "accounts": {"scheme": accounts},
        });
        self.post("createWalletAccounts", "/services/wallet/accounts", &body).await.expect(201)
    }

    /// A holder of a scheme of its own, with points.
    pub async fn holder(&self, points: i64) -> Holder {
        let reference = self.name("SCHEME");
        let scheme = self.scheme(&reference).await;
        let holder = self.holder_of(&self.name("card"), &[(&scheme, &reference)]).await;
        self.credit(&holder, points).await;
        holder
    }

    pub async fn credit(&self, holder: &Holder, points: i64) -> Value {
        let target = format!("/wallet/{}/account/{}/credit", holder.wallet, holder.account);
        self.patch("creditAccount", &target, &json!({"balances": {"current": points}})).await.expect(200)
    }

    pub async fn calculate(&self, holder: &Holder, points: i64) -> Answer {
        let body = json!({
            "identity": {"identityValue": holder.identity}, "location": location(), "pointsValue": points,
            "scheme": {"reference": holder.scheme_reference},
        });
        self.post("spendCalculate", "/connect/wallet/spend/calculate", &body).await
    }

    pub async fn spend(&self, holder: &Holder, reference: &str, points: i64, lock: bool) -> Answer {
        self.post("spend", "/connect/wallet/spend", &spend_body(holder, reference, points, lock)).await
    }

    pub async fn void(&self, holder: &Holder, reference: &str) -> Answer {
        let body = json!({"identity": {"identityValue": holder.identity}, "reference": reference});
        self.post("spendVoid", "/connect/wallet/spend/void", &body).await
    }

    pub async fn open(&self, holder: &Holder, reference: &str) -> Answer {
        let body = json!({
            "identity": {"identityValue": holder.identity}, "reference": reference, "lock": true,
            "location": location(),
        });
        self.post("open", "/connect/wallet/open", &body).await
    }

    /// Settles a purchase with these spends.
    pub async fn settle(&self, holder: &Holder, reference: &str, children: &[&str]) -> Answer {
        self.post("settle", "/connect/wallet/settle", &settle_body(holder, reference, children)).await
    }

    pub async fn account(&self, holder: &Holder) -> Value {
        let target = format!("/wallet/{}/account/{}", holder.wallet, holder.account);
        self.get("getAccount", &target).await.expect(200)
    }

    /// current, usable, locked, lifetimeSpend, lifetimeSpendValue
    pub async fn figures(&self, holder: &Holder) -> [i64; 5] {
        let account = self.account(holder).await;
        ["current", "usable", "locked", "lifetimeSpend", "lifetimeSpendValue"]
            .map(|name| account["balances"][name].as_i64().unwrap())
    }

    pub async fn status(&self, reference: &str) -> String {
        let target = format!("/wallet/transaction?reference={reference}");
        let found = self.get("findTransaction", &target).await.expect(200);
        found["status"].as_str().unwrap().to_owned()
    }

    /// Moves the end of a lock into the past, where the ledger and the wallet keep it.
    pub async fn let_lapse(&self, reference: &str) {
        let admin = self.database.admin().await;
        let sql = "
            with lapsed as (
              update wallet.wallet_transactions set lock_expires_at = now() - interval '1 second'
               where reference = $1 returning brand_key, wallet_id, hold_id
            ),
            moved as (
              update ledger.balances b set revision = revision + 1
                from lapsed join wallet.accounts a using (brand_key, wallet_id)
               where b.brand_key = a.brand_key and b.account_id = a.ledger_account
            )
            update ledger.holds h set expires_at = now() - interval '1 second'
              from lapsed where h.brand_key = lapsed.brand_key and h.hold_id = lapsed.hold_id";
        assert_eq!(admin.execute(sql, &[&reference]).await.unwrap(), 1);
    }

    /// The events that consumers get, in their order: name and envelope. Those of the ledger's own postings left out.
    pub async fn events(&self) -> Vec<(String, Value)> {
        /// More than any test makes.
        const MOST: i64 = 10_000;
        let app = self.database.app().await;
        app.batch_execute("set role zerosum_app").await.unwrap();
        let render = zerosum_wallet_spend::command::rendered;
        let (events, _) = zerosum_events::page(&app, render, None, MOST).await.unwrap();
        let of_ours = |event: zerosum_events::Event| match event.data {
            zerosum_events::Data::Stored(envelope) => Some((event.r#type, envelope)),
            _ => None,
        };
        events.into_iter().filter_map(of_ours).collect()
    }

    /// The last event of this name.
    pub async fn event(&self, name: &str) -> Value {
        let events = self.events().await;
        let found = events.into_iter().rev().find(|(kind, _)| kind == name);
        found.unwrap_or_else(|| panic!("there is no event {name}")).1
    }

    /// What `zerosum verify` proves (W5 among it: the points that a scheme issued are those redeemed, expired and
    /// alive), and that the wallet's rows follow from it. Every test ends with it.
    pub async fn books_hold(&self) {
        let admin = self.database.admin().await;
        for wrong in [LOCKS_WITHOUT_HOLDS, HOLDS_WITHOUT_LOCKS, ACCOUNTS_OFF_THEIR_HISTORY, LIFETIMES_OFF] {
            let found: i64 = admin.query_one(wrong, &[]).await.unwrap().get(0);
            assert_eq!(found, 0, "{wrong}");
        }
        let report = zerosum_ledger::verify::verify(self.database.app_url()).await.unwrap();
        assert!(report.is_clean(), "{report}");
        self.proven.store(true, Ordering::Relaxed);
    }
}

pub fn location() -> Value {
    json!({"incomingIdentifier": "111", "parentIncomingIdentifier": UNIT})
}

/// A spend at the page's rate of a tenth.
pub fn spend_body(holder: &Holder, reference: &str, points: i64, lock: bool) -> Value {
    json!({
        "identity": {"identityValue": holder.identity}, "location": location(), "reference": reference, "lock": lock,
        "spendAdjudicationResults": {
            "pointsValue": points, "pointsRemainder": 0, "monetaryValue": points / 10,
            "operations": [{
                "resourceType": "SCHEME", "resourceId": holder.scheme, "accountId": holder.account,
                "walletId": holder.wallet, "operationType": "spend", "details": null, "value": points,
                "balances": {"current": points, "lifetime_spend": points, "lifetime_spend_value": points / 10}
            }],
            "analysedDateTime": "2026-11-20T10:00:00+00:00",
        },
    })
}

pub fn settle_body(holder: &Holder, reference: &str, children: &[&str]) -> Value {
    let children: Vec<Value> = children
        .iter()
        .map(|child| {
            json!({"link": true, "reference": child, "walletId": holder.wallet, "operationType": "SETTLE"})
        })
        .collect();
    json!({
        "reference": reference, "mode": "ACTIVE", "identity": {"identityValue": holder.identity},
        "location": location(), "walletTransactions": children,
    })
}

/// Asserts an `{errorCode, errorMessage}` refusal; answers its details.
#[track_caller]
pub fn refused(answer: &Answer, status: u16, code: &str) -> Vec<String> {
    assert_eq!((answer.status, answer.body["errorCode"].as_str()), (status, Some(code)), "{}", answer.body);
    let details = answer.body["details"].as_array().cloned().unwrap_or_default();
    details.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// A request of a brand's client, signed.
pub fn signed(
    brand: &str,
    method: Method,
    target: &str,
    body: &[u8],
    headers: &[(&str, &str)],
) -> Request<Full<bytes::Bytes>> {
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header("host", "localhost")
        // A proxy says who called; without one nobody does.
        .header("X-Forwarded-For", "192.0.2.7, 10.0.0.1")
        .header("X-EES-AUTH-CLIENT-ID", client(brand))
        .header("X-EES-AUTH-HASH", signature(target, body, SECRET));
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::from(body.to_vec())).unwrap()
}

/// Sends a request until it is answered: a 503 is tried again, as a till does. A busy machine may be late with a
/// connection; what was done all the same is then told of as a replay.
pub async fn patient(till: &Till, operation: &str, request: Request<Full<bytes::Bytes>>) -> Answer {
    for _ in 0..100 {
        let answer = till.send(operation, request.clone()).await;
        if answer.status != 503 {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{operation} was never answered")
}
