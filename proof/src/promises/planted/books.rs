//! The books that are corrupted: every table has rows in them that somebody was answered about.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};
use zerosum_cash::command as cash;
use zerosum_domain::Cents;
use zerosum_edge::ServeLimits;
use zerosum_ledger::{Engine, EngineConfig, Key, Submission};
use zerosum_testkit::{TestDatabase, schedule::Seed};
use zerosum_wallet_spend::service as wallet;

use crate::{
    points::{Act, Points, Wish},
    stage::{Accounts, BRAND, Stage},
};

/// Nothing is broken yet: whoever asks is told soon.
const PATIENCE: Duration = Duration::from_secs(30);

/// Transfers with keys, cash with lots, a hold and a spend, and points of every kind of act.
pub(super) async fn books() -> anyhow::Result<TestDatabase> {
    let stage = Stage::on(TestDatabase::new().await, Accounts { customers: 3, opening: 100 }).await?;
    let engine = Stage::engine(stage.database.app_url())?;
    for (key, from, to) in [("one", 1, 2), ("two", 2, 1), ("three", 3, 2)] {
        let command = stage.transfer(Some(key), from, to, 5)?;
        let answer = engine.submit(Submission {
            brand: Stage::brand(),
            key: named("accounting:prover", key),
            command,
            deadline: soon(),
        });
        anyhow::ensure!(answer.await?.outcome.is_ok(), "a transfer was refused");
    }
    let cash = Engine::start(cash::Cash, EngineConfig::new(stage.database.app_url().parse()?));
    let user = || cash::text::UserId::parse("u1");
    let grant = cash::Grant {
        user: user()?,
        amount: Cents::new(50)?,
        source: cash::text::Source::parse("proof")?,
        reason: None,
        expires_at: None,
        memo: None,
    };
    let spend = cash::Spend {
        user: user()?,
        amount: Cents::new(20)?,
        reason: cash::text::Reason::parse("proof")?,
        memo: None,
    };
    let commands = [
        ("a", cash::Command::Grant(grant.clone())),
        ("b", cash::Command::Grant(grant)),
        ("c", cash::Command::Spend(spend)),
    ];
    for (key, command) in commands {
        let submission =
            Submission { brand: Stage::brand(), key: named("cash:prover", key), command, deadline: soon() };
        anyhow::ensure!(cash.submit(submission).await?.outcome.is_ok(), "cash was refused");
    }
    // A hold as the engine writes one, on the lot that was not touched.
    let hold = "with held as (
                  update ledger.lots set held = 10
                   where lot_id = (select lot_id from ledger.lots order by remaining desc limit 1)
                  returning brand_key, account_id, lot_id
                ), balance as (
                  update ledger.balances b set held = 10 from held where b.account_id = held.account_id
                )
                insert into ledger.holds (brand_key, hold_id, account_id, amount, lot_ids, lot_amounts, status, captured, created_at)
                select brand_key, gen_random_uuid(), account_id, 10, array[lot_id], array[10], 'open', 0, now() from held";
    let admin = stage.database.admin().await;
    admin.batch_execute(hold).await?;
    let another = format!("insert into ledger.brands (brand_id, name) values ('another', 'not {BRAND}')");
    admin.batch_execute(&another).await?;
    acts(&stage).await?;
    Ok(stage.database.clone())
}

/// Consumers with points, and each act on them once, asked of wallet-spend over HTTP like everything of the wallet.
async fn acts(stage: &Stage) -> anyhow::Result<()> {
    let service = wallet::Service::start(wallet::Parts::new(stage.database.app_url().parse()?))?;
    let listener = zerosum_edge::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let port = listener.local_addr()?.port();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(service.serve(listener, ServeLimits::default(), async {
        let _stopped: Result<(), _> = stopped.await;
    }));
    // The tills count their ports from accounting's.
    let points = Points::open(&[port - 1]).await?;
    let mut random = Seed(0).stream("acts");
    let acts = [
        (Act::Lock, "put aside", "put aside"),
        (Act::Settle, "bought", "put aside"),
        (Act::Lock, "put off", "put off"),
        (Act::Void, "put off", "put off"),
        (Act::Spend, "at once", "at once"),
        (Act::Refund, "given back", "at once"),
    ];
    for (act, reference, spend) in acts {
        let wish =
            Wish { act, holder: 1, reference: reference.to_owned(), spend: spend.to_owned(), points: 20 };
        anyhow::ensure!(points.until_told(wish, &mut random, PATIENCE).await, "{reference} was refused");
    }
    // Nobody listens any more if serving has failed, and that is told next.
    let _ = stop.send(());
    serving.await??;
    Ok(())
}

fn named(scope: &str, key: &str) -> Option<Key> {
    Some(Key::new(scope, key, [1; 32]))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}
