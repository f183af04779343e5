//! Random histories over several wallets at the same time, every request sent by two tills at once: the answers and
//! the figures are those of a model, and the books hold.
//!
//! A wallet's steps follow each other, so that the model can tell what each of them answers; the wallets' do not, so
//! that batches mix them. The two tills are instances of their own over one database.

mod model;

use futures_util::future::{join, join_all};
use http::Method;
use serde_json::{Value, json};
use zerosum_testkit::http::Till;

use self::model::{Model, Reached, Step, Told};
use super::stage::{BRAND, Holder, Stage, location, patient, settle_body, signed, spend_body};

/// The figure; the steps of each are few enough for a test and enough to meet.
const HISTORIES: u64 = 200;
const STEPS: usize = 12;
/// Histories that run at the same time.
const AT_ONCE: usize = 20;

/// A small generator, so that a failing history is named by its number.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn points(&mut self) -> i64 {
        10_000 * i64::try_from(1 + self.below(2)).unwrap()
    }

    fn step(&mut self) -> Step {
        let spend = usize::try_from(self.below(3)).unwrap();
        match self.below(20) {
            0..3 => Step::Earn(5_000 * i64::try_from(1 + self.below(8)).unwrap()),
            3..9 => Step::Spend { spend, points: self.points(), lock: self.below(3) > 0 },
            9 => Step::Void(spend),
            10..13 => Step::Settle(spend),
            13..17 => Step::Refund { spend, points: (self.below(2) == 0).then(|| self.points() / 2) },
            17 => Step::Lapse(spend),
            _ => Step::ExpireOldestLot,
        }
    }
}

struct Player<'a> {
    stage: &'a Stage,
    other: &'a Till,
    holder: Holder,
    number: u64,
}

impl Player<'_> {
    fn name(&self, of: &str, number: usize) -> String {
        format!("{of}-{}-{number}", self.number)
    }

    /// Two tills send the same at the same time: one effect, two equal answers.
    async fn twice(&self, operation: &str, target: &str, body: &Value) -> Told {
        let ask = |till| {
            let request = signed(BRAND, Method::POST, target, body.to_string().as_bytes(), &[]);
            patient(till, operation, request)
        };
        let (one, two) = join(ask(self.stage.till()), ask(self.other)).await;
        assert_eq!((one.status, &one.raw), (two.status, &two.raw), "{operation} {body}");
        // Both, where an earlier step has sent the same.
        assert!(one.status >= 400 || one.replayed || two.replayed, "{operation}: done twice");
        Told::of(one.status, one.body["errorCode"].as_str())
    }

    async fn play(&self, at: usize, step: &Step) -> Told {
        let holder = &self.holder;
        match *step {
            Step::Earn(points) => {
                let mut body = settle_body(holder, &self.name("earn", at), &[]);
                body["operations"] = json!([
                    {"operationType": "earn", "accountId": holder.account, "balances": {"current": points}},
                ]);
                self.twice("settle", "/connect/wallet/settle", &body).await
            }
            Step::Spend { spend, points, lock } => {
                let body = spend_body(holder, &self.name("spend", spend), points, lock);
                self.twice("spend", "/connect/wallet/spend", &body).await
            }
            Step::Void(spend) => {
                let reference = self.name("spend", spend);
                let body = json!({"identity": {"identityValue": holder.identity}, "reference": reference});
                self.twice("spendVoid", "/connect/wallet/spend/void", &body).await
            }
            Step::Settle(spend) => {
                let body = settle_body(holder, &self.name("buy", at), &[&self.name("spend", spend)]);
                self.twice("settle", "/connect/wallet/settle", &body).await
            }
            Step::Refund { spend, points } => {
                let mut body = json!({
                    "reference": self.name("refund", at), "location": location(),
                    "originalTransaction": {"reference": self.name("spend", spend)},
                });
                if let Some(points) = points {
                    body["pointsValue"] = json!(points);
                }
                self.twice("refund", "/connect/wallet/refund", &body).await
            }
            // Time passes for one lock, or one lot, only: as the model has it.
            Step::Lapse(spend) => {
                let sql = "
                    with lapsed as (
                      update wallet.wallet_transactions set lock_expires_at = now() - interval '1 second'
                       where reference = $1 and status = 'ACTIVE' returning brand_key, wallet_id, hold_id
                    ),
                    moved as (
                      update ledger.balances b set revision = revision + 1
                        from lapsed join wallet.accounts a using (brand_key, wallet_id)
                       where b.brand_key = a.brand_key and b.account_id = a.ledger_account
                    )
                    update ledger.holds h set expires_at = now() - interval '1 second'
                      from lapsed where h.brand_key = lapsed.brand_key and h.hold_id = lapsed.hold_id";
                self.stage.database.admin().await.execute(sql, &[&self.name("spend", spend)]).await.unwrap();
                Told::Done
            }
            Step::ExpireOldestLot => {
                let sql = "
                    with moved as (
                      update ledger.balances b set revision = revision + 1
                        from wallet.accounts a
                       where a.account_id = $1::text::bigint
                         and b.brand_key = a.brand_key and b.account_id = a.ledger_account
                    )
                    update ledger.lots set expires_at = now() - interval '1 second'
                     where lot_id = (
                       select l.lot_id from ledger.lots l
                         join wallet.accounts a on a.ledger_account = l.account_id
                        where a.account_id = $1::text::bigint and l.live and l.expires_at > now()
                        order by l.expires_at, l.lot_id limit 1)";
                self.stage.database.admin().await.execute(sql, &[&self.holder.account]).await.unwrap();
                Told::Done
            }
        }
    }

    async fn run(&self) -> Reached {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15 ^ (self.number + 1).wrapping_mul(0xD134_2543_DE82_EF95));
        let mut model = Model::default();
        // Something to end, to give back and to expire from the start.
        let mut steps = vec![
            Step::Earn(25_000),
            Step::Earn(20_000),
            Step::Spend { spend: 0, points: 10_000, lock: true },
            Step::Spend { spend: 1, points: 20_000, lock: false },
        ];
        let given = steps.len();
        steps.extend((given..STEPS).map(|_| dice.step()));
        for (at, step) in steps.iter().enumerate() {
            let told = self.play(at, step).await;
            assert_eq!(told, model.run(step), "history {}: {steps:?}", self.number);
            let figures = self.stage.figures(&self.holder).await;
            assert_eq!(figures, model.figures(), "history {}: {steps:?}", self.number);
        }
        model.reached
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_histories_with_concurrent_senders_agree_with_the_model_and_the_books_hold() {
    let mut stage = Stage::new().await;
    let other = stage.second_instance();
    let expiring = json!({"services": {"expiryPoints": {"months": 12}}});
    let mut reached = Vec::new();
    let scheme = stage.scheme_with("HISTORIES", expiring).await;
    for first in (0..HISTORIES).step_by(AT_ONCE) {
        let players = join_all((first..first + AT_ONCE as u64).map(|number| {
            let (stage, other, scheme) = (&stage, &other, &scheme);
            async move {
                let holder = stage.holder_of(&format!("card-{number}"), &[(scheme, "HISTORIES")]).await;
                Player { stage, other, holder, number }
            }
        }))
        .await;
        reached.extend(join_all(players.iter().map(Player::run)).await);
    }
    for (what, times) in [
        ("voids", count(&reached, |of| of.voids)),
        ("settles", count(&reached, |of| of.settles)),
        ("late settles", count(&reached, |of| of.late_settles)),
        ("lots that expired under a lock", count(&reached, |of| of.lots_expired_under_a_lock)),
        ("refunds", count(&reached, |of| of.refunds)),
        ("lots back to life", count(&reached, |of| of.lots_back_to_life)),
        ("refunds beside a lock on the expired lot", count(&reached, |of| of.lots_beside_a_lock)),
        ("refusals", count(&reached, |of| of.refusals)),
    ] {
        println!("{times} {what}");
        assert!(times > 0, "no history came to {what}");
    }
    stage.books_hold().await;
    // The job changes nothing of what everyone saw.
    while stage.service.expiry().look().await.unwrap() > 0 {}
    stage.books_hold().await;
}

fn count(reached: &[Reached], of: impl Fn(&Reached) -> usize) -> usize {
    reached.iter().map(of).sum()
}
