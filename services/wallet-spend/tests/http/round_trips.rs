//! A read is one round trip to the database, calculate among them: counted on the wire.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::Method;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_postgres::NoTls;
use zerosum_testkit::http::Till;
use zerosum_wallet_spend::service::{Parts, Service};

use super::{
    flow::page,
    stage::{BRAND, Holder, Stage, location, patient, signed},
};

/// How long one side must be silent before the other is heard: longer than a busy machine takes between two writes.
const SILENCE: Duration = Duration::from_millis(25);

/// A proxy that lets one side speak at a time: the server hears a client once it has said all that it can say without
/// an answer, and the client gets an answer once the server is done. So a client that waits for an answer before it
/// asks on takes a turn more, and one that sends everything at once takes one.
struct Turns {
    address: SocketAddr,
    taken: Arc<AtomicU64>,
}

impl Turns {
    async fn before(database: &str) -> Self {
        let config: tokio_postgres::Config = database.parse().unwrap();
        let server = SocketAddr::from(([127, 0, 0, 1], config.get_ports()[0]));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let taken = Arc::new(AtomicU64::new(0));
        let counter = taken.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, TcpStream::connect(server).await.unwrap(), counter.clone()));
            }
        });
        Self { address, taken }
    }

    /// The same database, by way of this proxy.
    fn url(&self, database: &str) -> tokio_postgres::Config {
        let direct: tokio_postgres::Config = database.parse().unwrap();
        let mut config = tokio_postgres::Config::new();
        config
            .host("127.0.0.1")
            .port(self.address.port())
            .user(direct.get_user().unwrap())
            .dbname(direct.get_dbname().unwrap());
        if let Some(password) = direct.get_password() {
            config.password(password);
        }
        config
    }

    fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

/// Ends with either side.
async fn relay(mut client: TcpStream, mut server: TcpStream, taken: Arc<AtomicU64>) {
    while let Some(said) = all_that_is_said(&mut client).await {
        taken.fetch_add(1, Ordering::Relaxed);
        if server.write_all(&said).await.is_err() {
            return;
        }
        let Some(answer) = all_that_is_said(&mut server).await else { return };
        if client.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// Waits for something, and then for silence. None when the side has hung up.
async fn all_that_is_said(side: &mut TcpStream) -> Option<Vec<u8>> {
    let mut said = Vec::new();
    if side.read_buf(&mut said).await.ok()? == 0 {
        return None;
    }
    while let Ok(more) = timeout(SILENCE, side.read_buf(&mut said)).await {
        if more.ok()? == 0 {
            break;
        }
    }
    Some(said)
}

/// The fewest turns of several tries: what else is on the wire, and a machine that stalls, can only add some.
macro_rules! fewest {
    ($turns:expr, $call:expr) => {{
        let mut fewest = u64::MAX;
        for _ in 0..4 {
            let before = $turns.taken();
            $call;
            fewest = fewest.min($turns.taken() - before);
        }
        fewest
    }};
}

#[tokio::test]
async fn the_count_tells_one_round_trip_from_two() {
    let stage = Stage::new().await;
    let turns = Turns::before(stage.database.app_url()).await;
    let (client, connection) = turns.url(stage.database.app_url()).connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let ask = client.prepare("select 1").await.unwrap();
    let at_once = fewest!(turns, {
        let (one, two) = tokio::join!(client.query(&ask, &[]), client.query(&ask, &[]));
        one.unwrap();
        two.unwrap();
    });
    let one_by_one = fewest!(turns, {
        client.query(&ask, &[]).await.unwrap();
        client.query(&ask, &[]).await.unwrap();
    });
    assert_eq!((at_once, one_by_one), (1, 2));
    stage.books_hold().await;
}

/// What is read, as `(operation, method, target, body)`.
pub fn reads(holder: &Holder) -> Vec<(&'static str, Method, String, String)> {
    let get = |operation, target: String| (operation, Method::GET, target, String::new());
    let post = |operation, target: &str, body: String| (operation, Method::POST, target.to_owned(), body);
    let wallet = format!("/wallet/{}", holder.wallet);
    let account = format!("{wallet}/account/{}", holder.account);
    let calculate = "/connect/wallet/spend/calculate";
    let no_scheme = json!({
        "identity": {"identityValue": holder.identity}, "location": location(), "pointsValue": 20_000,
    });
    let mut by_scheme = no_scheme.clone();
    by_scheme["scheme"] = json!({"reference": holder.scheme_reference});
    let look = json!({"identity": {"identityValue": holder.identity}, "reference": "look"});
    vec![
        post("spendCalculate", calculate, by_scheme.to_string()),
        post("spendCalculate", calculate, no_scheme.to_string()),
        post("open", "/connect/wallet/open", look.to_string()),
        get("getWallet", wallet.clone()),
        get("findWallet", format!("/wallet?identity-value={}", holder.identity)),
        get("listIdentities", format!("{wallet}/identities")),
        get("listAccounts", format!("{wallet}/accounts")),
        get("getAccount", account.clone()),
        get("listAccountTransactions", format!("{account}/transactions")),
        get("listTransactions", format!("{wallet}/transactions")),
        get("findTransaction", "/wallet/transaction?reference=locked".to_owned()),
        get("listSchemes", "/schemes/points".to_owned()),
        get("getScheme", format!("/schemes/points/{}", holder.scheme)),
        get("getPermissions", "/services/permissions".to_owned()),
    ]
}

#[tokio::test]
async fn calculate_and_every_other_read_take_one_round_trip() {
    let stage = Stage::new().await;
    let holder = stage.holder(25_000).await;
    stage.spend(&holder, "locked", 10_000, true).await.expect(200);
    let turns = Turns::before(stage.database.app_url()).await;
    let service = Service::start(Parts::new(turns.url(stage.database.app_url()))).unwrap();
    let till = Till::new(service.edge().clone(), String::new());
    let reads = reads(&holder);
    for (operation, method, target, body) in &reads {
        let ask = || patient(&till, operation, signed(BRAND, method.clone(), target, body.as_bytes(), &[]));
        // The first one connects, prepares its statements and learns who the client is.
        ask().await.expect(200);
        let round_trips = fewest!(turns, ask().await.expect(200));
        assert_eq!(round_trips, 1, "{operation}");
    }
    println!("{} reads, one round trip each", reads.len());
    stage.books_hold().await;
}

/// The page's calculate too, whose answer is compared elsewhere: two accounts, and tiers of one unit.
#[tokio::test]
async fn the_pages_calculate_takes_one_round_trip() {
    let stage = Stage::new().await;
    super::bodies::purchase(&stage).await;
    let turns = Turns::before(stage.database.app_url()).await;
    let service = Service::start(Parts::new(turns.url(stage.database.app_url()))).unwrap();
    let till = Till::new(service.edge().clone(), String::new());
    let body = page("calculate_request").to_string();
    let target = "/connect/wallet/spend/calculate";
    let ask = || patient(&till, "spendCalculate", signed(BRAND, Method::POST, target, body.as_bytes(), &[]));
    ask().await.expect(200);
    assert_eq!(fewest!(turns, ask().await.expect(200)), 1);
    stage.books_hold().await;
}
