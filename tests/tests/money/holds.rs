//! Promise 7: locks over HTTP against the model, with a clock that jumps: captured at most what is held, ended once.

use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use zerosum_ledger::Clock;
use zerosum_testkit::model::{
    Account, AccountNo, End, HoldNo, HoldState, Leg, LegLot, LotNo, Model, Moment, Posting,
};
use zerosum_tests::{Answer, Stage, wallet::Wallet};

const STEPS: usize = 150;
const LOCK_SECONDS: i64 = 60;
const BALANCE: i64 = 800;

fn at(seconds: Moment) -> Timestamp {
    let start = Timestamp::from_second(1_900_000_000).expect("a moment");
    start.checked_add(SignedDuration::from_secs(seconds)).expect("a moment")
}

/// What became of a lock, as far as its spend tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spend {
    Active,
    Voided,
    Settled,
}

struct World {
    wallet: Wallet,
    model: Model,
    scheme: AccountNo,
    user: AccountNo,
    now: Moment,
    clock: Arc<Mutex<Timestamp>>,
    spends: Vec<(HoldNo, Spend)>,
}

/// How often each thing was reached.
#[derive(Debug, Default)]
struct Reached {
    locked: usize,
    short: usize,
    voided: usize,
    settled: usize,
    settled_late: usize,
    ended_before: usize,
    expired: usize,
}

impl Reached {
    fn and(self, other: Self) -> Self {
        Self {
            locked: self.locked + other.locked,
            short: self.short + other.short,
            voided: self.voided + other.voided,
            settled: self.settled + other.settled,
            settled_late: self.settled_late + other.settled_late,
            ended_before: self.ended_before + other.ended_before,
            expired: self.expired + other.expired,
        }
    }
}

impl World {
    fn give(&mut self, points: i64) {
        let lot = match self.model.account(self.user).keeps_lots {
            true => LegLot::New { expires_at: None },
            false => LegLot::None,
        };
        let leg = |account, amount, lot| Leg { account: Some(account), amount, lot };
        self.post(vec![leg(self.scheme, -points, LegLot::None), leg(self.user, points, lot)]);
    }

    fn post(&mut self, legs: Vec<Leg>) {
        let posting = Posting { kind: "test".to_owned(), external_ref: None, reverses: None, legs };
        self.model.post(&posting).expect("the model posts");
    }

    /// The lots to take usable points from; `None` where they do not cover it.
    fn draw(&self, points: i64) -> Option<Vec<(LotNo, i128)>> {
        let points = i128::from(points);
        if self.model.account(self.user).keeps_lots {
            return self.model.draw(self.user, points, self.now).ok();
        }
        (points <= self.model.usable(self.user, self.now)).then(Vec::new)
    }

    /// User → scheme, out of these lots where it keeps lots.
    fn take(&mut self, points: i64, parts: &[(LotNo, i128)]) {
        let leg = |account, amount, lot| Leg { account: Some(account), amount, lot };
        let mut legs = vec![leg(self.scheme, points, LegLot::None)];
        if self.model.account(self.user).keeps_lots {
            let small = |part: i128| i64::try_from(part).expect("small");
            legs.extend(parts.iter().map(|(lot, part)| leg(self.user, -small(*part), LegLot::Of(*lot))));
        } else {
            legs.push(leg(self.user, -points, LegLot::None));
        }
        self.post(legs);
    }

    /// A lock counts as expired from its moment on, whoever looks.
    fn expire(&mut self, reached: &mut Reached) {
        let now = self.now;
        let due = |hold: &zerosum_testkit::model::Hold| {
            hold.state == HoldState::Open && hold.expires_at.is_some_and(|moment| moment <= now)
        };
        let due: Vec<HoldNo> =
            self.model.holds().filter(|(_, hold)| due(hold)).map(|(number, _)| number).collect();
        for hold in due {
            self.model.close(hold, End::Expired).expect("it is open");
            reached.expired += 1;
        }
    }

    fn state(&self, spend: usize) -> HoldState {
        self.model.holds().nth(self.spends[spend].0.0).expect("a hold").1.state
    }

    fn held(&self, spend: usize) -> i64 {
        let (_, hold) = self.model.holds().nth(self.spends[spend].0.0).expect("a hold");
        i64::try_from(hold.amount).expect("small")
    }

    async fn lock(&mut self, points: i64, reached: &mut Reached) {
        let reference = format!("spend-{}", self.spends.len());
        let expected = self.model.hold(self.user, points, Some(self.now + LOCK_SECONDS), self.now);
        let answer = self.wallet.until_decided(self.wallet.spend(&reference, points, true)).await;
        match expected {
            Ok(hold) => {
                assert_eq!(answer.status, 200, "{}", answer.body);
                self.spends.push((hold, Spend::Active));
                reached.locked += 1;
            }
            Err(_) => {
                assert_refused(&answer, "INSUFFICIENT_POINTS");
                reached.short += 1;
            }
        }
    }

    async fn void(&mut self, spend: usize, reached: &mut Reached) {
        let answer = self.wallet.until_decided(self.wallet.void(&format!("spend-{spend}"))).await;
        match (self.spends[spend].1, self.state(spend)) {
            // Voiding a voided one says the same again.
            (Spend::Voided, _) => assert_eq!(answer.status, 200, "{}", answer.body),
            (Spend::Settled, _) => assert_refused(&answer, "TRANSACTION_SETTLED"),
            (Spend::Active, HoldState::Expired) => assert_refused(&answer, "TRANSACTION_EXPIRED"),
            (Spend::Active, _) => {
                assert_eq!(answer.status, 200, "{}", answer.body);
                self.model.close(self.spends[spend].0, End::Voided).expect("it is open");
                self.spends[spend].1 = Spend::Voided;
                reached.voided += 1;
                return;
            }
        }
        reached.ended_before += 1;
    }

    /// Settles under a purchase of its own, in part or whole.
    async fn settle(&mut self, spend: usize, purchase: usize, part: Option<i64>, reached: &mut Reached) {
        let reference = format!("spend-{spend}");
        let ask = self.wallet.settle(&format!("purchase-{purchase}"), &reference, part);
        let answer = self.wallet.until_decided(ask).await;
        let points = part.unwrap_or(self.held(spend));
        match (self.spends[spend].1, self.state(spend)) {
            (Spend::Voided, _) => assert_refused(&answer, "TRANSACTION_VOIDED"),
            (Spend::Settled, _) => assert_refused(&answer, "TRANSACTION_SETTLED"),
            (Spend::Active, HoldState::Expired) => {
                // Late: from what is usable.
                match self.draw(points) {
                    Some(parts) => {
                        assert_eq!(answer.status, 207, "{}", answer.body);
                        self.take(points, &parts);
                        self.spends[spend].1 = Spend::Settled;
                        reached.settled_late += 1;
                        return;
                    }
                    None => {
                        assert_refused(&answer, "INSUFFICIENT_POINTS");
                        reached.short += 1;
                        return;
                    }
                }
            }
            (Spend::Active, _) => {
                assert_eq!(answer.status, 200, "{}", answer.body);
                let hold = self.spends[spend].0;
                let parts = self.model.close(hold, End::Captured(i128::from(points))).expect("it is open");
                self.take(points, &parts);
                self.spends[spend].1 = Spend::Settled;
                reached.settled += 1;
                return;
            }
        }
        reached.ended_before += 1;
    }

    /// One more point, whose answer tells the figures by the service's own clock.
    async fn compare(&mut self) {
        let answer = self.wallet.until_decided(self.wallet.credit(1)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.give(1);
        let told = |name: &str| answer.body["account"]["balances"][name].as_i64().map(i128::from);
        let (usable, locked) = (self.model.usable(self.user, self.now), self.model.held(self.user));
        assert_eq!((told("usable"), told("locked")), (Some(usable), Some(locked)), "{}", answer.body);
        assert_eq!(told("current"), Some(self.model.posted(self.user)));
        self.model.assert_sound();
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, code: &str) {
    assert_eq!((answer.status, answer.code()), (400, code), "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_are_captured_voided_or_expired_once_as_in_the_model() {
    const HISTORIES: u64 = 4;
    // Each waits for one answer at a time.
    let reached = join_all((1..=HISTORIES).map(history)).await;
    let reached = reached.into_iter().fold(Reached::default(), Reached::and);
    let Reached { locked, short, voided, settled, settled_late, ended_before, expired } = reached;
    let least = [locked, short, voided, settled, settled_late, ended_before, expired].into_iter().min();
    assert!(least >= Some(5), "{reached:?}");
    println!(
        "{HISTORIES} histories of {STEPS} steps: {locked} locked, {voided} voided, {settled} settled, {expired} expired \
         ({settled_late} of them settled late), {short} short, {ended_before} had ended before: each figure as the model's"
    );
}

async fn history(seed: u64) -> Reached {
    let keeps_lots = seed.is_multiple_of(2);
    let clock = Arc::new(Mutex::new(at(0)));
    let stage = Stage::with_clock(Clock::Set(clock.clone())).await;
    let mut fields = json!({"timeoutOverride": LOCK_SECONDS});
    if keeps_lots {
        // Longer than a history, so that only locks expire.
        fields["services"] = json!({"expiryPoints": {"days": 365}});
    }
    let client = stage.wallet_spend().await;
    let wallet = Wallet::open(&client, "ada", &fields, BALANCE).await;
    let mut model = Model::default();
    let account =
        |floor, keeps_lots| Account { currency: "PTS:1", floor, ceiling: None, keeps_lots, opening: 0 };
    let (scheme, user) = (model.open(account(None, false)), model.open(account(Some(0), keeps_lots)));
    let mut world = World { wallet, model, scheme, user, now: 0, clock, spends: Vec::new() };
    world.give(BALANCE);
    let mut reached = Reached::default();
    play(&mut world, seed, &mut reached).await;
    stage.books_hold().await;
    reached
}

async fn play(world: &mut World, seed: u64, reached: &mut Reached) {
    let mut random = StdRng::seed_from_u64(seed);
    for step in 0..STEPS {
        // The last few are the likeliest to be open.
        let spend = world.spends.len().checked_sub(1 + random.random_range(0..6));
        match (random.random_range(0..10), spend) {
            (0..=2, _) | (_, None) => world.lock(random.random_range(1..120), reached).await,
            (3..=4, Some(spend)) => world.void(spend, reached).await,
            (5..=7, Some(spend)) => {
                let held = world.held(spend);
                let part = random.random_bool(0.5).then(|| random.random_range(1..=held));
                world.settle(spend, step, part, reached).await;
            }
            (_, Some(_)) => {
                world.now += random.random_range(1..LOCK_SECONDS);
                *world.clock.lock().expect("the clock") = at(world.now);
                world.expire(reached);
            }
        }
        world.compare().await;
    }
}
