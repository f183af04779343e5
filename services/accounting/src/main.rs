//! The accounting service's binary: configuration in, serve, drain. `--help` is its manual.

use clap::Parser;
use zerosum_accounting::{api::SERVICE, config::Config, service::Service};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let config = Config::parse();
    let database = config.service.prepare().await?;
    let tokens = config.tokens.tokens()?;
    let service = Service::start(config.service.parts(database, tokens.bearer.clone()))?;
    let stop = zerosum_host::stop_signal()?;
    let serve = |listener, limits| service.serve(listener, limits, stop);
    zerosum_host::run(SERVICE, config.listen, &config.service, serve, tokens.keep()).await
}
