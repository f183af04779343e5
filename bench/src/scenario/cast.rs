//! Who plays in a scenario: its setup over HTTP, and the callers it sends.

use std::sync::Arc;

use anyhow::Context as _;

use super::{Ground, Scenario, wallets};
use crate::{
    bench::Bench,
    books::Brand,
    traffic::{
        Batches, Calculates, Grants, Mix, Pick, Posts, Reads, Spends, Taken, Till, Traffic, Wallet,
        WalletSpends, Zipf, user,
    },
};

/// Callers that set a scenario up: enough to fill batches.
const SETUP_CALLERS: usize = 32;
/// Entries that an account has, about, before its ledger is read: more than its first page shows.
const ENTRIES_EACH: usize = 30;
/// Of as many entries as an account has where the fewest are compared with the most.
const LEDGER_PAGE: &str = "ledger?limit=20";

/// A network that loses two answers in a hundred is a bad one.
const REPEATED_EACH: u32 = 50;
/// Many times the connections, so that callers seldom meet at a wallet, and made in a few seconds.
const WALLETS_MAX: usize = 2_000;

/// What a scenario's callers know.
pub struct Cast {
    scenario: Scenario,
    brands: Vec<Brand>,
    zipf: Option<Arc<Zipf>>,
    users: u64,
    /// What reads ask accounting for.
    paths: Arc<Vec<String>>,
    /// What reads ask cash for.
    cash_paths: Arc<Vec<String>>,
    wallets: Option<(Till, Arc<Vec<Wallet>>)>,
}

impl Cast {
    pub fn new(scenario: Scenario, brands: Vec<Brand>) -> anyhow::Result<Self> {
        let accounts = brands.iter().map(|brand| brand.ids.len()).sum();
        let zipf = (scenario == Scenario::Zipf).then(|| Arc::new(Zipf::new(accounts)));
        let page = if scenario == Scenario::Balance { "balance" } else { LEDGER_PAGE };
        let ids = brands.iter().flat_map(|brand| brand.ids.iter());
        let paths = Arc::new(ids.map(|id| format!("/v1/accounts/{id}/{page}")).collect());
        let users = u64::try_from(accounts)?;
        let brand = brands.first().map(|brand| brand.id.clone()).unwrap_or_default();
        let cash_path = |number| format!("/v1/cash/balance?brand_id={brand}&user_id={}", user(number));
        let cash_paths = Arc::new((0..users).map(cash_path).collect());
        Ok(Self { scenario, brands, zipf, users, paths, cash_paths, wallets: None })
    }

    /// What has to be there before it is measured, made through the services' own doors.
    pub async fn set_up(&mut self, bench: &Bench, ground: &Ground) -> anyhow::Result<()> {
        match self.scenario {
            Scenario::Balance | Scenario::Ledger => self.post_some(bench, ground).await?,
            Scenario::Cash => self.grant(bench, ground, 0).await?,
            Scenario::Wallet | Scenario::WalletSpends | Scenario::Calculate => {
                self.open_wallets(ground, 0).await?;
            }
            Scenario::Till => {
                self.post_some(bench, ground).await?;
                self.grant(bench, ground, 1).await?;
                self.open_wallets(ground, 2).await?;
            }
            _ => return Ok(()),
        }
        ground.database.settle().await
    }

    /// The caller with this number.
    pub fn caller(&self, bench: &Bench, number: usize) -> anyhow::Result<Box<dyn Traffic>> {
        let brand = &self.brands[number % self.brands.len()];
        // Each is a till with a token of its own; a debug build takes long to check one.
        let till = if bench.measure.short { 0 } else { number };
        let head = bench.issuer.head(&brand.id, till)?;
        let accounts = || brand.accounts.clone();
        Ok(match self.scenario {
            Scenario::Hot | Scenario::HotBatchesOfOne => {
                Box::new(Posts::new(&head, accounts(), Pick::Hot, None))
            }
            Scenario::Repeated => {
                Box::new(Posts::new(&head, accounts(), Pick::Random, None).repeated(REPEATED_EACH))
            }
            Scenario::Zipf => {
                let pick = self.zipf.clone().map_or(Pick::Random, Pick::Zipf);
                Box::new(Posts::new(&head, accounts(), pick, None))
            }
            Scenario::Batch => Box::new(Batches::new(&head, accounts())),
            Scenario::Cash => Box::new(Spends::new(&head, &brand.id, self.users, 0)),
            Scenario::Balance | Scenario::Ledger => Box::new(Reads::new(head, self.paths.clone(), 0)),
            Scenario::Wallet => {
                let (till, wallets) = self.wallets()?;
                Box::new(WalletSpends::new(till, wallets, Taken::BySettle, 0))
            }
            Scenario::WalletSpends => {
                let (till, wallets) = self.wallets()?;
                Box::new(WalletSpends::new(till, wallets, Taken::AtOnce, 0))
            }
            Scenario::Calculate => {
                let (till, wallets) = self.wallets()?;
                Box::new(Calculates::new(till, wallets, 0))
            }
            Scenario::Till => {
                let (till, wallets) = self.wallets()?;
                let shares: Vec<(u32, Box<dyn Traffic>)> = vec![
                    (30, Box::new(Calculates::new(till.clone(), wallets.clone(), 2))),
                    (20, Box::new(Reads::new(head.clone(), self.cash_paths.clone(), 1))),
                    (20, Box::new(Reads::new(head.clone(), self.paths.clone(), 0))),
                    (10, Box::new(Posts::new(&head, accounts(), Pick::Random, None))),
                    (10, Box::new(Spends::new(&head, &brand.id, self.users, 1))),
                    (10, Box::new(WalletSpends::new(till, wallets, Taken::BySettle, 2))),
                ];
                Box::new(Mix::new(shares))
            }
            _ => Box::new(Posts::new(&head, accounts(), Pick::Random, None)),
        })
    }

    fn wallets(&self) -> anyhow::Result<(Till, Arc<Vec<Wallet>>)> {
        self.wallets.clone().context("there are no wallets yet")
    }

    async fn open_wallets(&mut self, ground: &Ground, target: usize) -> anyhow::Result<()> {
        let count = self.brands[0].ids.len().min(WALLETS_MAX);
        self.wallets = Some(wallets::open(ground, target, &self.brands[0], count).await?);
        Ok(())
    }

    /// Some entries for every account.
    async fn post_some(&self, bench: &Bench, ground: &Ground) -> anyhow::Result<()> {
        let entries_each = if bench.measure.short { 2 } else { ENTRIES_EACH };
        let each = u64::try_from(bench.measure.accounts * entries_each / 2 / SETUP_CALLERS)?.max(1);
        let mut callers: Vec<Box<dyn Traffic>> = Vec::new();
        for number in 0..SETUP_CALLERS {
            let brand = &self.brands[number % self.brands.len()];
            let head = bench.issuer.head(&brand.id, number)?;
            callers.push(Box::new(Posts::new(&head, brand.accounts.clone(), Pick::Random, Some(each))));
        }
        ground.drain(0, callers).await
    }

    /// Cash for every user.
    async fn grant(&self, bench: &Bench, ground: &Ground, target: usize) -> anyhow::Result<()> {
        let callers = u64::try_from(SETUP_CALLERS)?;
        let share = |number: u64| self.users * number / callers;
        let mut grants: Vec<Box<dyn Traffic>> = Vec::new();
        for number in 0..callers {
            let brand = &self.brands[0];
            let head = bench.issuer.head(&brand.id, usize::try_from(number)?)?;
            grants.push(Box::new(Grants::new(&head, &brand.id, share(number)..share(number + 1))));
        }
        ground.drain(target, grants).await
    }
}
