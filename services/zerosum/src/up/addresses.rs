//! The three ports, taken before anything else is started.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

/// Services connect to the database and read their documents: a second at most, on a busy machine some more.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// The listening sockets of the services.
#[derive(Debug)]
pub struct Ports {
    pub cash: TcpListener,
    pub accounting: TcpListener,
    pub wallet_spend: TcpListener,
    addresses: Addresses,
}

impl Ports {
    /// Listens on `base` and the next two ports of `host`; on three free ones where `base` is 0.
    pub async fn bind(host: IpAddr, base: u16) -> anyhow::Result<Self> {
        let port = |offset| if base == 0 { 0 } else { base + offset };
        let cash = listen(host, port(0), "cash")?;
        let accounting = listen(host, port(1), "accounting")?;
        let wallet_spend = listen(host, port(2), "wallet-spend")?;
        let addresses =
            Addresses { cash: url(&cash)?, accounting: url(&accounting)?, wallet_spend: url(&wallet_spend)? };
        Ok(Self { cash, accounting, wallet_spend, addresses })
    }

    pub fn addresses(&self) -> Addresses {
        self.addresses.clone()
    }
}

/// Where the services answer: `http://127.0.0.1:8081`.
#[derive(Debug, Clone)]
pub struct Addresses {
    pub cash: String,
    pub accounting: String,
    pub wallet_spend: String,
}

impl Addresses {
    /// Waits until all three say that they are ready.
    pub async fn answer(&self) -> anyhow::Result<()> {
        let client = reqwest::Client::new();
        let start = Instant::now();
        for (service, address) in
            [("cash", &self.cash), ("accounting", &self.accounting), ("wallet-spend", &self.wallet_spend)]
        {
            let probe = format!("{address}/readyz");
            loop {
                let answer = client.get(&probe).send().await;
                if answer.as_ref().is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
                if start.elapsed() > ANSWER_LIMIT {
                    let seconds = ANSWER_LIMIT.as_secs();
                    match answer {
                        Ok(answer) => bail!("{service} is not ready after {seconds} s: {}", answer.status()),
                        Err(error) => {
                            return Err(error)
                                .with_context(|| format!("{service} does not answer after {seconds} s"));
                        }
                    }
                }
                sleep(LOOK_PAUSE).await;
            }
        }
        Ok(())
    }
}

fn listen(host: IpAddr, port: u16, service: &str) -> anyhow::Result<TcpListener> {
    zerosum_edge::listen((host, port).into()).with_context(|| {
        format!(
            "{service} cannot listen on {host}:{port}: stop what listens there, or move all three with \
             --port-base (0 takes free ports)"
        )
    })
}

/// As seen from this machine: an address that stands for all addresses is reached over the loopback one.
fn url(listener: &TcpListener) -> anyhow::Result<String> {
    let address = listener.local_addr().context("asking for a port's number failed")?;
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    Ok(format!("http://{}", SocketAddr::new(host, address.port())))
}
