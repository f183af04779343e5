//! A scenario's ground: its database and the processes of its services.

use anyhow::Context as _;
use tokio_postgres::Client;

use super::Scenario;
use crate::{
    bench::Bench,
    cpu::Clocks,
    host::Host,
    load::{Length, Load, Pace},
    serve::Order,
    stage::{Database, Snapshot},
    traffic::Traffic,
};

pub struct Ground {
    pub database: Database,
    pub hosts: Vec<Host>,
    owner: Client,
}

impl Ground {
    /// Starts what the scenario needs on a database that has its books.
    pub async fn start(bench: &Bench, scenario: Scenario, database: Database) -> anyhow::Result<Self> {
        let mut hosts = Vec::new();
        for service in scenario.services() {
            let order = Order {
                service: *service,
                database_url: database.app_url.clone(),
                jwks: bench.issuer.jwks(),
                lanes: bench.measure.lanes,
                batch_max: scenario.batch_max(),
            };
            hosts.push(Host::start(&order).await?);
        }
        let owner = database.owner().await?;
        Ok(Self { database, hosts, owner })
    }

    pub fn targets(&self) -> Vec<std::net::SocketAddr> {
        self.hosts.iter().map(|host| host.address).collect()
    }

    pub async fn snapshot(&self) -> anyhow::Result<Snapshot> {
        Snapshot::take(&self.owner).await
    }

    /// Processor time so far.
    pub async fn clocks(&self) -> anyhow::Result<Option<Clocks>> {
        let services: Vec<u32> = self.hosts.iter().filter_map(Host::pid).collect();
        Clocks::read(&self.owner, &services).await
    }

    /// Sends all that these callers have for one of the services. Anything unwanted is an error.
    pub async fn drain(&self, target: usize, callers: Vec<Box<dyn Traffic>>) -> anyhow::Result<()> {
        let host = self.hosts.get(target).context("the service of a setup")?;
        let load = Load {
            targets: vec![host.address],
            callers,
            pace: Pace::Closed,
            length: Length::Drained,
            progress: Default::default(),
        };
        let (measured, _) = load.run().await?;
        anyhow::ensure!(measured.errors.is_empty(), "setting up failed: {:?}", measured.errors);
        Ok(())
    }

    /// Stops the services, each after it has answered what it had begun.
    pub async fn stop(self) -> anyhow::Result<Database> {
        for host in self.hosts {
            host.stop().await?;
        }
        Ok(self.database)
    }
}
