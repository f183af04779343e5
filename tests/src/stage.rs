//! Where a test plays: a database, brands, a key that signs tokens, and the services that were started.

use std::sync::{Arc, LazyLock};

use tokio::net::TcpListener;
use tokio_postgres::Client as Database;
use zerosum_edge::{Contract, ServeLimits};
use zerosum_ledger::{Clock, verify::Report};
use zerosum_testkit::{TestDatabase, http::Issuer};

use crate::{Client, Proof};

pub const BRAND: &str = "demo";
pub const OTHER_BRAND: &str = "rival";
/// [`BRAND`]'s client of wallet-spend.
const CLIENT_ID: &str = "1234567890";
const SECRET: &str = "0987654321";

/// See the module's documentation. The services end with the test's runtime.
pub struct Stage {
    pub database: TestDatabase,
    issuer: Issuer,
    clock: Clock,
}

impl Stage {
    /// Two brands and no service yet; moments are the database's.
    pub async fn new() -> Self {
        Self::with_clock(Clock::Database).await
    }

    pub async fn with_clock(clock: Clock) -> Self {
        let database = TestDatabase::new().await;
        let admin = database.admin().await;
        for brand in [BRAND, OTHER_BRAND] {
            let sql = "insert into ledger.brands (brand_id, name, currency) values ($1, $1, 'USD')";
            admin.execute(sql, &[&brand]).await.expect("insert a brand");
        }
        let sql = "insert into wallet.clients (brand_key, client_id, name, secret) values (ledger.brand_key($1), $2, 'A client', $3)";
        admin.execute(sql, &[&BRAND, &CLIENT_ID, &SECRET]).await.expect("insert a client");
        let sql = "insert into wallet.brand_settings (brand_key, unit_id, unit_name) values (ledger.brand_key($1), $1, 'A unit')";
        admin.execute(sql, &[&BRAND]).await.expect("insert the settings");
        Self { database, issuer: Issuer::new(), clock }
    }

    /// Starts an instance of accounting and answers a client of it that may do everything for [`BRAND`].
    pub async fn accounting(&self) -> Client {
        use zerosum_accounting::service::{Parts, Service};
        static CONTRACT: LazyLock<Arc<Contract>> =
            LazyLock::new(|| document(zerosum_accounting::api::DOCUMENT));
        let parts =
            Parts { clock: self.clock.clone(), ..Parts::new(self.address(), self.issuer.bearer_tokens()) };
        let service = Service::start(parts).expect("start accounting");
        let (listener, address) = listen().await;
        tokio::spawn(service.serve(listener, ServeLimits::default(), std::future::pending()));
        let token = self.token(BRAND, "till-1", "write:ledger read:ledger");
        Client::new(address, CONTRACT.clone(), Proof::Token(token))
    }

    /// Starts an instance of cash and answers a client of it that may do everything for [`BRAND`].
    pub async fn cash(&self) -> Client {
        use zerosum_cash::service::{Parts, Service};
        static CONTRACT: LazyLock<Arc<Contract>> = LazyLock::new(|| document(zerosum_cash::api::DOCUMENT));
        let parts =
            Parts { clock: self.clock.clone(), ..Parts::new(self.address(), self.issuer.bearer_tokens()) };
        let service = Service::start(parts).expect("start cash");
        let (listener, address) = listen().await;
        tokio::spawn(service.serve(listener, ServeLimits::default(), std::future::pending()));
        let token = self.token(BRAND, "till-1", "admin:cash write:cash read:cash_balance");
        Client::new(address, CONTRACT.clone(), Proof::Token(token))
    }

    /// Starts an instance of wallet-spend and answers [`BRAND`]'s client of it.
    pub async fn wallet_spend(&self) -> Client {
        use zerosum_wallet_spend::service::{Parts, Service};
        static CONTRACT: LazyLock<Arc<Contract>> =
            LazyLock::new(|| document(zerosum_wallet_spend::api::DOCUMENT));
        let mut parts = Parts::new(self.address());
        parts.host.clock = self.clock.clone();
        let service = Service::start(parts).expect("start wallet-spend");
        let (listener, address) = listen().await;
        tokio::spawn(service.serve(listener, ServeLimits::default(), std::future::pending()));
        let proof = Proof::Signature { client_id: CLIENT_ID.to_owned(), secret: SECRET.to_owned() };
        Client::new(address, CONTRACT.clone(), proof)
    }

    /// A token that lives for the length of any test.
    pub fn token(&self, brand: &str, subject: &str, scope: &str) -> String {
        self.issuer.token(Some(brand), subject, scope)
    }

    /// The books hold, and something is in them. Every test ends with it.
    pub async fn books_hold(&self) -> Report {
        let report = zerosum_ledger::verify(self.database.app_url()).await.expect("verify");
        assert!(report.is_clean(), "{report}");
        assert!(report.counts.entries > 0, "nothing was posted, so nothing was proven");
        report
    }

    /// Changes what a service cannot: plants a fault, halts a brand.
    pub async fn as_owner(&self, sql: &str) {
        self.database.admin().await.batch_execute(sql).await.expect("the owner's statement");
    }

    /// A number that the database answers.
    pub async fn number(&self, sql: &str) -> i64 {
        self.database.admin().await.query_one(sql, &[]).await.expect("ask").get(0)
    }

    /// A connection that may do what the services may: the login role, acting as the application.
    pub async fn as_application(&self) -> Database {
        let app = self.database.app().await;
        app.batch_execute("set role zerosum_app").await.expect("act as the application");
        app
    }

    fn address(&self) -> tokio_postgres::Config {
        self.database.app_url().parse().expect("an address")
    }
}

fn document(yaml: &str) -> Arc<Contract> {
    Arc::new(Contract::parse(yaml).expect("a document that can be used"))
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    (listener, address)
}
