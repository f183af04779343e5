//! What a proof stands on that breaks the way to the database: one service whose database is behind a proxy, and who
//! asks it.

use std::sync::Arc;

use zerosum_testkit::proxy::{Proxy, Quiet};

use crate::{
    Run,
    caller::Caller,
    service::{Plan, Service},
    stage::{Accounts, Stage},
};

pub struct Behind {
    /// Not behind the proxy, for whoever looks from the side.
    pub stage: Arc<Stage>,
    pub proxy: Proxy,
    pub service: Service,
    pub caller: Arc<Caller>,
}

impl Behind {
    /// `plan` says in what the service differs from one that is started as always.
    pub async fn start(
        run: &Run,
        accounts: Accounts,
        plan: impl FnOnce(Plan) -> Plan,
    ) -> anyhow::Result<Self> {
        let stage = Arc::new(Stage::new(accounts).await?);
        let proxy = Proxy::before(stage.database.app_url(), Quiet).await;
        let plan = plan(Plan::new(&run.program, &stage, &proxy.url(stage.database.app_url()))?);
        let service = Service::start(&plan).await?;
        let caller = Arc::new(Caller::new(&stage, &[plan.port])?);
        Ok(Self { stage, proxy, service, caller })
    }
}

/// One connection to read with, so that two readers at once are one too many.
pub fn one_reader(plan: Plan) -> Plan {
    Plan { read_connections: 1, ..plan }
}
