//! Purchases: points are locked, settled whole or in part, voided, spent at once and given back, by tills that repeat
//! themselves; some ask for more than there is, and some let a void and a settle race.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join;
use rand::{Rng, rngs::SmallRng};
use zerosum_testkit::schedule::Seed;

use super::{Act, Points, Wish};

/// Longer than any fault of a proof lasts: whoever asks that long is told.
const PATIENCE: Duration = Duration::from_secs(90);

/// Nobody has that many.
const TOO_MANY: i64 = 900_000;
/// More than a lot has, so that it draws on several; and few of them fit into an account at once.
const LARGE: std::ops::Range<i64> = 110_000..150_000;

/// One till, until it is told to stop; it finishes what it has begun.
pub async fn work(points: Arc<Points>, stop: Arc<AtomicBool>, seed: Seed, till: usize, pause: Duration) {
    let mut random = seed.stream(&format!("points till {till}"));
    for number in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let holder = random.random_range(0..points.holders.len());
        Purchase { points: &points, holder, name: format!("t{till}-{number}") }.play(&mut random).await;
        if random.random_range(0..3) == 0 {
            points.repeat(&mut random).await;
        }
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

struct Purchase<'a> {
    points: &'a Points,
    holder: usize,
    name: String,
}

impl Purchase<'_> {
    async fn play(&self, random: &mut SmallRng) {
        let way = random.random_range(0..10);
        let points = match way {
            9 => TOO_MANY,
            6 | 8 => random.random_range(LARGE),
            _ => random.random_range(2..30),
        };
        let act = if matches!(way, 7 | 8) { Act::Spend } else { Act::Lock };
        if !self.ask(act, "spend", points, random).await {
            return;
        }
        match way {
            // Now and then one is left behind: what is locked stays so.
            0 if random.random_range(0..5) == 0 => {}
            0 | 1 | 6 => {
                self.ask(Act::Void, "spend", points, random).await;
            }
            2 => {
                self.ask(Act::Settle, "buy", points, random).await;
            }
            3 => {
                self.ask(Act::Settle, "buy", points / 2, random).await;
            }
            4 => {
                if self.ask(Act::Settle, "buy", points, random).await {
                    self.ask(Act::Refund, "back", points, random).await;
                }
            }
            5 => {
                let mut other = random.clone();
                join(
                    self.ask(Act::Void, "spend", points, random),
                    self.ask(Act::Settle, "buy", points, &mut other),
                )
                .await;
            }
            7 => {
                self.ask(Act::Refund, "back-1", 1, random).await;
            }
            _ => {
                self.ask(Act::Refund, "back-1", 1, random).await;
                self.ask(Act::Refund, "back-2", points - 1, random).await;
            }
        }
    }

    async fn ask(&self, act: Act, of: &str, points: i64, random: &mut SmallRng) -> bool {
        let name = |of: &str| format!("{of}-{}", self.name);
        let wish = Wish { act, holder: self.holder, reference: name(of), spend: name("spend"), points };
        self.points.until_told(wish, random, PATIENCE).await
    }
}
