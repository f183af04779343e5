//! Promise 8: a user's cash over HTTP against the model, with a clock that jumps.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng, rngs::StdRng};
use zerosum_ledger::Clock;
use zerosum_testkit::model::{Account, AccountNo, Leg, LegLot, LotNo, Model, Moment, Posting};
use zerosum_tests::{
    Client, Stage,
    cash::{grant, spend, told_balance},
};

const STEPS: usize = 200;

/// A moment of the model's seconds.
fn at(seconds: Moment) -> Timestamp {
    let start = Timestamp::from_second(1_900_000_000).expect("a moment");
    start.checked_add(SignedDuration::from_secs(seconds)).expect("a moment")
}

struct World {
    model: Model,
    funding: AccountNo,
    redemption: AccountNo,
    user: AccountNo,
    now: Moment,
}

impl World {
    fn new() -> Self {
        let mut model = Model::default();
        let mut open = |floor, keeps_lots| {
            model.open(Account { currency: "USD", floor, ceiling: None, keeps_lots, opening: 0 })
        };
        let (funding, redemption, user) = (open(None, false), open(None, false), open(Some(0), true));
        Self { model, funding, redemption, user, now: 0 }
    }

    fn post(&mut self, legs: Vec<Leg>) {
        let posting = Posting { kind: "test".to_owned(), external_ref: None, reverses: None, legs };
        self.model.post(&posting).expect("the model posts");
    }

    fn grant(&mut self, amount: i64, expires_at: Option<Moment>) {
        let (funding, user) = (self.funding, self.user);
        self.post(vec![
            Leg { account: Some(funding), amount: -amount, lot: LegLot::None },
            Leg { account: Some(user), amount, lot: LegLot::New { expires_at } },
        ]);
    }

    /// Whether the model has so much to spend; then it has spent it.
    fn spend(&mut self, amount: i64) -> bool {
        let Ok(parts) = self.model.draw(self.user, i128::from(amount), self.now) else { return false };
        let leg = |account, amount, lot| Leg { account: Some(account), amount, lot };
        let mut legs = vec![leg(self.redemption, amount, LegLot::None)];
        legs.extend(
            parts
                .into_iter()
                .map(|(lot, part)| leg(self.user, -i64::try_from(part).expect("small"), LegLot::Of(lot))),
        );
        self.post(legs);
        true
    }

    fn usable(&self) -> i64 {
        i64::try_from(self.model.usable(self.user, self.now)).expect("small")
    }

    /// What spending has left of every lot, in the order of the grants: expiries are not in the model, so a lot that
    /// has lapsed still shows what expired of it.
    fn left(&self) -> Vec<i64> {
        let lots = self.model.lots().map(|(lot, _): (LotNo, _)| self.model.remaining(lot));
        lots.map(|left| i64::try_from(left).expect("small")).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lots_are_spent_earliest_expiry_first_and_granted_is_spent_expired_and_live() {
    const HISTORIES: u64 = 4;
    let mut reached = [0; 4];
    for seed in 1..=HISTORIES {
        let clock = Arc::new(Mutex::new(at(0)));
        let stage = Stage::with_clock(Clock::Set(clock.clone())).await;
        let client = stage.cash().await;
        let mut world = World::new();
        let mut random = StdRng::seed_from_u64(seed);
        // The account is there from the start, as the model's is.
        client.ask(grant("ada", 1, None)).await.expect(201);
        world.grant(1, None);
        for _ in 0..STEPS {
            step(&client, &mut world, &mut random, &clock, &mut reached).await;
            assert_eq!(client.cash_balance("ada").await, world.usable(), "seed {seed}");
        }
        check_end(&stage, &world).await;
        stage.books_hold().await;
    }
    let [granted, spent, refused, jumps] = reached;
    assert!(reached.iter().all(|times| *times >= 20), "{reached:?}");
    println!(
        "{HISTORIES} histories of {STEPS} steps: {granted} grants, {spent} spends, {refused} refused, {jumps} jumps \
         of the clock, each balance as the model's"
    );
}

async fn step(
    client: &Client,
    world: &mut World,
    random: &mut StdRng,
    clock: &Mutex<Timestamp>,
    reached: &mut [usize; 4],
) {
    match random.random_range(0..10) {
        0..=3 => {
            let amount = random.random_range(1..=100);
            let expires_at = random.random_bool(0.8).then(|| world.now + random.random_range(-5..300));
            let answer = client.ask(grant("ada", amount, expires_at.map(at))).await;
            world.grant(amount, expires_at);
            assert_eq!((answer.status, told_balance(&answer)), (201, world.usable()));
            reached[0] += 1;
        }
        4..=7 => {
            let amount = random.random_range(1..=120);
            let answer = client.ask(spend("ada", amount)).await;
            if world.spend(amount) {
                assert_eq!((answer.status, told_balance(&answer)), (201, world.usable()), "{}", answer.body);
                reached[1] += 1;
            } else {
                assert_eq!((answer.status, answer.code()), (409, "insufficient_balance"));
                reached[2] += 1;
            }
        }
        _ => {
            world.now += random.random_range(1..60);
            *clock.lock().expect("the clock") = at(world.now);
            reached[3] += 1;
        }
    }
    world.model.assert_sound();
}

/// Every lot gave to spends exactly what the model's gave, and the rest of it expired or is there.
async fn check_end(stage: &Stage, world: &World) {
    let rows = stage
        .database
        .admin()
        .await
        .query(
            "select l.remaining,
                    coalesce(-sum(e.amount) filter (where t.type = 'cash.expiry'), 0)::bigint as expired,
                    coalesce(-sum(e.amount) filter (where t.type = 'cash.spend'), 0)::bigint as spent,
                    coalesce(sum(e.amount) filter (where t.type = 'cash.grant'), 0)::bigint as granted
               from ledger.lots l
               join ledger.entries e using (brand_key, lot_id)
               join ledger.transactions t using (brand_key, transaction_id)
              group by l.brand_key, l.lot_id, l.remaining
              order by l.lot_id",
            &[],
        )
        .await
        .expect("ask");
    let mut left = Vec::new();
    for row in &rows {
        let (live, expired, spent, granted): (i64, i64, i64, i64) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        assert_eq!(granted, spent + expired + live);
        left.push(expired + live);
    }
    assert_eq!(left, world.left(), "lots in the order of their grants");
}
