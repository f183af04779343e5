//! The wallet-spend service's binary: configuration in, serve, drain. `--help` is its manual.

use clap::Parser;
use zerosum_wallet_spend::{
    api::SERVICE,
    config::Config,
    service::{Parts, Service},
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    let database = config.service.prepare().await?;
    let service = Service::start(Parts { host: config.service.parts(database, ()) })?;
    let stop = zerosum_host::stop_signal()?;
    let serve = |listener, limits| service.serve(listener, limits, stop);
    // Clients are looked up as they come: there is nothing to keep up beside serving.
    zerosum_host::run(SERVICE, config.listen, &config.service, serve, std::future::ready(())).await
}
